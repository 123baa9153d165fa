// The oracle: every batch since the database was opened, in the order in which they were issued, and how far each is known to
// hold. The engine gives sequence numbers in that order, so it is the commit order.
//
// Every batch also sets one reserved key to its own number. Whoever sees that key knows which batch was the last, and the
// whole state must then be the fold of the batches up to it. After a crash or an error:
//   - every batch up to the last one found is there, except that a rejected one may be missing, as a whole;
//   - so may one with durability 'none' that no flush has covered;
//   - the last one found is not before the last that was acknowledged as durable, or at all if only the process died.
// While it runs, a read shows the state after some batch between the last that was known to be visible when it began and
// the last that was issued when it ended; what it shows must not be rejected afterwards.

import type { Durability } from '@varve/engine';
import { shown } from '../model-test/keys.js';
import { KeyspaceModel, type TextEntry, type TextRange } from '../model-test/model.js';

/** How far a batch is known to hold. `'acknowledged'`: it survives the process. `'durable'`: also a power loss. */
export type Standing = 'issued' | 'rejected' | 'acknowledged' | 'durable';

/** What a batch does to one key; `value` undefined removes it. */
export interface BatchEntry {
  readonly key: string;
  readonly value: string | undefined;
}

/** One atomic write. */
export interface Batch {
  readonly index: number;
  /** The last one is the reserved key. */
  readonly entries: readonly BatchEntry[];
  readonly durability: Durability;
  standing: Standing;
}

/** Keys and values of a database. */
export type Content = ReadonlyMap<string, string>;

/** The standings at one moment; what may be found after a crash at that moment follows from them. */
export interface Bounds {
  readonly base: Content;
  readonly firstIndex: number;
  readonly batches: readonly Batch[];
  readonly standings: readonly Standing[];
  /** Index of the last batch that must be found; one less than the first if none must. */
  readonly certainIndex: number;
  /** Batches up to this one are in tables. */
  readonly flushedIndex: number;
}

/** Outside the alphabet of all other keys. */
export const RESERVED_KEY = '\u0100last';

/** The value of the reserved key that a batch sets: it occurs nowhere else in a file. */
export function markerOf(index: number): string {
  return `\u0002${index}\u0003`;
}

/** See the head of this file. */
export class History {
  #base: Content = new Map();
  #firstIndex = 0;
  #batches: Batch[] = [];
  #model = new KeyspaceModel('default');
  /** Everything up to this batch is visible. */
  #visibleIndex = -1;
  #flushedIndex = -1;
  #shownIndexes = new Set<number>();

  /** Number of the last batch issued. */
  get lastIndex(): number {
    return this.#firstIndex + this.#batches.length - 1;
  }

  /** The last batch that is known to be visible to reads. */
  get visibleIndex(): number {
    return this.#visibleIndex;
  }

  /** Puts a batch at the end, before the engine is asked for it. */
  issue(entries: readonly BatchEntry[], durability: Durability): Batch {
    const index = this.lastIndex + 1;
    const reserved = { key: RESERVED_KEY, value: markerOf(index) };
    const batch: Batch = { index, entries: [...entries, reserved], durability, standing: 'issued' };
    for (const { key, value } of batch.entries) this.#model.set(key, index, value);
    this.#batches.push(batch);
    return batch;
  }

  acknowledge(batch: Batch): void {
    if (batch.standing === 'durable') return;
    batch.standing = batch.durability === 'always' ? 'durable' : 'acknowledged';
    this.#visibleIndex = Math.max(this.#visibleIndex, batch.index);
  }

