import { createRandom } from '@varve/base';
import type { TableReader } from '@varve/sstable';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BlockCache } from './block-cache.js';
import { NOT_CACHED, TableHandle } from './table-handle.js';

const SLOT_SIZE_BYTES = 16;
const SLOT_COUNT = 80;
/** However small the cache, this many slots are kept. */
const SLOT_COUNT_MIN = 64;
const BLOCK_COUNT = 200;

function makeCache(slotCount = SLOT_COUNT): BlockCache {
  return new BlockCache({
    capacityBytes: slotCount * SLOT_SIZE_BYTES,
    slotSizeBytes: SLOT_SIZE_BYTES,
  });
}

/** A table of which the cache sees only how many blocks it has. */
function makeHandle(fileNumber: number, blockCount = BLOCK_COUNT): TableHandle {
  const properties = { largestSequence: 0 };
  const reader = { blockCount, memoryBytes: 0, properties } as TableReader;
  return new TableHandle({ fileNumber, tableId: new Uint8Array(16), sizeBytes: 1 }, reader);
}

function load(cache: BlockCache, handle: TableHandle, blockIndex: number): number {
  const slot = cache.takeSlot();
  cache.bytes.fill(blockIndex, slot * SLOT_SIZE_BYTES, (slot + 1) * SLOT_SIZE_BYTES);
  cache.publish(slot, handle, blockIndex);
  return slot;
}

function cachedBlocks(handle: TableHandle): number[] {
  return [...handle.blockSlots.keys()].filter((index) => handle.blockSlots[index]! >= 0);
}

