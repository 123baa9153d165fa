/**
 * How many bytes a range takes, without reading it.
 *
 * Tables are measured by their indexes, which are in memory: whole where the range covers them, else from block to block. A
 * memtable is walked, but not far: what is in memory is small next to what is in tables, or there are no tables yet and it is
 * all there is.
 */
import { compareBytes } from '@varve/base';
import type { TableReader } from '@varve/sstable';
import type { KeyBounds } from '../iterators/index.js';
import type { TableMetadata } from '../manifest/index.js';
import type { Memtable } from '../memtable/index.js';
import type { TableStore } from '../tables/index.js';
import type { CurrentView } from '../view/index.js';

/** Entries of a memtable that are looked at; one that holds more in the range is counted whole. */
const MEMTABLE_ENTRY_COUNT_MAX = 10_000;

/** The parts of a database that are measured. */
export interface MeasuredParts {
  readonly current: CurrentView;
  readonly tables: TableStore;
}

/** Bytes that the range takes in tables, as they are stored, and in memtables. O(tables in the range). */
export function approximateSize(
  { current, tables }: MeasuredParts,
  keyspaceId: number,
  bounds: KeyBounds,
): number {
  // Measured from block to block, a range that ends before it starts would be less than nothing.
  if (isEmpty(bounds)) return 0;
  const { memtables, version } = current.view;
  let sizeBytes = 0;
  for (const memtable of memtables) sizeBytes += memtableSize(memtable, keyspaceId, bounds);
  for (const level of version.keyspaces.get(keyspaceId)?.occupiedLevels ?? []) {
    for (const table of level.tables) sizeBytes += tableSize(tables, table, bounds);
  }
  return sizeBytes;
}

function isEmpty({ lower, upper }: KeyBounds): boolean {
  return lower !== null && upper !== null && !isBefore(lower, upper);
}

function memtableSize(memtable: Memtable, keyspaceId: number, { lower, upper }: KeyBounds): number {
  if (memtable.entryCount === 0) return 0;
  const cursor = memtable.cursor(keyspaceId, memtable.lastSequence);
  if (lower === null) cursor.first();
  else cursor.seek(lower, 0, lower.length);
  let sizeBytes = 0;
  for (let count = 0; cursor.valid; count++) {
    const { keyBytes, keyOffset, keyLength, valueLength } = cursor;
    const keyEnd = keyOffset + keyLength;
    if (upper !== null && !isBefore(keyBytes.subarray(keyOffset, keyEnd), upper)) break;
    if (count === MEMTABLE_ENTRY_COUNT_MAX) return memtable.arena.usedBytes;
    sizeBytes += keyLength + valueLength;
    cursor.next();
  }
  cursor.close();
  return sizeBytes;
}

function tableSize(tables: TableStore, table: TableMetadata, { lower, upper }: KeyBounds): number {
  const { smallestKey, largestKey, sizeBytes } = table;
  if (upper !== null && !isBefore(smallestKey, upper)) return 0;
  if (lower !== null && isBefore(largestKey, lower)) return 0;
  const startsInside = lower === null || !isBefore(smallestKey, lower);
  const endsInside = upper === null || isBefore(largestKey, upper);
  if (startsInside && endsInside) return sizeBytes;
  const { reader } = tables.get(table.fileNumber);
  const start = startsInside ? 0 : blockOffset(reader, lower!);
  const end = endsInside ? blockOffset(reader, null) : blockOffset(reader, upper!);
  return end - start;
}

/** Where the block starts that can hold the key; where the last one ends for a key behind them all. */
function blockOffset(reader: TableReader, key: Uint8Array | null): number {
  const { blockCount } = reader;
  const blockIndex = key === null ? blockCount : reader.findBlock(key, 0, key.length);
  if (blockIndex < blockCount) return reader.storedOffset(blockIndex);
  return reader.storedOffset(blockCount - 1) + reader.storedLength(blockCount - 1);
}

function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, 0, a.length, b, 0, b.length) < 0;
}
