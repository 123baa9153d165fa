// Golden text of every operation that changes files, in order, for what destroys or replaces a whole database. Each case
// also asserts the rule that its text shows, so that a new golden file cannot be accepted when the rule is broken.

import { MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { destroy } from './destroy.js';
import { repair } from './repair.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';

let memory: MemoryFileSystem;
let recording: RecordingFileSystem;

beforeEach(async () => {
  memory = new MemoryFileSystem();
  const database = await openSmall(memory);
  for (let index = 0; index < 20; index++) database.putSync(`k${index}`, 'v'.repeat(400));
  await database.flush();
  await database.close();
  recording = new RecordingFileSystem(memory, { root: '/', writes: 'names' });
});

async function expectGolden(name: string): Promise<readonly string[]> {
  const text = `${recording.lines.join('\n')}\n`;
  await expect(text).toMatchFileSnapshot(`testdata/file-order/${name}.txt`);
  return recording.lines;
}

function damageTheTable(): void {
  const name = memory.listSync(DIRECTORY).find((file) => file.endsWith('.sst'));
  const file = memory.openSync(`${DIRECTORY}/${name}`, 'write');
  file.writeSync(new Uint8Array([1, 2, 3, 4]), 0, 4, 40);
  file.closeSync();
}

describe('The order of operations on files', () => {
  test('of destroying a database', async () => {
    await destroy(DIRECTORY, { fileSystem: recording });
    const lines = await expectGolden('destroy');
    // CURRENT goes when all else is durably gone, and manifests when all but that is, so that until then it can be started
    // again; the lock goes after everything.
    const current = lines.indexOf('remove /db/CURRENT');
    const lastFile = lines.findLastIndex((line) =>
      /^remove \/db\/(\d|MANIFEST|RESERVE)/.test(line),
    );
    const syncs = lines.flatMap((line, index) => (line === 'sync directory /db' ? [index] : []));
    const manifest = lines.findIndex((line) => line.startsWith('remove /db/MANIFEST'));
    expect(lines.findLastIndex((line) => line.startsWith('remove /db/0'))).toBeLessThan(syncs[0]!);
    expect(syncs[0]).toBeLessThan(manifest);
    expect(lastFile).toBeLessThan(syncs[1]!);
    expect(syncs[1]).toBeLessThan(current);
    expect(current).toBeLessThan(lines.indexOf('remove /db/LOCK'));
    expect(memory.listSync('/')).toEqual([]);
  });

  test('of repairing a damaged database', async () => {
    damageTheTable();
    await repair(DIRECTORY, { fileSystem: recording });
    const lines = await expectGolden('repair');
    // What was saved is durable, names included, before the damaged database leaves its place; that before it is replaced.
    const away = lines.indexOf('rename /db -> /db.damaged');
    const back = lines.indexOf('rename /db.salvaged -> /db');
    expect(away).toBeGreaterThan(0);
    expect(lines.slice(away)).toEqual([
      ...['rename /db -> /db.damaged', 'sync directory .'],
      ...['rename /db.salvaged -> /db', 'sync directory .'],
      // The lock of what was damaged, held until nobody can take it for the database any more.
      'unlock /db/LOCK',
    ]);
    expect(lines.findIndex((line) => line.startsWith('lock /db/LOCK'))).toBe(0);
    expect(lines.lastIndexOf('sync directory /db.salvaged', away)).toBeGreaterThan(
      lines.findLastIndex((line) => /^(create|rename) .*\/db\.salvaged\/(?!LOCK)/.test(line)),
    );
    // Nothing of the damaged database is changed, but for the lock.
    const changes = lines.slice(0, back).filter((line) => / \/db\/(?!LOCK)/.test(line));
    expect(changes).toEqual([]);
  });

  test('of repairing a database that is intact: none of its replacement', async () => {
    await repair(DIRECTORY, { fileSystem: recording });
    expect(recording.lines.filter((line) => /damaged|salvaged/.test(line))).toEqual([]);
  });
});