describe('BlockCache', () => {
  test('gives every slot once before it evicts anything', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    const slots = new Set<number>();
    for (let index = 0; index < SLOT_COUNT; index++) slots.add(load(cache, handle, index));
    expect(slots.size).toBe(SLOT_COUNT);
    expect(cache.usedBytes).toBe(SLOT_COUNT * SLOT_SIZE_BYTES);
    expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT);
  });

  test('evicts a block that was not used before one that was', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    for (let index = 0; index < SLOT_COUNT; index++) load(cache, handle, index);
    for (let index = 0; index < SLOT_COUNT; index++) {
      if (index !== 7) cache.touch(handle.blockSlots[index]!);
    }
    const slot = load(cache, handle, 100);
    expect(handle.blockSlots[7]).toBe(NOT_CACHED);
    expect(handle.blockSlots[100]).toBe(slot);
    expect(cache.usedBytes).toBe(SLOT_COUNT * SLOT_SIZE_BYTES);
  });

  test('evicts even when every block was used', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    for (let index = 0; index < SLOT_COUNT; index++) cache.touch(load(cache, handle, index));
    load(cache, handle, 100);
    expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT);
    expect(cache.hitCount).toBe(SLOT_COUNT);
  });

  test('takes a slot again whose filling has failed', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    const abandoned = cache.takeSlot();
    for (let index = 0; index < SLOT_COUNT; index++) load(cache, handle, index);
    expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT);
    expect([...handle.blockSlots]).toContain(abandoned);
  });

  test('refuses to publish a slot twice', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    const slot = load(cache, handle, 3);
    expect(() => cache.publish(slot, handle, 4)).toThrow('published once');
  });

  test('keeps fewer blocks while memory is charged, and more when it is given back', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    for (let index = 0; index < SLOT_COUNT; index++) load(cache, handle, index);
    cache.charge(10 * SLOT_SIZE_BYTES);
    expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT - 10);
    for (let index = 100; index < 190; index++) load(cache, handle, index);
    expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT - 10);
    expect(cache.usedBytes).toBe((SLOT_COUNT - 10) * SLOT_SIZE_BYTES);
    cache.charge(-10 * SLOT_SIZE_BYTES);
    for (let index = 0; index < BLOCK_COUNT; index++) {
      if (handle.blockSlots[index] === NOT_CACHED) load(cache, handle, index);
    }
    expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT);
  });

  test('takes no slot that it has given up', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    for (let index = 0; index < SLOT_COUNT - 2; index++) load(cache, handle, index);
    cache.charge(10 * SLOT_SIZE_BYTES);
    expect(load(cache, handle, 100)).toBeLessThan(SLOT_COUNT - 10);
    expect(cache.usedBytes).toBe((SLOT_COUNT - 10) * SLOT_SIZE_BYTES);
  });

  test('keeps its least number of slots, whatever is charged', () => {
    for (const cache of [makeCache(), makeCache(1)]) {
      const handle = makeHandle(1);
      cache.charge(1_000_000);
      for (let index = 0; index < BLOCK_COUNT; index++) load(cache, handle, index);
      expect(cachedBlocks(handle)).toHaveLength(SLOT_COUNT_MIN);
    }
  });

  test('forgets every block of a table, and no other', () => {
    const cache = makeCache(100);
    const [dropped, kept] = [makeHandle(1), makeHandle(2)];
    for (let index = 0; index < 20; index++) {
      load(cache, dropped, index);
      load(cache, kept, index);
    }
    cache.publishOversized(new Uint8Array(20), dropped, 30);
    cache.publishOversized(new Uint8Array(21), kept, 30);
    cache.dropTable(dropped);
    expect(cachedBlocks(dropped)).toEqual([]);
    expect(cachedBlocks(kept)).toHaveLength(20);
    expect(cache.oversized.get(dropped, 30)).toBeUndefined();
    expect(cache.oversized.get(kept, 30)).toHaveLength(21);
    expect(cache.usedBytes).toBe(20 * SLOT_SIZE_BYTES + 21);
  });

  test.each(Array.from({ length: 20 }, (_, index) => 0xb10c + index))(
    'never shows a block under the number of another (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      const cache = makeCache(70 + random.below(30));
      const handles = [1, 2, 3].map((fileNumber) => makeHandle(fileNumber));
      let chargedBytes = 0;
      for (let step = 0; step < 3_000; step++) {
        const handle = handles[random.below(3)]!;
        const blockIndex = random.below(BLOCK_COUNT);
        const choice = random.below(300);
        if (choice === 0) {
          cache.dropTable(handle);
        } else if (choice < 5) {
          const charge = random.below(40) * SLOT_SIZE_BYTES - chargedBytes;
          cache.charge(charge);
          chargedBytes += charge;
        } else if (handle.blockSlots[blockIndex] === NOT_CACHED) {
          const slot = cache.takeSlot();
          const tag = handle.file.fileNumber * 1000 + blockIndex;
          cache.bytes.writeUInt32LE(tag, slot * SLOT_SIZE_BYTES);
          cache.publish(slot, handle, blockIndex);
        } else if (choice < 100) cache.touch(handle.blockSlots[blockIndex]!);
      }
      let cachedCount = 0;
      for (const handle of handles) {
        for (const blockIndex of cachedBlocks(handle)) {
          const slot = handle.blockSlots[blockIndex]!;
          const tag = cache.bytes.readUInt32LE(slot * SLOT_SIZE_BYTES);
          expect(tag).toBe(handle.file.fileNumber * 1000 + blockIndex);
          cachedCount += 1;
        }
      }
      expect(cache.usedBytes).toBe(cachedCount * SLOT_SIZE_BYTES);
      for (const handle of handles) cache.dropTable(handle);
      expect(cache.usedBytes).toBe(0);
    },
  );
});