  /** Says what is wrong with rejecting it; null if nothing is. */
  reject(batch: Batch): string | null {
    if (batch.standing === 'durable') {
      return `batch ${batch.index} was rejected after a flush or a later acknowledgement covered it`;
    }
    batch.standing = 'rejected';
    for (const { key } of batch.entries) this.#model.forget(key, batch.index);
    if (!this.#shownIndexes.has(batch.index)) return null;
    return `batch ${batch.index} was shown by a read and rejected afterwards`;
  }

  /** Everything issued up to this batch and not rejected is in tables, durably. */
  noteFlushed(index: number): void {
    this.#flushedIndex = Math.max(this.#flushedIndex, index);
    for (const batch of this.#batches) {
      if (batch.index > index) break;
      if (batch.standing === 'rejected') continue;
      batch.standing = 'durable';
      this.#visibleIndex = Math.max(this.#visibleIndex, batch.index);
    }
  }

  /** What may be found after a crash now, of the process alone or of the machine. */
  bounds(extent: 'process' | 'machine'): Bounds {
    const batches = [...this.#batches];
    const certain = batches.findLast(
      ({ standing, durability }) =>
        standing === 'durable' ||
        (extent === 'process' && standing === 'acknowledged' && durability !== 'none'),
    );
    return {
      base: this.#base,
      firstIndex: this.#firstIndex,
      batches,
      standings: batches.map(({ standing }) => standing),
      certainIndex: certain?.index ?? this.#firstIndex - 1,
      flushedIndex: this.#flushedIndex,
    };
  }

  /** Begins anew with what was found. */
  rebase(found: Content): void {
    const lastIndex = this.lastIndex;
    this.#firstIndex = lastIndex + 1;
    this.#base = found;
    this.#batches = [];
    this.#visibleIndex = lastIndex;
    this.#flushedIndex = lastIndex;
    this.#shownIndexes = new Set();
    this.#model = new KeyspaceModel('default');
    for (const [key, value] of found) this.#model.set(key, lastIndex, value);
  }

  /** The batch that this value of the reserved key stands for; undefined if it cannot be. */
  indexOf(marker: string | undefined): number | undefined {
    return lastIndexOf(marker, { base: this.#base, firstIndex: this.#firstIndex });
  }

  /** What is in a range after a batch. */
  entriesAt(index: number, range: TextRange = {}): TextEntry[] {
    return this.#model.entries(index, range);
  }

  /** What a key held after a batch. */
  valueAt(key: string, index: number): string | undefined {
    return this.#model.get(key, index);
  }

  /** Says what is wrong with a value that a read gave which began when `floor` was visible; null if nothing is. */
  refuteValue(key: string, value: string | undefined, floor: number): string | null {
    for (let index = floor; index <= this.lastIndex; index++) {
      if (this.#model.get(key, index) !== value) continue;
      this.noteShown(index);
      return null;
    }
    const wanted = shown(this.#model.get(key, floor));
    return `get ${shown(key)} gave ${shown(value)}, which it had after none of the batches ${floor} to ${this.lastIndex}; after ${floor} it had ${wanted}`;
  }

  /** As `refuteValue`, of a scan. */
  refuteScan(entries: readonly TextEntry[], range: TextRange, floor: number): string | null {
    for (let index = floor; index <= this.lastIndex; index++) {
      if (firstOddEntry(this.entriesAt(index, range), entries) !== null) continue;
      this.noteShown(index);
      return null;
    }
    const odd = firstOddEntry(this.entriesAt(floor, range), entries);
    return `a scan gave the state after none of the batches ${floor} to ${this.lastIndex}; after ${floor}: ${odd}`;
  }

  /** A read has shown the state after this batch. */
  noteShown(index: number): void {
    if (index <= this.#visibleIndex) return;
    this.#visibleIndex = index;
    this.#shownIndexes.add(index);
  }

  /** The batch of this number, unless it is from before the database was opened. */
  batchAt(index: number): Batch | undefined {
    return this.#batches[index - this.#firstIndex];
  }
}

/** Says what is wrong with what was found after a crash; null if it is permitted. */
export function refuteRecovered(found: Content, bounds: Bounds): string | null {
  const { base, firstIndex, batches, standings, certainIndex, flushedIndex } = bounds;
  const last = lastIndexOf(found.get(RESERVED_KEY), bounds);
  if (last === undefined || last >= firstIndex + batches.length) {
    return `found ${shown(found.get(RESERVED_KEY))} as the last batch, which was never issued`;
  }
  if (last < certainIndex) {
    return `expected prefix >= batch ${certainIndex} (${standings[certainIndex - firstIndex]}), recovered prefix = ${last}`;
  }
  const judged = new Map<string, string | undefined>();
  for (let index = last; index >= firstIndex; index--) {
    const { entries, durability } = batches[index - firstIndex]!;
    const final = new Map(entries.map(({ key, value }) => [key, value]));
    const odd = [...final].find(([key, value]) => !judged.has(key) && found.get(key) !== value);
    const isOptional =
      standings[index - firstIndex] === 'rejected' ||
      (durability === 'none' && index > flushedIndex);
    if (odd !== undefined && isOptional && index < last) continue;
    if (odd !== undefined) return different(odd, found, `batch ${index}, of ${last}`);
    for (const [key, value] of final) if (!judged.has(key)) judged.set(key, value);
  }
  for (const entry of base) {
    if (!judged.has(entry[0]) && found.get(entry[0]) !== entry[1]) {
      return different(entry, found, `before batch ${firstIndex}, of ${last}`);
    }
  }
  for (const key of found.keys()) {
    if (judged.has(key) || base.has(key)) continue;
    return different([key, undefined], found, `never set, of ${last}`);
  }
  return null;
}

function different(
  [key, value]: readonly [string, string | undefined],
  found: Content,
  of: string,
): string {
  return `first difference: key ${shown(key)}, want ${shown(value)} (${of}), got ${shown(found.get(key))}`;
}

function lastIndexOf(
  marker: string | undefined,
  { base, firstIndex }: Pick<Bounds, 'base' | 'firstIndex'>,
): number | undefined {
  if (marker === base.get(RESERVED_KEY)) return firstIndex - 1;
  const index = Number(marker?.slice(1, -1));
  return Number.isInteger(index) && index >= firstIndex ? index : undefined;
}

/** Names the first place in which two lists of entries differ; null when there is none. */
export function firstOddEntry(
  wanted: readonly TextEntry[],
  found: readonly TextEntry[],
): string | null {
  for (let place = 0; place < Math.max(wanted.length, found.length); place++) {
    const [want, got] = [wanted[place], found[place]];
    if (want?.[0] === got?.[0] && want?.[1] === got?.[1]) continue;
    return `entry ${place}: want ${shownEntry(want)}, got ${shownEntry(got)}`;
  }
  return null;
}

function shownEntry(entry: TextEntry | undefined): string {
  return entry === undefined ? 'the end' : `${shown(entry[0])} = ${shown(entry[1])}`;
}
