/** What classic-level, memory-level and the RocksDB binding share: the interface of abstract-level. */

import type { ScanRange } from './engine.js';
import { ENTRIES_PER_FETCH_MAX, type Visit } from './peer.js';

/** Options of an iterator for a range. */
export interface LevelRange {
  gte?: Buffer;
  lte?: Buffer;
  reverse?: boolean;
  limit?: number;
}

/** An iterator that gives arrays of entries. */
export interface LevelIterator {
  nextv(size: number): Promise<[Uint8Array, Uint8Array][]>;
  close(): Promise<void>;
}

/** `range` in the words of abstract-level. */
export function levelRange({ from, limit, reverse = false }: ScanRange): LevelRange {
  const bound = reverse ? 'lte' : 'gte';
  return {
    reverse,
    ...(from && { [bound]: from }),
    ...(limit !== undefined && { limit }),
  };
}

/**
 * Visits all of `iterator`, closes it, and gives how many entries there were. By `nextv`, which crosses to the native side
 * once for many entries: the fastest way abstract-level has.
 */
export async function scanByArrays(
  iterator: LevelIterator,
  { limit = Infinity, visit }: { limit?: number | undefined; visit?: Visit | undefined },
): Promise<number> {
  let entryCount = 0;
  while (entryCount < limit) {
    const entries = await iterator.nextv(Math.min(limit - entryCount, ENTRIES_PER_FETCH_MAX));
    if (entries.length === 0) break;
    entryCount += entries.length;
    if (visit) for (const [key, value] of entries) visit(key, value);
  }
  await iterator.close();
  return entryCount;
}

/** Counts entries as a program would walk over them. */
export async function countEntries(entries: AsyncIterable<unknown>): Promise<number> {
  let entryCount = 0;
  for await (const _entry of entries) entryCount += 1;
  return entryCount;
}
