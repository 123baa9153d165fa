// What is salvaged from: sorted runs of entries, read a block at a time, and their merge.

import { compareWhole, EntryKind } from '@varve/base';

/** One version of a key. The bytes stay as they are until the next entry is asked for. */
export interface SalvagedEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly sequence: number;
  readonly kind: number;
}

/** Entries by key ascending, and of one key by sequence descending. */
export interface SalvageSource {
  /** Among equal sequences the source with the highest rank counts: compaction drops sequences, and its file is newer. */
  readonly rank: number;
  readonly firstKey: Uint8Array;
  /** Opens nothing before the first entry is asked for. */
  entries(): Iterator<SalvagedEntry>;
}

/** A source of entries that are in memory. Requires: at least one. */
export function memorySource(entries: SalvagedEntry[], rank: number): SalvageSource {
  entries.sort((a, b) => compareWhole(a.key, b.key) || b.sequence - a.sequence);
  return { rank, firstKey: entries[0]!.key, entries: () => entries.values() };
}

interface RunningSource {
  readonly rank: number;
  readonly entries: Iterator<SalvagedEntry>;
  entry: SalvagedEntry;
}

/**
 * Gives the newest version of every key that is not deleted. A source is started when its first key is due, so that few
 * blocks are in memory at a time.
 */
export function* mergeSources(sources: readonly SalvageSource[]): Generator<SalvagedEntry, void> {
  const waiting = [...sources].sort((a, b) => compareWhole(b.firstKey, a.firstKey));
  let running: RunningSource[] = [];
  while (waiting.length > 0 || running.length > 0) {
    startDue(waiting, running);
    if (running.length === 0) return;
    const newest = running.reduce((best, source) => (precedes(source, best) ? source : best));
    const { key, kind } = newest.entry;
    const kept = { ...newest.entry, key: key.slice(), value: newest.entry.value.slice() };
    running = running.filter((source) => stepsPast(source, kept.key));
    if (kind === EntryKind.put) yield kept;
  }
}

/** Starts every source that begins at or before the smallest key there is. */
function startDue(waiting: SalvageSource[], running: RunningSource[]): void {
  while (waiting.length > 0) {
    const next = waiting.at(-1)!;
    const isDue =
      running.length === 0 ||
      running.some(({ entry }) => compareWhole(next.firstKey, entry.key) <= 0);
    if (!isDue) return;
    waiting.pop();
    const entries = next.entries();
    const first = entries.next();
    if (first.done !== true) running.push({ rank: next.rank, entries, entry: first.value });
  }
}

function precedes(a: RunningSource, b: RunningSource): boolean {
  const order = compareWhole(a.entry.key, b.entry.key);
  if (order !== 0) return order < 0;
  return (b.entry.sequence - a.entry.sequence || b.rank - a.rank) < 0;
}

/** Steps over every version of a key. False at the end of the source. */
function stepsPast(source: RunningSource, key: Uint8Array): boolean {
  while (compareWhole(source.entry.key, key) === 0) {
    const next = source.entries.next();
    if (next.done === true) return false;
    source.entry = next.value;
  }
  return true;
}
