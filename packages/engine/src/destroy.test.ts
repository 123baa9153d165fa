// Only what is the database's goes, and a destruction that was cut short can be repeated.

import { createRandom } from '@varve/base';
import { type FileCall, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { destroy } from './destroy.js';
import { HookedFileSystem } from './testing/hooked-file-system.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';

const REMOVALS = new Set<FileCall['operation']>(['remove', 'removeDirectory', 'syncDirectory']);

let fileSystem: MemoryFileSystem;

/** A closed database with a table, logs, and what crashes leave behind. */
beforeEach(async () => {
  fileSystem = new MemoryFileSystem();
  const db = await openSmall(fileSystem);
  await db.put('a', '1');
  await db.flush();
  await db.put('b', '2');
  await db.close();
  for (const name of ['000900.tmp', '000901.log', '000902.sst', 'MANIFEST-000903']) create(name);
});

function create(name: string): void {
  fileSystem.openSync(`${DIRECTORY}/${name}`, 'create').closeSync();
}

describe('destroy', () => {
  test('removes the files of the database and the directory', async () => {
    await destroy(DIRECTORY, { fileSystem });
    expect(fileSystem.existsSync(DIRECTORY)).toBe(false);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('does nothing where nothing is', async () => {
    await destroy(DIRECTORY, { fileSystem });
    await expect(destroy(DIRECTORY, { fileSystem })).resolves.toBeUndefined();
  });

  test('leaves every other file, and then the directory', async () => {
    const foreign = ['.DS_Store', '000904.sst.bak', '12.sst', 'MANIFEST', 'notes.txt'];
    for (const name of foreign) create(name);
    fileSystem.makeDirectorySync(`${DIRECTORY}/sub`);
    await destroy(DIRECTORY, { fileSystem });
    expect(fileSystem.listSync(DIRECTORY)).toEqual([...foreign, 'sub']);
  });

  test('refuses a directory without a database, and touches nothing', async () => {
    const other = new MemoryFileSystem();
    other.makeDirectorySync(DIRECTORY);
    other.openSync(`${DIRECTORY}/000001.log`, 'create').closeSync();
    await expect(destroy(DIRECTORY, { fileSystem: other })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: `Cannot destroy ${DIRECTORY}: it holds no database`,
    });
    expect(other.listSync(DIRECTORY)).toEqual(['000001.log']);
  });

  test('refuses the database of another engine, whose files have such names, and touches nothing', async () => {
    const other = new MemoryFileSystem();
    other.makeDirectorySync(DIRECTORY);
    const names = [
      '000008.sst',
      '000009.log',
      'CURRENT',
      'LOCK',
      'MANIFEST-000005',
      'OPTIONS-000007',
    ];
    for (const name of names) {
      const file = other.openSync(`${DIRECTORY}/${name}`, 'create');
      file.writeSync(Buffer.from('MANIFEST-000005\n'), 0, 16, 0);
      file.closeSync();
    }
    await expect(destroy(DIRECTORY, { fileSystem: other })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(other.listSync(DIRECTORY)).toEqual(names);
  });

  test('refuses a database that is open, and touches nothing', async () => {
    const db = await openSmall(fileSystem);
    const before = fileSystem.listSync(DIRECTORY);
    await expect(destroy(DIRECTORY, { fileSystem })).rejects.toMatchObject({ code: 'LOCKED' });
    expect(fileSystem.listSync(DIRECTORY)).toEqual(before);
    expect(db.getSync('b')).toBe('2');
    await db.close();
    await destroy(DIRECTORY, { fileSystem });
    expect(fileSystem.existsSync(DIRECTORY)).toBe(false);
  });

  test('cut short before any of its operations, can be repeated until CURRENT is gone', async () => {
    const random = createRandom(0xde57);
    for (let nth = 1; ; nth++) {
      const attempt = fileSystem.crash('kill', random);
      const hooked = new HookedFileSystem(attempt);
      let count = 0;
      hooked.beforeCall = ({ operation }) => {
        if (REMOVALS.has(operation)) count += 1;
        if (count >= nth) throw new Error('died');
      };
      try {
        await destroy(DIRECTORY, { fileSystem: hooked });
        expect(nth).toBeGreaterThan(8);
        break;
      } catch (error) {
        expect(error).toMatchObject({ message: 'died' });
      }
      const rest = attempt.crash('posix', random);
      if (!rest.existsSync(`${DIRECTORY}/CURRENT`)) continue;
      await destroy(DIRECTORY, { fileSystem: rest });
      expect(rest.existsSync(DIRECTORY), `cut before ${nth}`).toBe(false);
    }
  });
});