describe('BlockCache.publishOversized', () => {
  const CAPACITY_BYTES = 2000 * SLOT_SIZE_BYTES;

  test('keeps the blocks used last, up to half of the cache', () => {
    const cache = makeCache(2000);
    const handle = makeHandle(1);
    const sizeBytes = CAPACITY_BYTES / 8;
    for (const index of [0, 1, 2, 3]) {
      cache.publishOversized(new Uint8Array(sizeBytes), handle, index);
    }
    expect(cache.oversized.get(handle, 0)).toHaveLength(sizeBytes);
    cache.publishOversized(new Uint8Array(sizeBytes), handle, 4);
    const kept = [0, 1, 2, 3, 4].filter((index) => cache.oversized.get(handle, index));
    expect(kept).toEqual([0, 2, 3, 4]);
    expect(cache.usedBytes).toBe(CAPACITY_BYTES / 2);
  });

  test('does not keep a block that would take more than a quarter', () => {
    const cache = makeCache(2000);
    const handle = makeHandle(1);
    cache.publishOversized(new Uint8Array(CAPACITY_BYTES / 4), handle, 0);
    cache.publishOversized(new Uint8Array(CAPACITY_BYTES / 4 + 1), handle, 1);
    expect(cache.oversized.get(handle, 0)).toHaveLength(CAPACITY_BYTES / 4);
    expect(cache.oversized.get(handle, 1)).toBeUndefined();
  });

  test('counts a block that two readers loaded at the same time once', () => {
    const cache = makeCache(2000);
    const handle = makeHandle(1);
    cache.publishOversized(new Uint8Array(100), handle, 0);
    cache.publishOversized(new Uint8Array(100), handle, 0);
    expect(cache.usedBytes).toBe(100);
  });

  test('takes its memory from the slots', () => {
    const cache = makeCache(100);
    const handle = makeHandle(1);
    for (let index = 0; index < 100; index++) load(cache, handle, index);
    cache.publishOversized(new Uint8Array(20 * SLOT_SIZE_BYTES), handle, 150);
    expect(cachedBlocks(handle)).toHaveLength(80);
    expect(cache.usedBytes).toBe(100 * SLOT_SIZE_BYTES);
  });
});

describe('The slab of a BlockCache', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test('is made when the first slot is taken; memory charged before leaves fewer slots', () => {
    const cache = makeCache(100);
    cache.charge(30 * SLOT_SIZE_BYTES);
    expect(cache.bytes).toHaveLength(0);
    const handle = makeHandle(1);
    for (let index = 0; index < BLOCK_COUNT; index++) load(cache, handle, index);
    expect(cache.bytes).toHaveLength(100 * SLOT_SIZE_BYTES);
    expect(cachedBlocks(handle)).toHaveLength(70);
  });

  test('is given back when every table is closed', () => {
    const cache = makeCache();
    const handle = makeHandle(1);
    load(cache, handle, 3);
    cache.dropTable(handle);
    cache.release();
    expect(cache.bytes).toHaveLength(0);
    expect(cache.usedBytes).toBe(0);
  });

  test('P7: for which there is no memory makes taking a slot fail with BUSY, and a later one succeeds', () => {
    const cache = makeCache(100);
    const noMemory = function noMemory(): never {
      throw new RangeError('Array buffer allocation failed');
    };
    vi.stubGlobal('ArrayBuffer', noMemory);
    expect(() => cache.takeSlot()).toThrow(expect.objectContaining({ code: 'BUSY' }));
    vi.unstubAllGlobals();
    expect(cache.takeSlot()).toBe(0);
    expect(cache.bytes).toHaveLength(100 * SLOT_SIZE_BYTES);
  });
});

describe('BlockCache of several GiB', () => {
  const GIB = 2 ** 30;
  const MIB = 2 ** 20;

  test.each([3, 4, 6, 64])('keeps oversized blocks with a budget of %i GiB', (gib) => {
    // The memory is reserved, not used: pages come when they are first touched.
    const cache = new BlockCache({ capacityBytes: gib * GIB, slotSizeBytes: MIB });
    const handle = makeHandle(1);
    cache.publishOversized(new Uint8Array(MIB + 1), handle, 0);
    expect(cache.oversized.get(handle, 0)).toHaveLength(MIB + 1);
  });

  test('uses every slot of a slab of 3 GiB', () => {
    const cache = new BlockCache({ capacityBytes: 3 * GIB, slotSizeBytes: MIB });
    const handle = makeHandle(1, 4000);
    for (let index = 0; index < 3 * 1024; index++) {
      const slot = cache.takeSlot();
      cache.bytes[slot * MIB] = index & 0xff;
      cache.publish(slot, handle, index);
    }
    expect(cachedBlocks(handle)).toHaveLength(3 * 1024);
    const slot = handle.blockSlots[3000]!;
    expect(cache.bytes[slot * MIB]).toBe(3000 & 0xff);
  });
});
