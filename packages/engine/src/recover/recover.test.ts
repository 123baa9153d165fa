// Openings that fail: what they leave in the directory, and whether the next one has room.

import { createRandom, StorageError } from '@varve/base';
import {
  FaultyFileSystem,
  type FileSystem,
  MemoryFileSystem,
  RecordingFileSystem,
} from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import type { Database } from '../database.js';
import { HookedFileSystem } from '../testing/hooked-file-system.js';
import { DIRECTORY, everythingIn, openSmall } from '../testing/open-database.js';

const KIB = 1024;
const RESERVE = `${DIRECTORY}/RESERVE`;
const ENTRIES: readonly [string, string][] = Array.from({ length: 30 }, (_, index) => [
  `k${index + 100}`,
  'v'.repeat(10_000),
]);
/** What recovery writes into tables and its log, and a little for the manifest. */
const NEEDED_BYTES = 310 * KIB;
const CAPACITY_BYTES = 2 ** 40;
/** What an opening that was killed has left. */
const LEFTOVERS = ['000900.sst', '000901.log', '000902.tmp', 'MANIFEST-000913'];

function writeFile(memory: MemoryFileSystem, path: string, sizeBytes: number): void {
  const file = memory.openSync(path, 'create');
  file.writeSync(new Uint8Array(sizeBytes), 0, sizeBytes, 0);
  file.syncDataSync();
  file.closeSync();
  memory.syncDirectorySync(path.slice(0, path.lastIndexOf('/')) || '/');
}

/** A database that was killed, all in one log: the smaller memtables of recovery make four tables and a log of it. */
async function makeKilled(): Promise<MemoryFileSystem> {
  const memory = new MemoryFileSystem();
  const db = await openSmall(memory, {
    tuning: { memtableSizeBytes: 512 * KIB },
    durability: 'os',
    reserveSizeBytes: 0,
  });
  for (const [key, value] of ENTRIES) db.putSync(key, value);
  const image = memory.crash('kill', createRandom(1));
  await db.close();
  for (const name of LEFTOVERS) writeFile(image, `${DIRECTORY}/${name}`, 1);
  return image;
}

function copyOf(image: MemoryFileSystem): MemoryFileSystem {
  return image.crash('kill', createRandom(1));
}

function reopen(fileSystem: FileSystem): Promise<Database> {
  return openSmall(fileSystem, { compression: 'none', durability: 'os', reserveSizeBytes: 0 });
}

async function expectEverything(fileSystem: FileSystem): Promise<void> {
  const db = await reopen(fileSystem);
  expect(everythingIn(db)).toEqual(ENTRIES);
  await db.close();
}

/** Leaves this much room on the device. */
function leave(memory: MemoryFileSystem, sizeBytes: number): void {
  memory.setCapacity(CAPACITY_BYTES);
  memory.setCapacity(CAPACITY_BYTES - memory.freeSpaceSync('/') + sizeBytes);
}

function filesOf(memory: MemoryFileSystem): string[] {
  return memory
    .listSync(DIRECTORY)
    .map((name) => `${name} ${memory.statSync(`${DIRECTORY}/${name}`).sizeBytes}`);
}

/** Opens and closes; null if it opens. */
async function failureOfOpening(fileSystem: FileSystem): Promise<StorageError | null> {
  let db: Database;
  try {
    db = await reopen(fileSystem);
  } catch (error) {
    return error as StorageError;
  }
  await db.close().catch(() => {});
  return null;
}

