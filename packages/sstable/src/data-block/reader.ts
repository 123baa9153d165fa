// Reads a data block where it lies: format.ts has the layout.
//
// Functions over (block, base) instead of an object: a block is a range of a cache's memory, `base`
// is where it starts there, and a lookup must not allocate. Nothing is checked here. Every block is
// checked once by validate.ts when it is read from its file, so that these functions stay inside
// it.
//
// Offsets returned are absolute in `block`; `entryIndex` counts from 0 and must be below the entry
// count.

import { equalBytes, readU16, readU32 } from '@varve/base';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  columnsSize,
  DATA_BLOCK_HEADER_SIZE_BYTES,
  endWidth,
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAG_FINGERPRINTS,
  FLAG_KINDS,
  FLAGS_OFFSET,
  fingerprintOf,
  fingerprintWidth,
  keyEndCount,
  kindWidth,
  sequenceWidth,
  valueEndCount,
} from './format.js';

const TWO_TO_32 = 0x1_0000_0000;

/** Gives how many entries a block has. */
export function entryCountOf(block: Uint8Array, base: number): number {
  return readU32(block, base);
}

/**
 * Finds the newest version of exactly `key[start, end)`, whose `hashKey()` is `hash`, that is not
 * newer than `sequence`. Gives its entry index, or -1 if this block has none.
 */
export function findEntry(
  block: Uint8Array,
  base: number,
  key: Uint8Array,
  start: number,
  end: number,
  sequence: number,
  hash: number,
): number {
  if ((block[base + FLAGS_OFFSET] & FLAG_FINGERPRINTS) !== 0) {
    return findByFingerprint(block, base, key, start, end, sequence, fingerprintOf(hash));
  }
  const found = search(block, base, key, start, end, sequence);
  return found < 0 ? -1 : found;
}

/**
 * Finds the first entry whose key is `key[start, end)` or after it; the entry count if there is
 * none.
 */
export function lowerBound(
  block: Uint8Array,
  base: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const found = search(block, base, key, start, end, Infinity);
  return found < 0 ? ~found : found;
}

/** Gives where the key of an entry starts. */
export function keyStart(block: Uint8Array, base: number, entryIndex: number): number {
  return keysOffset(block, base) + (entryIndex === 0 ? 0 : readKeyEnd(block, base, entryIndex - 1));
}

/** Gives where the key of an entry ends. */
export function keyEnd(block: Uint8Array, base: number, entryIndex: number): number {
  return keysOffset(block, base) + readKeyEnd(block, base, entryIndex);
}

/** Gives where the value of an entry starts. */
export function valueStart(block: Uint8Array, base: number, entryIndex: number): number {
  const values = valuesOffset(block, base);
  return entryIndex === 0 ? values : values + readValueEnd(block, base, entryIndex - 1);
}

/** Gives where the value of an entry ends. */
export function valueEnd(block: Uint8Array, base: number, entryIndex: number): number {
  return valuesOffset(block, base) + readValueEnd(block, base, entryIndex);
}

/** What an entry is and where its value lies in its block. */
export interface ValuePlace {
  kind: number;
  valueStart: number;
  valueEnd: number;
}

/** As {@link kindAt}, {@link valueStart} and {@link valueEnd} together, with the header read once. */
export function locateValue(
  block: Uint8Array,
  base: number,
  entryIndex: number,
  place: ValuePlace,
): void {
  const flags = block[base + FLAGS_OFFSET];
  const entryCount = entryCountOf(block, base);
  const width = endWidth(flags);
  const keyEnds = base + DATA_BLOCK_HEADER_SIZE_BYTES + entryCount * fingerprintWidth(flags);
  const valueEnds = keyEnds + keyEndCount(flags, entryCount) * width;
  const keys = base + DATA_BLOCK_HEADER_SIZE_BYTES + columnsSize(flags, entryCount);
  const values =
    keys + endAt(block, keyEnds, entryCount - 1, width, flags & FLAG_EQUAL_KEY_LENGTHS);
  const isEqual = flags & FLAG_EQUAL_VALUE_LENGTHS;
  const kindOffset =
    (flags & FLAG_KINDS) === 0 ? base + COMMON_KIND_OFFSET : keys - entryCount + entryIndex;
  place.kind = block[kindOffset];
  place.valueStart = values + startAt(block, valueEnds, entryIndex, width, isEqual);
  place.valueEnd = values + endAt(block, valueEnds, entryIndex, width, isEqual);
}

