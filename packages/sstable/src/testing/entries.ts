// Random entries for tests, and the answers a table of them must give, worked out the slow way.

import { compareWhole, EntryKind, type Random } from '@varve/base';

/** One version of one key. */
export interface Entry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly sequence: number;
  readonly kind: number;
}

/** The shape of {@link randomEntries}. */
export interface EntryShape {
  readonly entryCount: number;
  /** Keys are drawn from this many; fewer than entries gives several versions of a key. */
  readonly keyCount: number;
  readonly valueSizeBytesMax: number;
  /** Sequences are drawn from `[sequenceBase, sequenceBase + sequenceSpan)`. */
  readonly sequenceBase?: number;
  readonly sequenceSpan?: number;
}

const EMPTY = new Uint8Array(0);

/**
 * Gives entries in the order of a table, with some tombstones, no two alike in key and sequence.
 */
export function randomEntries(random: Random, shape: EntryShape): Entry[] {
  const keys = Array.from({ length: shape.keyCount }, () => randomKey(random));
  const entries = new Map<string, Entry>();
  for (let count = 0; count < shape.entryCount; count++) {
    const key = keys[random.below(shape.keyCount)];
    const span = shape.sequenceSpan ?? 1000;
    const sequence = (shape.sequenceBase ?? 0) + Math.floor(random.float() * span);
    const isDelete = random.below(8) === 0;
    const value = isDelete ? EMPTY : randomBytes(random, random.below(shape.valueSizeBytesMax + 1));
    const kind = isDelete ? EntryKind.delete : EntryKind.put;
    entries.set(`${key.join()}/${sequence}`, { key, value, sequence, kind });
  }
  return [...entries.values()].sort(compareEntries);
}

/** The order of entries: key ascending, then sequence descending. */
export function compareEntries(a: Entry, b: Entry): number {
  return compareWhole(a.key, b.key) || b.sequence - a.sequence;
}

/** Whether two entries are equal in every respect. */
export function isSame(a: Entry, b: Entry): boolean {
  return compareEntries(a, b) === 0 && a.kind === b.kind && compareWhole(a.value, b.value) === 0;
}

/**
 * A key of 0 to 6 bytes of a small alphabet, so that keys share prefixes and are prefixes of
 * others.
 */
export function randomKey(random: Random): Uint8Array {
  return Uint8Array.from({ length: random.below(7) }, () => [0, 1, 97, 98, 255][random.below(5)]);
}

/** Bytes that do not compress. */
export function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  random.fill(bytes);
  return bytes;
}

/** The index of the newest version of `key` that is not newer than `sequence`, or -1. */
export function newestVisible(
  entries: readonly Entry[],
  key: Uint8Array,
  sequence: number,
): number {
  return entries.findIndex(
    (entry) => compareWhole(entry.key, key) === 0 && entry.sequence <= sequence,
  );
}

/** The index of the first entry whose key is not before `key`, or the number of entries. */
export function firstNotBefore(entries: readonly Entry[], key: Uint8Array): number {
  const found = entries.findIndex((entry) => compareWhole(entry.key, key) >= 0);
  return found < 0 ? entries.length : found;
}
