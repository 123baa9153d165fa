// The oracle of the exhaustive drivers: every batch ever issued, how far each is known to hold, and what may be found.
//
// Batch number i puts its marker `batch/i`, sets a few of a small number of keys and removes one. The markers that are
// found say exactly which batches were recovered; the whole state must then be the fold of those. Which may be there:
//   - up to the last one found, every batch that is not doubtful (a prefix of the commit order);
//   - every batch that was acknowledged as durable, or at all if only the process died;
//   - a doubtful one in its place or not at all; one that was never issued never.

import { createRandom, type Random } from '@varve/base';

/**
 * How far a batch is known to hold. `'acknowledged'`: it survives the process. `'durable'`: also a power loss. `'doubtful'`:
 * it was rejected, or the system gave up the only copy of it that a reopening could find.
 */
export type Standing = 'issued' | 'doubtful' | 'acknowledged' | 'durable';

/** What a batch does to one key. */
export type BatchEntry =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'del'; readonly key: string };

/** One atomic write. */
export interface IssuedBatch {
  readonly index: number;
  readonly entries: readonly BatchEntry[];
  standing: Standing;
}

/** The standings at one moment; what may be found after a crash at that moment follows from them. */
export interface Bounds {
  readonly standings: readonly Standing[];
  /** Batches that must be found unless they are doubtful. */
  readonly certainCount: number;
}

/** Keys and values of a database. */
export type Content = ReadonlyMap<string, string>;

const KEY_COUNT = 60;
const MARKER_PREFIX = 'batch/';
const INDEX_DIGITS = 6;

/** See the head of this file. */
export class BatchLog {
  readonly #random: Random;
  readonly #batches: IssuedBatch[] = [];

  constructor(seed: number) {
    this.#random = createRandom(seed);
  }

  /** Makes the next batch; its values have about `valueSizeBytes`. Each has as many entries as the others. */
  issue(valueSizeBytes: number): IssuedBatch {
    const index = this.#batches.length;
    const puts = Array.from({ length: 3 }, () => this.#put(index, valueSizeBytes));
    const entries: BatchEntry[] = [
      { type: 'put', key: markerOf(index), value: String(index) },
      ...puts,
      { type: 'del', key: this.#key() },
    ];
    const batch: IssuedBatch = { index, entries, standing: 'issued' };
    this.#batches.push(batch);
    return batch;
  }

  /** The numbers of all batches. */
  issuedIndexes(): number[] {
    return this.#batches.map(({ index }) => index);
  }

  /** A batch that was acknowledged, each time another one; undefined if there is none. */
  acknowledgedIndex(): number | undefined {
    const indexes = this.#batches
      .filter(({ standing }) => standing === 'acknowledged' || standing === 'durable')
      .map(({ index }) => index);
    return indexes[this.#random.below(indexes.length + 1)];
  }

  /**
   * The sync of a log failed: what it was to cover the system may have given up, with all that was acknowledged on the
   * word of the system alone.
   */
  doubtUnsynced(): void {
    const durableCount = this.#batches.findLastIndex(({ standing }) => standing === 'durable') + 1;
    for (const batch of this.#batches.slice(durableCount)) {
      if (batch.standing === 'acknowledged') batch.standing = 'doubtful';
    }
  }

  /** What may be found after a crash now, of the process alone or of the machine. */
  bounds(extent: 'process' | 'machine'): Bounds {
    const standings = this.#batches.map(({ standing }) => standing);
    const isCertain = (standing: Standing): boolean =>
      standing === 'durable' || (extent === 'process' && standing === 'acknowledged');
    return { standings, certainCount: standings.findLastIndex(isCertain) + 1 };
  }

  /** The state that the batches make. */
  fold(present: readonly number[]): Map<string, string> {
    const state = new Map<string, string>();
    for (const index of present) {
      for (const entry of this.#batches[index]!.entries) {
        if (entry.type === 'put') state.set(entry.key, entry.value);
        else state.delete(entry.key);
      }
    }
    return state;
  }

  /** Says what is wrong with the content found; null if it is the fold of the batches whose markers are there. */
  refuteContent(found: Content): string | null {
    const present = presentIn(found);
    const unknown = present.find((index) => this.#batches[index] === undefined);
    if (unknown !== undefined) return `found batch ${unknown}, which was never issued`;
    return firstDifference(this.fold(present), found);
  }

  #put(index: number, valueSizeBytes: number): BatchEntry {
    let text = `${index}:`;
    while (text.length < valueSizeBytes) text += this.#random.u32().toString(36);
    return { type: 'put', key: this.#key(), value: text };
  }

  #key(): string {
    return `key/${String(this.#random.below(KEY_COUNT)).padStart(3, '0')}`;
  }
}

/** The key that only this batch sets. */
export function markerOf(index: number): string {
  return `${MARKER_PREFIX}${String(index).padStart(INDEX_DIGITS, '0')}`;
}

/** The batches whose markers are in the content, ascending. */
export function presentIn(found: Content): number[] {
  const markers = [...found.keys()].filter((key) => key.startsWith(MARKER_PREFIX));
  return markers.map((key) => Number(key.slice(MARKER_PREFIX.length))).sort((a, b) => a - b);
}

/** Says why exactly these batches must not be found; null if they may be. */
export function refutePresence(present: readonly number[], bounds: Bounds): string | null {
  const { standings, certainCount } = bounds;
  const isPresent = new Set(present);
  const foundCount = (present.at(-1) ?? -1) + 1;
  if (foundCount > standings.length) return `found batch ${foundCount - 1} before it was issued`;
  for (let index = 0; index < Math.max(foundCount, certainCount); index++) {
    if (isPresent.has(index) || standings[index] === 'doubtful') continue;
    const why =
      index < certainCount ? `batch ${certainCount - 1} is certain` : 'a later one is there';
    return `expected prefix >= batch ${certainCount - 1}, recovered up to batch ${foundCount - 1}: batch ${index} (${standings[index]}) is missing, but ${why}`;
  }
  return null;
}

/** Names the first key that differs; null when there is none. */
export function firstDifference(wanted: Content, found: Content): string | null {
  for (const key of [...new Set([...wanted.keys(), ...found.keys()])].sort()) {
    const [want, got] = [wanted.get(key), found.get(key)];
    if (want !== got) return `first difference: key ${key}, want ${shown(want)}, got ${shown(got)}`;
  }
  return null;
}

function shown(value: string | undefined): string {
  if (value === undefined) return 'nothing';
  return `"${value.slice(0, 12)}…" (${value.length} characters)`;
}
