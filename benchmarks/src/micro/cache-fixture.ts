/** A block cache and a table in memory to fill it from. */
import { type BlockCache, rooms, type TableHandle } from './rooms.js';
import { tableOf } from './table-fixture.js';

/** Size of a slot of the cache. */
export const SLOT_SIZE_BYTES = 4096;

/** Entries of 16 + 100 bytes in a block of 4 KiB, rounded up so that a table has the blocks asked for. */
const ENTRIES_PER_BLOCK = 34;

/** Gives a handle of a table with at least `blockCount` blocks. */
export async function handleOf(blockCount: number): Promise<TableHandle> {
  const { TableHandle } = await rooms.tables();
  const reader = await tableOf(blockCount * ENTRIES_PER_BLOCK);
  return new TableHandle({ fileNumber: 7, tableId: new Uint8Array(16), sizeBytes: 0 }, reader);
}

/** Gives an empty cache of `slotCount` slots; it has at least 64. */
export async function cacheOf(slotCount: number): Promise<BlockCache> {
  const { BlockCache } = await rooms.tables();
  return new BlockCache({
    capacityBytes: slotCount * SLOT_SIZE_BYTES,
    slotSizeBytes: SLOT_SIZE_BYTES,
  });
}
