import { StorageError } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { repair } from './repair.js';
import { failWith } from './testing/eventually.js';
import { HookedFileSystem } from './testing/hooked-file-system.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';

const DAMAGED = `${DIRECTORY}.damaged`;
const SALVAGED = `${DIRECTORY}.salvaged`;

let fileSystem: MemoryFileSystem;

beforeEach(async () => {
  fileSystem = new MemoryFileSystem();
  const database = await openSmall(fileSystem);
  for (let index = 0; index < 200; index++) database.putSync(`k${index}`, `v${index}`);
  await database.flush();
  await database.put('last', 'in the log');
  await database.close();
});

function damageATable(): void {
  const name = fileSystem.listSync(DIRECTORY).find((file) => file.endsWith('.sst'));
  const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'write');
  file.writeSync(new Uint8Array([1, 2, 3, 4]), 0, 4, 40);
  file.closeSync();
}

async function contents(): Promise<[string, string][]> {
  const database = await openSmall(fileSystem);
  const entries = everythingIn(database);
  await database.close();
  return entries;
}

describe('repair', () => {
  test('leaves an intact database as it is', async () => {
    const before = await contents();
    expect(await repair(DIRECTORY, { fileSystem })).toEqual({
      ...{ outcome: 'intact', damagedPath: null, salvage: null },
    });
    expect(await contents()).toEqual(before);
    expect(fileSystem.existsSync(DAMAGED)).toBe(false);
  });

  test('puts what is intact in the place of a damaged database, and keeps that beside it', async () => {
    const before = new Map(await contents());
    damageATable();
    const report = await repair(`${DIRECTORY}/`, { fileSystem });
    expect(report).toMatchObject({ outcome: 'repaired', damagedPath: DAMAGED });
    expect(report.salvage?.losses.length).toBeGreaterThan(0);
    const after = await contents();
    expect(after.length).toBeGreaterThan(1);
    for (const [key, value] of after) expect(before.get(key)).toBe(value);
    expect(after).toContainEqual(['last', 'in the log']);
    expect(fileSystem.existsSync(DAMAGED)).toBe(true);
    expect(fileSystem.existsSync(SALVAGED)).toBe(false);
  });

  test('finishes a repair that was cut short between the two renames', async () => {
    const before = await contents();
    fileSystem.renameSync(DIRECTORY, SALVAGED);
    fileSystem.makeDirectorySync(DAMAGED);
    expect(await repair(DIRECTORY, { fileSystem })).toMatchObject({ outcome: 'repaired' });
    expect(await contents()).toEqual(before);
  });

  test('says what to do when a database was made in its place, and finishes when that is gone', async () => {
    const before = await contents();
    damageATable();
    const intruded = new HookedFileSystem(fileSystem);
    intruded.beforeCall = ({ operation, path }) => {
      if (operation !== 'rename' || path !== SALVAGED) return;
      fileSystem.makeDirectorySync(DIRECTORY);
      fileSystem.openSync(`${DIRECTORY}/CURRENT`, 'create').closeSync();
    };
    await expect(repair(DIRECTORY, { fileSystem: intruded })).rejects.toMatchObject({
      code: 'ALREADY_EXISTS',
      message: expect.stringContaining('move that away and repair again'),
    });
    fileSystem.removeSync(`${DIRECTORY}/CURRENT`);
    fileSystem.removeDirectorySync(DIRECTORY);
    expect(await repair(DIRECTORY, { fileSystem })).toMatchObject({ outcome: 'repaired' });
    const after = new Map(await contents());
    expect(after.get('last')).toBe('in the log');
    expect(before.length).toBeGreaterThanOrEqual(after.size);
  });

  test('does not write over a damaged database of before', async () => {
    damageATable();
    fileSystem.makeDirectorySync(DAMAGED);
    await expect(repair(DIRECTORY, { fileSystem })).rejects.toMatchObject({
      ...{ code: 'ALREADY_EXISTS', file: DAMAGED },
    });
  });

  test('refuses a damaged database that is open, and whose writes go on', async () => {
    const database = await openSmall(fileSystem);
    damageATable();
    await expect(repair(DIRECTORY, { fileSystem })).rejects.toMatchObject({ code: 'LOCKED' });
    database.putSync('late', 'here');
    await database.close();
    expect(fileSystem.existsSync(DAMAGED)).toBe(false);
    await repair(DIRECTORY, { fileSystem });
    expect(await contents()).toContainEqual(['late', 'here']);
  });

  test.each([
    { errno: 'EMFILE', code: 'TOO_MANY_FILES' },
    { errno: 'EIO', code: 'IO' },
  ] as const)(
    'replaces nothing because a table cannot be opened ($errno)',
    async ({ errno, code }) => {
      const before = await contents();
      const faulty = new FaultyFileSystem(fileSystem, {
        rules: [{ operation: 'open', path: '*.sst', effect: failWith(errno) }],
      });
      await expect(repair(DIRECTORY, { fileSystem: faulty })).rejects.toMatchObject({ code });
      expect(fileSystem.existsSync(DAMAGED)).toBe(false);
      expect(await contents()).toEqual(before);
    },
  );

  test('replaces nothing because a later version wrote a block', async () => {
    const before = await contents();
    const later = new StorageError('UNSUPPORTED_FORMAT', 'Cannot read a block of a later version');
    const unsupported = new HookedFileSystem(fileSystem);
    unsupported.beforeCall = ({ operation, path }) => {
      if (operation === 'read' && path.endsWith('.sst')) throw later;
    };
    await expect(repair(DIRECTORY, { fileSystem: unsupported })).rejects.toBe(later);
    expect(fileSystem.existsSync(DAMAGED)).toBe(false);
    expect(await contents()).toEqual(before);
  });

  test('refuses what is not there, and what is open', async () => {
    await expect(repair('/nowhere', { fileSystem })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const database = await openSmall(fileSystem);
    await expect(repair(DIRECTORY, { fileSystem })).rejects.toMatchObject({ code: 'LOCKED' });
    await database.close();
  });
});