/** Gives the sequence of an entry. */
export function sequenceAt(block: Uint8Array, base: number, entryIndex: number): number {
  const width = sequenceWidth(block[base + FLAGS_OFFSET]);
  const baseSequence = readWideNumber(block, base + BASE_SEQUENCE_OFFSET);
  if (width === 0) return baseSequence;
  const offset = sequencesOffset(block, base) + entryIndex * width;
  return baseSequence + (width === 4 ? readU32(block, offset) : readWideNumber(block, offset));
}

/** Gives the kind of an entry: a number of `EntryKind`. */
export function kindAt(block: Uint8Array, base: number, entryIndex: number): number {
  const flags = block[base + FLAGS_OFFSET];
  if ((flags & FLAG_KINDS) === 0) return block[base + COMMON_KIND_OFFSET];
  return block[kindsOffset(block, base) + entryIndex];
}

/** Gives where the fingerprints start. */
export function fingerprintsOffset(base: number): number {
  return base + DATA_BLOCK_HEADER_SIZE_BYTES;
}

/** Gives where the key ends start. */
export function keyEndsOffset(block: Uint8Array, base: number): number {
  const width = fingerprintWidth(block[base + FLAGS_OFFSET]);
  return fingerprintsOffset(base) + entryCountOf(block, base) * width;
}

/** Gives where the value ends start. */
export function valueEndsOffset(block: Uint8Array, base: number): number {
  const flags = block[base + FLAGS_OFFSET];
  const count = keyEndCount(flags, entryCountOf(block, base));
  return keyEndsOffset(block, base) + count * endWidth(flags);
}

/** Gives where the sequences start. */
export function sequencesOffset(block: Uint8Array, base: number): number {
  const flags = block[base + FLAGS_OFFSET];
  const count = valueEndCount(flags, entryCountOf(block, base));
  return valueEndsOffset(block, base) + count * endWidth(flags);
}

/** Gives where the kinds start. */
export function kindsOffset(block: Uint8Array, base: number): number {
  const flags = block[base + FLAGS_OFFSET];
  return sequencesOffset(block, base) + entryCountOf(block, base) * sequenceWidth(flags);
}

/** Gives where the keys start. */
export function keysOffset(block: Uint8Array, base: number): number {
  const flags = block[base + FLAGS_OFFSET];
  return kindsOffset(block, base) + entryCountOf(block, base) * kindWidth(flags);
}

/** Gives where the values start. Requires: the block has an entry. */
export function valuesOffset(block: Uint8Array, base: number): number {
  return keysOffset(block, base) + readKeyEnd(block, base, entryCountOf(block, base) - 1);
}

/** Reads one element of a column of ends. */
export function readEnd(block: Uint8Array, offset: number, width: number): number {
  return width === 2 ? readU16(block, offset) : readU32(block, offset);
}

/** Reads 8 bytes that are known to be a safe integer. */
export function readWideNumber(block: Uint8Array, offset: number): number {
  return readU32(block, offset + 4) * TWO_TO_32 + readU32(block, offset);
}

/**
 * Where a key or value ends, from the start of its section, by the column of ends at `column`. If `isEqual` is not 0, all
 * are as long as the first.
 */
