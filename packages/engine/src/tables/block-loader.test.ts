import { CursorStatus, encodeText, hashKey, initializeChecksums } from '@varve/base';
import { BlockBuffer, findEntry, TableCursor, valueEnd, valueStart } from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HookedFileSystem } from '../testing/hooked-file-system.js';
import { BlockCache } from './block-cache.js';
import { CachedBlockSource } from './cached-block-source.js';
import { NOT_CACHED, type TableHandle } from './table-handle.js';
import { TableStore } from './table-store.js';
import {
  DATABASE_ID,
  DIRECTORY,
  damage,
  numberedEntries,
  type TableEntry,
  tablePath,
  writeTable,
} from './testing/table-fixture.js';

const SLOT_SIZE_BYTES = 512;
const MIB = 1024 * 1024;
const EIO = { kind: 'error', errno: 'EIO' } as const;

beforeAll(initializeChecksums);

let fileSystem: MemoryFileSystem;
let hooked: HookedFileSystem;
let faulty: FaultyFileSystem;
let store: TableStore;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
  hooked = new HookedFileSystem(fileSystem);
  faulty = new FaultyFileSystem(hooked);
  store = openStore(new BlockCache({ capacityBytes: MIB, slotSizeBytes: SLOT_SIZE_BYTES }));
});

function openStore(cache: BlockCache): TableStore {
  const databaseId = DATABASE_ID;
  return new TableStore({ fileSystem: faulty, directory: DIRECTORY, databaseId, cache });
}

function open(entries: readonly TableEntry[], fileNumber = 7): TableHandle {
  store.openSync(writeTable(fileSystem, fileNumber, entries));
  return store.get(fileNumber);
}

/** Counts the reads of files from now on. */
function countReads(): { count: number } {
  const reads = { count: 0 };
  hooked.beforeCall = ({ operation }) => {
    if (operation === 'read') reads.count += 1;
  };
  return reads;
}

/** What a block says about a key. */
function valueIn(block: Uint8Array, base: number, key: string): string | undefined {
  const bytes = encodeText(key);
  const hash = hashKey(bytes, 0, bytes.length);
  const entryIndex = findEntry(block, base, bytes, 0, bytes.length, 1_000_000, hash);
  if (entryIndex < 0) return undefined;
  const start = valueStart(block, base, entryIndex);
  return String.fromCharCode(...block.subarray(start, valueEnd(block, base, entryIndex)));
}

function keysOf(cursor: TableCursor): string {
  const { keyBytes, keyOffset, keyLength } = cursor;
  return String.fromCharCode(...keyBytes.subarray(keyOffset, keyOffset + keyLength));
}

describe('BlockLoader', () => {
  test('loads each block once, into its slot, in both forms', async () => {
    const handle = open(numberedEntries(100));
    const { blockCount } = handle.reader;
    const reads = countReads();
    for (let blockIndex = 0; blockIndex < blockCount; blockIndex += 2) {
      const slot = store.loader.loadSync(handle, blockIndex);
      expect(handle.blockSlots[blockIndex]).toBe(slot);
    }
    for (let blockIndex = 1; blockIndex < blockCount; blockIndex += 2) {
      await store.loader.load(handle, blockIndex);
    }
    expect(reads.count).toBe(blockCount);
    expect(store.cache.missCount).toBe(blockCount);
    for (const { key, value } of numberedEntries(100)) {
      const bytes = encodeText(key);
      const slot = handle.blockSlots[handle.reader.findBlock(bytes, 0, bytes.length)]!;
      expect(valueIn(store.cache.bytes, slot * SLOT_SIZE_BYTES, key)).toBe(value);
    }
  });

  test('finds entries in a slot beyond 2 GiB of the slab', () => {
    store = openStore(new BlockCache({ capacityBytes: 3 * 1024 * MIB, slotSizeBytes: MIB }));
    const handle = open(numberedEntries(100));
    for (let slot = 0; slot < 2500; slot++) store.cache.takeSlot();
    const slot = store.loader.loadSync(handle, 0);
    expect(slot * MIB).toBeGreaterThan(2 ** 31);
    expect(valueIn(store.cache.bytes, slot * MIB, 'k0000')).toBe(numberedEntries(1)[0]!.value);
  });

  test('gives all who want a block at the same time the same read', async () => {
    const handle = open(numberedEntries(20));
    const reads = countReads();
    const contents = await Promise.all(
      [0, 0, 1, 0].map((index) => store.loader.load(handle, index)),
    );
    expect(reads.count).toBe(2);
    expect(contents[0]).toBe(contents[1]);
    expect(contents[0]).not.toBe(contents[2]);
  });

  test('reads again after a read failed: an error is not remembered', async () => {
    const handle = open(numberedEntries(20));
    faulty.addRule({ operation: 'read', nth: 1, effect: EIO });
    await expect(store.loader.load(handle, 0)).rejects.toMatchObject({ code: 'IO' });
    expect(handle.blockSlots[0]).toBe(NOT_CACHED);
    expect(valueIn(await store.loader.load(handle, 0), 0, 'k0000')).toBeDefined();
    faulty.addRule({ operation: 'read', nth: 1, effect: EIO });
    expect(() => store.loader.loadSync(handle, 1)).toThrow(expect.objectContaining({ code: 'IO' }));
    expect(handle.blockSlots[1]).toBe(NOT_CACHED);
    expect(store.loader.loadSync(handle, 1)).toBeGreaterThanOrEqual(0);
  });

  test('does not put into the cache what arrives after the table was closed', async () => {
    const handle = open(numberedEntries(20));
    const loading = store.loader.load(handle, 0);
    store.close(7);
    await loading;
    expect(handle.blockSlots[0]).toBe(NOT_CACHED);
    expect(store.cache.usedBytes).toBe(0);
  });

  test('keeps one copy of a block that both forms loaded', async () => {
    const handle = open(numberedEntries(20));
    const loading = store.loader.load(handle, 0);
    const slot = store.loader.loadSync(handle, 0);
    await loading;
    expect(handle.blockSlots[0]).toBe(slot);
    expect(store.cache.usedBytes).toBe(SLOT_SIZE_BYTES);
  });
});