describe('recover', () => {
  test.each([
    ['create', 'ENOSPC', 'NO_SPACE'],
    ['write', 'ENOSPC', 'NO_SPACE'],
    ['create', 'EMFILE', 'TOO_MANY_FILES'],
    ['write', 'EIO', 'IO'],
  ] as const)(
    'I2, I5, I6, B17: leaves the files as it found them when any %s fails with %s',
    async (operation, errno, code) => {
      const image = await makeKilled();
      const before = filesOf(image);
      let failedCount = 0;
      for (let nth = 1; ; nth++) {
        const memory = copyOf(image);
        const faulty = new FaultyFileSystem(memory);
        faulty.addRule({
          ...{ operation, nth, duration: 'sticky' },
          effect: { kind: 'error', errno },
        });
        const failure = await failureOfOpening(faulty);
        if (faulty.injected.length === 0) break;
        expect(memory.openPaths()).toEqual([]);
        if (failure !== null) {
          expect(failure.code).toBe(code);
          expect(filesOf(memory), `${operation} ${nth}`).toEqual(before);
          failedCount += 1;
        }
        await expectEverything(memory);
      }
      expect(failedCount).toBeGreaterThan(6);
    },
  );

  test('I5, B17: takes no more space however often it fails, and opens when what it needs is free', async () => {
    const memory = await makeKilled();
    leave(memory, NEEDED_BYTES - 50 * KIB);
    const before = filesOf(memory);
    for (let round = 0; round < 5; round++) {
      await expect(reopen(memory)).rejects.toMatchObject({ code: 'NO_SPACE' });
      expect(filesOf(memory)).toEqual(before);
    }
    leave(memory, NEEDED_BYTES);
    await expectEverything(memory);
  });

  test('I5, B17: has the reserve and all that was free before for its second attempt', async () => {
    const memory = await makeKilled();
    writeFile(memory, RESERVE, 100 * KIB);
    leave(memory, NEEDED_BYTES - 100 * KIB);
    await expectEverything(memory);
    expect(memory.existsSync(RESERVE)).toBe(false);
  });

  test('I1: gives no file of its second attempt a number that its first one has used', async () => {
    const image = await makeKilled();
    let repeatedCount = 0;
    for (let nth = 1; ; nth++) {
      const memory = copyOf(image);
      writeFile(memory, RESERVE, 1);
      const recording = new RecordingFileSystem(memory, { root: DIRECTORY });
      const faulty = new FaultyFileSystem(recording);
      faulty.addRule({
        ...{ operation: 'write', nth },
        effect: { kind: 'error', errno: 'ENOSPC' },
      });
      await (await reopen(faulty)).close();
      if (faulty.injected.length === 0) break;
      const made = recording.lines.filter((line) => line.startsWith('create '));
      expect(new Set(made).size, made.join()).toBe(made.length);
      if (!memory.existsSync(RESERVE)) repeatedCount += 1;
    }
    expect(repeatedCount).toBeGreaterThan(6);
  });

  test('I5: makes its second attempt also when the first one came to no number', async () => {
    const memory = await makeKilled();
    writeFile(memory, RESERVE, 1);
    const faulty = new FaultyFileSystem(memory);
    faulty.addRule({
      ...{ operation: 'read', path: 'CURRENT' },
      effect: { kind: 'error', errno: 'ENOSPC' },
    });
    await expectEverything(faulty);
  });

  test('I3, M1: keeps what it has made when CURRENT may name it', async () => {
    const image = await makeKilled();
    for (const isRenamed of [true, false]) {
      const memory = copyOf(image);
      const hooked = new HookedFileSystem(memory);
      hooked.beforeCall = ({ operation, path, toPath }) => {
        if (operation !== 'rename' || !toPath!.endsWith('/CURRENT')) return;
        if (isRenamed) memory.renameSync(path, toPath!);
        throw new StorageError('IO', 'nobody knows what happened');
      };
      await expect(reopen(hooked)).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
      expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toHaveLength(5);
      for (const model of ['kill', 'drop', 'posix'] as const) {
        await expectEverything(memory.crash(model, createRandom(2)));
      }
    }
  });

  test('I3: keeps what it has made when the sync of a manifest fails, until a later one has succeeded', async () => {
    const memory = await makeKilled();
    const faulty = new FaultyFileSystem(memory);
    faulty.addRule({
      ...{ operation: 'syncData', path: 'MANIFEST-*' },
      effect: { kind: 'error', errno: 'EIO' },
    });
    await expect(reopen(faulty)).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toHaveLength(5);
    await expectEverything(memory);
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toHaveLength(4);
  });

  test('I10: tells what it failed for when it cannot remove what it has made, and the next one removes it', async () => {
    const memory = await makeKilled();
    const faulty = new FaultyFileSystem(memory);
    const rules = [
      { operation: 'create', path: 'MANIFEST-*', errno: 'ENOSPC' },
      { operation: 'remove', path: '*.sst', errno: 'EIO' },
    ] as const;
    for (const { errno, ...rule } of rules) {
      faulty.addRule({ ...rule, duration: 'sticky', effect: { kind: 'error', errno } });
    }
    const before = filesOf(memory).length;
    await expect(reopen(faulty)).rejects.toMatchObject({ code: 'NO_SPACE' });
    // The tables are left, the log is not.
    expect(filesOf(memory)).toHaveLength(before + 4);
    await expectEverything(memory);
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toHaveLength(4);
  });

  test('M10: removes nothing from a directory that was put in the place of its own', async () => {
    const memory = await makeKilled();
    const hooked = new HookedFileSystem(memory);
    hooked.beforeCall = ({ operation, path }) => {
      if (operation !== 'syncData' || !path.endsWith('.log')) return;
      hooked.beforeCall = () => {};
      memory.renameSync(DIRECTORY, '/elsewhere');
      memory.makeDirectorySync(DIRECTORY);
      for (const name of memory.listSync('/elsewhere'))
        writeFile(memory, `${DIRECTORY}/${name}`, 1);
    };
    await expect(reopen(hooked)).rejects.toMatchObject({ code: 'IO' });
    expect(memory.listSync(DIRECTORY)).toEqual(memory.listSync('/elsewhere'));
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toHaveLength(5);
  });
});