export function endAt(
  block: Uint8Array,
  column: number,
  entryIndex: number,
  width: number,
  isEqual: number,
): number {
  if (isEqual !== 0) return readEnd(block, column, width) * (entryIndex + 1);
  return readEnd(block, column + entryIndex * width, width);
}

/** Where a key or value starts: see {@link endAt}. */
export function startAt(
  block: Uint8Array,
  column: number,
  entryIndex: number,
  width: number,
  isEqual: number,
): number {
  return entryIndex === 0 ? 0 : endAt(block, column, entryIndex - 1, width, isEqual);
}

function readKeyEnd(block: Uint8Array, base: number, entryIndex: number): number {
  const flags = block[base + FLAGS_OFFSET];
  const isEqual = flags & FLAG_EQUAL_KEY_LENGTHS;
  return endAt(block, keyEndsOffset(block, base), entryIndex, endWidth(flags), isEqual);
}

function readValueEnd(block: Uint8Array, base: number, entryIndex: number): number {
  const flags = block[base + FLAGS_OFFSET];
  const isEqual = flags & FLAG_EQUAL_VALUE_LENGTHS;
  return endAt(block, valueEndsOffset(block, base), entryIndex, endWidth(flags), isEqual);
}

/**
 * As {@link findEntry}, in a block with fingerprints. Versions of a key stand in order, the newest
 * first, so the first that fits is the one.
 */
function findByFingerprint(
  block: Uint8Array,
  base: number,
  key: Uint8Array,
  start: number,
  end: number,
  sequence: number,
  fingerprint: number,
): number {
  const entryCount = entryCountOf(block, base);
  const flags = block[base + FLAGS_OFFSET];
  const fingerprints = fingerprintsOffset(base);
  const width = endWidth(flags);
  const ends = fingerprints + entryCount;
  const keys = fingerprints + columnsSize(flags, entryCount);
  const isEqual = flags & FLAG_EQUAL_KEY_LENGTHS;
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    if (block[fingerprints + entryIndex] !== fingerprint) continue;
    const entryStart = keys + startAt(block, ends, entryIndex, width, isEqual);
    const entryEnd = keys + endAt(block, ends, entryIndex, width, isEqual);
    if (!equalBytes(block, entryStart, entryEnd, key, start, end)) continue;
    if (sequence === Infinity || sequenceAt(block, base, entryIndex) <= sequence) return entryIndex;
  }
  return -1;
}

/**
 * Finds the first entry that is not before (key, sequence) in the order of entries: its index if
 * its key is equal, else the complement (`~`) of its index.
 *
 * All entries between two entries start with the bytes those two have in common, so a comparison
 * starts behind what the key shares with both ends of the range that is left.
 */
function search(
  block: Uint8Array,
  base: number,
  key: Uint8Array,
  start: number,
  end: number,
  sequence: number,
): number {
  const flags = block[base + FLAGS_OFFSET];
  const width = endWidth(flags);
  const isEqual = flags & FLAG_EQUAL_KEY_LENGTHS;
  const ends = keyEndsOffset(block, base);
  const keys = keysOffset(block, base);
  const length = end - start;
  let low = 0;
  let high = entryCountOf(block, base);
  let lowShared = 0;
  let highShared = 0;
  let equal = -1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entryStart = keys + startAt(block, ends, middle, width, isEqual);
    const entryLength = keys + endAt(block, ends, middle, width, isEqual) - entryStart;
    const comparable = Math.min(entryLength, length);
    let shared = Math.min(lowShared, highShared);
    while (shared < comparable && block[entryStart + shared] === key[start + shared]) shared++;
    let order =
      shared < comparable ? block[entryStart + shared] - key[start + shared] : entryLength - length;
    if (order === 0) {
      if (sequenceAt(block, base, middle) <= sequence) equal = middle;
      else order = -1;
    }
    if (order < 0) {
      low = middle + 1;
      lowShared = shared;
    } else {
      high = middle;
      highShared = shared;
    }
  }
  return equal < 0 ? ~low : equal;
}