describe('CachedBlockSource', () => {
  const ENTRIES = numberedEntries(100);

  async function walk(handle: TableHandle, wait: 'sync' | 'async'): Promise<string[]> {
    const cursor = new TableCursor(
      handle.reader,
      new CachedBlockSource(store.loader, handle, wait),
    );
    const keys: string[] = [];
    let status = cursor.first();
    for (;;) {
      while (status === CursorStatus.PENDING) {
        await cursor.load();
        status = cursor.resume();
      }
      if (!cursor.valid) return keys;
      keys.push(keysOf(cursor));
      status = cursor.next();
    }
  }

  test.each(['sync', 'async'] as const)('reads every block once in a walk (%s)', async (wait) => {
    const handle = open(ENTRIES);
    const reads = countReads();
    expect(await walk(handle, wait)).toEqual(ENTRIES.map(({ key }) => key));
    expect(reads.count).toBe(handle.reader.blockCount);
    expect(await walk(handle, wait)).toHaveLength(ENTRIES.length);
    expect(reads.count).toBe(handle.reader.blockCount);
  });

  test.each(['sync', 'async'] as const)(
    'reads every block once in a walk over values too large for the cache (%s)',
    async (wait) => {
      // Each value alone is more than the cache keeps, so reading ahead would be for nothing.
      store = openStore(
        new BlockCache({ capacityBytes: 64 * 1024, slotSizeBytes: SLOT_SIZE_BYTES }),
      );
      const large = numberedEntries(10, 40_000);
      const handle = open(large);
      expect(handle.reader.blockCount).toBe(10);
      const reads = countReads();
      expect(await walk(handle, wait)).toEqual(large.map(({ key }) => key));
      expect(reads.count).toBe(10);
    },
  );

  test('reads every large block once that the cache does keep', async () => {
    const large = numberedEntries(10, 2_000);
    const handle = open(large);
    const reads = countReads();
    expect(await walk(handle, 'async')).toHaveLength(10);
    expect(await walk(handle, 'async')).toHaveLength(10);
    expect(reads.count).toBe(10);
  });

  test('reads ahead: an asynchronous walk waits less often than it reads', async () => {
    const handle = open(ENTRIES);
    const cursor = new TableCursor(
      handle.reader,
      new CachedBlockSource(store.loader, handle, 'async'),
    );
    let waitCount = 0;
    let status = cursor.last();
    for (;;) {
      while (status === CursorStatus.PENDING) {
        waitCount += 1;
        await cursor.load();
        await new Promise((resolve) => setImmediate(resolve));
        status = cursor.resume();
      }
      if (!cursor.valid) break;
      status = cursor.previous();
    }
    expect(waitCount).toBe(Math.ceil(handle.reader.blockCount / 8));
  });

  test('gets the block it waited for, even if the cache has lost it since', async () => {
    const handle = open(ENTRIES);
    const source = new CachedBlockSource(store.loader, handle, 'async');
    const buffer = new BlockBuffer();
    const reads = countReads();
    expect(source.fetch(handle.reader, 3, buffer, 1)).toBe(CursorStatus.PENDING);
    await buffer.loading;
    store.cache.dropTable(handle);
    const readCount = reads.count;
    expect(source.fetch(handle.reader, 3, buffer, 1)).toBe(CursorStatus.READY);
    expect(reads.count).toBe(readCount);
  });

  test('hands out copies: what a cursor holds survives eviction and closing', () => {
    const handle = open(ENTRIES);
    const source = new CachedBlockSource(store.loader, handle, 'sync');
    const cursor = new TableCursor(handle.reader, source);
    cursor.first();
    store.close(7);
    store.cache.bytes.fill(0xee);
    expect(keysOf(cursor)).toBe('k0000');
  });

  test.each(['sync', 'async'] as const)(
    'T1: fails at a damaged block each time, and only there (%s)',
    async (wait) => {
      const handle = open(ENTRIES);
      damage(fileSystem, tablePath(7), handle.reader.storedOffset(5) + 20);
      const source = new CachedBlockSource(store.loader, handle, wait);
      const buffer = new BlockBuffer();
      const fetch = async (blockIndex: number): Promise<void> => {
        while (source.fetch(handle.reader, blockIndex, buffer, 1) === CursorStatus.PENDING) {
          await buffer.loading;
        }
      };
      const damaged = {
        code: 'CORRUPTION',
        where: 'sst.data',
        file: tablePath(7),
        offset: handle.reader.storedOffset(5),
      };
      await fetch(4);
      await expect(fetch(5)).rejects.toMatchObject(damaged);
      await expect(fetch(5)).rejects.toMatchObject(damaged);
      await fetch(6);
      expect(handle.blockSlots[5]).toBe(NOT_CACHED);
    },
  );
});
