import { initializeChecksums } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BlockCache } from './block-cache.js';
import type { TableFile } from './table-handle.js';
import { TableStore } from './table-store.js';
import {
  DATABASE_ID,
  DIRECTORY,
  damage,
  numberedEntries,
  tablePath,
  writeTable,
} from './testing/table-fixture.js';

beforeAll(initializeChecksums);

let fileSystem: MemoryFileSystem;
let cache: BlockCache;
let store: TableStore;
let table: TableFile;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
  cache = new BlockCache({ capacityBytes: 1024 * 1024, slotSizeBytes: 512 });
  store = new TableStore({ fileSystem, directory: DIRECTORY, databaseId: DATABASE_ID, cache });
  table = writeTable(fileSystem, 7, numberedEntries(100));
});

/** The end of the file is the footer, of 128 bytes; the filter, index and properties come before it. */
const PLACES = [
  { name: 'footer', fromEnd: 4 },
  { name: 'footer padding', fromEnd: 12 },
  { name: 'file number in the footer', fromEnd: 128 - 50 },
];

describe('TableStore', () => {
  test('opens a table once and closes it once', () => {
    store.openSync(table);
    const handle = store.get(7);
    store.openSync(table);
    expect(store.get(7)).toBe(handle);
    expect(store.openCount).toBe(1);
    expect(fileSystem.openPaths()).toEqual([tablePath(7)]);
    store.close(7);
    store.close(7);
    expect(store.openCount).toBe(0);
    expect(handle.closed).toBe(true);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('counts the memory of its tables and charges it to the cache', () => {
    const charges: number[] = [];
    cache.charge = (bytes) => charges.push(bytes);
    store.openSync(table);
    const { memoryBytes } = store.get(7);
    expect(memoryBytes).toBeGreaterThan(store.get(7).reader.blockCount * 4);
    expect(store.memoryBytes).toBe(memoryBytes);
    store.close(7);
    expect(store.memoryBytes).toBe(0);
    expect(charges).toEqual([memoryBytes, -memoryBytes]);
  });

  test('knows one version per key of a level only if each of its tables says so', () => {
    const [first] = numberedEntries(1);
    const twice = writeTable(fileSystem, 8, [
      { ...first!, sequence: 9 },
      { ...first!, sequence: 8 },
    ]);
    store.openSync(table);
    store.openSync(twice);
    expect(store.versionsPerKeyIn({ tables: [] })).toBe('one');
    expect(store.versionsPerKeyIn({ tables: [table] })).toBe('one');
    expect(store.versionsPerKeyIn({ tables: [table, twice] })).toBe('any');
    const level = { tables: [table] };
    expect(store.versionsPerKeyIn(level)).toBe('one');
    store.closeAll();
    expect(store.versionsPerKeyIn(level)).toBe('one');
  });

  test('closes them all', () => {
    store.openSync(table);
    store.openSync(writeTable(fileSystem, 8, numberedEntries(3)));
    store.closeAll();
    expect(fileSystem.openPaths()).toEqual([]);
    expect(store.openCount).toBe(0);
  });

  test('forgets cached blocks when it closes a table', () => {
    store.openSync(table);
    store.loader.loadSync(store.get(7), 0);
    expect(cache.usedBytes).toBe(512);
    store.close(7);
    expect(cache.usedBytes).toBe(0);
  });

  test('T4: says which table is missing', () => {
    fileSystem.removeSync(tablePath(7));
    expect(() => store.openSync(table)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'sst.missing', file: tablePath(7) }),
    );
    expect(store.openCount).toBe(0);
  });

  test.each(PLACES)(
    'T2: refuses a table with damage in the $name, and leaves no file open',
    (place) => {
      damage(fileSystem, tablePath(7), table.sizeBytes - place.fromEnd);
      expect(() => store.openSync(table)).toThrow(
        expect.objectContaining({ code: 'CORRUPTION', file: tablePath(7) }),
      );
      expect(store.openCount).toBe(0);
      expect(store.memoryBytes).toBe(0);
      expect(fileSystem.openPaths()).toEqual([]);
    },
  );

  test('T2: a bit inverted anywhere behind the data blocks is found, or costs only the filter', () => {
    store.openSync(table);
    const { reader } = store.get(7);
    const dataEnd =
      reader.storedOffset(reader.blockCount - 1) + reader.storedLength(reader.blockCount - 1);
    store.close(7);
    for (let offset = dataEnd; offset < table.sizeBytes; offset++) {
      damage(fileSystem, tablePath(7), offset);
      const { damagedFilterCount } = store;
      try {
        store.openSync(table);
        expect(store.damagedFilterCount).toBe(damagedFilterCount + 1);
        store.close(7);
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPTION', file: tablePath(7) });
      }
      damage(fileSystem, tablePath(7), offset);
    }
    expect(fileSystem.openPaths()).toEqual([]);
    store.openSync(table);
  });

  test('T5: refuses another table under the name, and the table of another database', () => {
    const other = writeTable(fileSystem, 8, numberedEntries(100));
    fileSystem.renameSync(tablePath(8), tablePath(7));
    const identity = expect.objectContaining({ code: 'CORRUPTION', where: 'sst.identity' });
    expect(() => store.openSync(table)).toThrow(identity);
    expect(() => store.openSync({ ...other, fileNumber: 7 })).toThrow(identity);
    const foreign = new TableStore({
      ...{ fileSystem, directory: DIRECTORY, cache },
      databaseId: DATABASE_ID.map((byte) => byte ^ 1),
    });
    fileSystem.renameSync(tablePath(7), tablePath(8));
    expect(() => foreign.openSync(other)).toThrow(identity);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('T6: refuses a table that is shorter or longer than it was', () => {
    for (const sizeBytes of [table.sizeBytes - 1, table.sizeBytes + 1, 0]) {
      const file = fileSystem.openSync(tablePath(7), 'write');
      file.truncateSync(sizeBytes);
      file.closeSync();
      expect(() => store.openSync(table)).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    }
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('opens many at once, each once', async () => {
    const others = Array.from({ length: 20 }, (_, index) =>
      writeTable(fileSystem, 10 + index, numberedEntries(1 + index)),
    );
    await store.openAll([table, ...others]);
    await store.openAll(others);
    expect(store.openCount).toBe(21);
    expect(fileSystem.openPaths()).toHaveLength(21);
    expect(store.get(29).reader.properties.entryCount).toBe(20);
    store.closeAll();
    expect(store.memoryBytes).toBe(0);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('T2, T4: of many tells what is wrong with the first, and closes those in vain', async () => {
    const others = Array.from({ length: 20 }, (_, index) =>
      writeTable(fileSystem, 10 + index, numberedEntries(1 + index)),
    );
    fileSystem.removeSync(tablePath(14));
    damage(fileSystem, tablePath(12), others[2]!.sizeBytes - 4);
    await expect(store.openAll([table, ...others])).rejects.toMatchObject({
      code: 'CORRUPTION',
      file: tablePath(12),
    });
    store.closeAll();
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('T2, T4, T5, T6: adopts a table that was just written only if the file is that table', () => {
    store.openSync(table);
    const written = { ...table, image: store.get(7).reader.image };
    store.closeAll();
    store.adoptSync(written);
    store.adoptSync(written);
    expect(store.openCount).toBe(1);
    expect(store.memoryBytes).toBe(store.get(7).memoryBytes);
    expect(store.get(7).file).toEqual(table);
    store.closeAll();
    const corruption = expect.objectContaining({ code: 'CORRUPTION', file: tablePath(7) });
    damage(fileSystem, tablePath(7), table.sizeBytes - 4);
    expect(() => store.adoptSync(written)).toThrow(corruption);
    writeTable(fileSystem, 8, numberedEntries(100));
    fileSystem.renameSync(tablePath(8), tablePath(7));
    expect(() => store.adoptSync(written)).toThrow(corruption);
    fileSystem.removeSync(tablePath(7));
    expect(() => store.adoptSync(written)).toThrow(corruption);
    expect(fileSystem.openPaths()).toEqual([]);
    expect(store.openCount).toBe(0);
  });

  test('I6, I7: passes on what the file system reports, keeps nothing open, and opens it later', () => {
    for (const [operation, errno, code] of [
      ['open', 'EMFILE', 'TOO_MANY_FILES'],
      ['read', 'EIO', 'IO'],
      ['size', 'EIO', 'IO'],
    ] as const) {
      const faulty = new FaultyFileSystem(fileSystem, {
        rules: [{ operation, path: '*.sst', nth: 1, effect: { kind: 'error', errno } }],
      });
      const options = { directory: DIRECTORY, databaseId: DATABASE_ID, cache };
      const failing = new TableStore({ fileSystem: faulty, ...options });
      expect(() => failing.openSync(table)).toThrow(expect.objectContaining({ code }));
      expect(fileSystem.openPaths()).toEqual([]);
      failing.openSync(table);
      failing.closeAll();
    }
  });
});
