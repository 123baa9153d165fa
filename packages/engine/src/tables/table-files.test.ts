import { initializeChecksums } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { failWith } from '../testing/eventually.js';
import { HeldScheduler } from '../testing/held-scheduler.js';
import { BlockCache } from './block-cache.js';
import type { TableFile } from './table-handle.js';
import { TableStore } from './table-store.js';
import {
  DATABASE_ID,
  DIRECTORY,
  numberedEntries,
  tablePath,
  writeTable,
} from './testing/table-fixture.js';

beforeAll(initializeChecksums);

const NUMBERS = [1, 2, 3, 4, 5];

let scheduler: HeldScheduler;
let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let tables: TableFile[];

beforeEach(() => {
  scheduler = new HeldScheduler();
  memory = new MemoryFileSystem({ scheduler });
  faulty = new FaultyFileSystem(memory);
  tables = NUMBERS.map((fileNumber) => writeTable(memory, fileNumber, numberedEntries(50)));
});

/** With every table open in it. */
function makeStore(openFileCountMax?: number): TableStore {
  const store = new TableStore({
    fileSystem: faulty,
    directory: DIRECTORY,
    databaseId: DATABASE_ID,
    cache: new BlockCache({ capacityBytes: 1024 * 1024, slotSizeBytes: 512 }),
    ...(openFileCountMax !== undefined && { openFileCountMax }),
  });
  for (const table of tables) store.openSync(table);
  return store;
}

function openNumbers(): number[] {
  return NUMBERS.filter((fileNumber) => memory.openPaths().includes(tablePath(fileNumber)));
}

/** Reads a block of a table from its file. */
function read(store: TableStore, fileNumber: number, blockIndex = 0): number {
  const { reader } = store.get(fileNumber);
  const target = new Uint8Array(reader.contentLength(blockIndex));
  return reader.readBlockSync(blockIndex, target, 0);
}

/** From now on the system has no file to give. */
function useUpFiles(duration: 'once' | 'sticky'): void {
  faulty.addRule({
    operation: 'open',
    path: '*.sst',
    nth: 1,
    duration,
    effect: failWith('EMFILE'),
  });
}

describe('TableFiles', () => {
  test('keep every file open when there is no limit', () => {
    const store = makeStore();
    expect(openNumbers()).toEqual(NUMBERS);
    expect(store.files.openCount).toBe(5);
    store.closeAll();
    expect(store.files.openCount).toBe(0);
    expect(memory.openPaths()).toEqual([]);
  });

  test('close the least recently used one for the next, and open it again when it is read', () => {
    const store = makeStore(2);
    expect(openNumbers()).toEqual([4, 5]);
    expect(read(store, 4)).toBeGreaterThan(0);
    expect(read(store, 1)).toBeGreaterThan(0);
    expect(openNumbers()).toEqual([1, 4]);
    store.closeAll();
    expect(memory.openPaths()).toEqual([]);
  });

  test('read the same whatever is open', async () => {
    const all = makeStore();
    const few = makeStore(1);
    for (const fileNumber of [1, 3, 2, 3, 5, 4, 1]) {
      for (let index = 0; index < all.get(fileNumber).reader.blockCount; index++) {
        const expected = await all.get(fileNumber).reader.readBlock(index);
        expect(await few.get(fileNumber).reader.readBlock(index)).toEqual(expected);
        const target = new Uint8Array(expected.length);
        few.get(fileNumber).reader.readBlockSync(index, target, 0);
        expect(target).toEqual(expected);
      }
    }
    few.closeAll();
    all.closeAll();
  });

  test('I6: are closed, least recently used first, when another cannot be opened, which is then tried once more', () => {
    const store = makeStore(4);
    read(store, 2);
    useUpFiles('once');
    expect(read(store, 1)).toBeGreaterThan(0);
    expect(faulty.injected).toHaveLength(1);
    expect(openNumbers()).toEqual([1]);
    for (const fileNumber of NUMBERS) expect(read(store, fileNumber)).toBeGreaterThan(0);
    store.closeAll();
  });

  test('I6: that still cannot be opened fail that read alone, with TOO_MANY_FILES, and are read when there is one again', async () => {
    const store = makeStore(4);
    useUpFiles('sticky');
    const tooMany = { code: 'TOO_MANY_FILES', retryable: true };
    expect(() => read(store, 1)).toThrow(expect.objectContaining(tooMany));
    await expect(store.get(1).reader.readBlock(0)).rejects.toMatchObject(tooMany);
    expect(store.files.openCount).toBe(0);
    faulty.clearRules();
    for (const fileNumber of NUMBERS) expect(read(store, fileNumber)).toBeGreaterThan(0);
    store.closeAll();
    expect(memory.openPaths()).toEqual([]);
  });

  test('I6: are not closed under a read', async () => {
    const store = makeStore();
    scheduler.holds = ({ operation, path }) => operation === 'read' && path === tablePath(3);
    const reading = store.get(3).reader.readBlock(0);
    await Promise.resolve();
    expect(store.files.giveBack()).toBe(4);
    expect(openNumbers()).toEqual([3]);
    expect(store.files.giveBack()).toBe(0);
    scheduler.releaseAll();
    expect((await reading).length).toBeGreaterThan(0);
    expect(store.files.giveBack()).toBe(1);
    store.closeAll();
  });

  test('P14: opened again are not taken for another file of the same name', () => {
    const store = makeStore();
    store.files.giveBack();
    memory.renameSync(tablePath(2), `${DIRECTORY}/elsewhere`);
    writeTable(memory, 2, numberedEntries(50));
    expect(() => read(store, 2)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'sst.identity', file: tablePath(2) }),
    );
    expect(openNumbers()).toEqual([]);
    memory.removeSync(tablePath(2));
    memory.renameSync(`${DIRECTORY}/elsewhere`, tablePath(2));
    expect(read(store, 2)).toBeGreaterThan(0);
    store.closeAll();
  });

  test('are not used after they were closed, open or resting', () => {
    const store = makeStore();
    const readers = NUMBERS.map((fileNumber) => store.get(fileNumber).reader);
    store.files.giveBack();
    read(store, 5);
    store.closeAll();
    for (const reader of readers) {
      reader.close();
      expect(() => reader.readStoredSync(new Uint8Array(1), 0)).toThrow('closed');
    }
    expect(memory.openPaths()).toEqual([]);
  });

  test('stay open when it cannot be learnt which file they are, and rest when closing them fails', () => {
    const store = makeStore();
    faulty.addRule({ operation: 'stat', path: tablePath(1), nth: 1, effect: failWith('EIO') });
    faulty.addRule({ operation: 'close', path: tablePath(2), nth: 1, effect: failWith('EIO') });
    expect(store.files.giveBack()).toBe(4);
    for (const fileNumber of NUMBERS) expect(read(store, fileNumber)).toBeGreaterThan(0);
    store.closeAll();
  });
});
