// Comparing, searching and copying ranges of bytes.
//
// Every range is a buffer with a start and an end, never a view: making a view costs more than
// comparing two short keys, and keys are compared several times per operation. Bytes are unsigned.
// Ranges must lie inside their buffers; this is not checked here, because these functions are the
// inner loop of every search.

import { assert } from './assert.js';

/**
 * From this many bytes on, `set` beats a byte loop, although it needs a view. Measured, loop
 * against `set`: 48 bytes 0.028 and 0.045 µs, 80 bytes the same, 256 bytes 0.15 and 0.046.
 */
const VIEW_COPY_SIZE_BYTES_MIN = 80;

/**
 * From this many bytes on, equal bytes are stepped over four at a time. Measured for keys that
 * differ near their end: 16 bytes 0.013 µs one at a time, 64 bytes 0.048 against 0.027, 1 KiB 0.76
 * against 0.39; eight at a time is slower, and between 24 and 31 bytes an early difference is found
 * later than byte by byte.
 */
const WIDE_COMPARE_SIZE_BYTES_MIN = 32;

/**
 * Orders two ranges by unsigned bytes, a prefix before what it starts: below 0, 0 or above 0.
 * O(common prefix).
 */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const length = Math.min(aLength, bLength);
  let index =
    length < WIDE_COMPARE_SIZE_BYTES_MIN ? 0 : equalQuadsEnd(a, aStart, b, bStart, length);
  for (; index < length; index++) {
    const difference = a[aStart + index] - b[bStart + index];
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** {@link compareBytes} over two whole buffers, as a comparator for `sort`. */
export function compareWhole(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

/** Whether two ranges hold the same bytes. O(common prefix); O(1) when their lengths differ. */
export function equalBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): boolean {
  const length = aEnd - aStart;
  if (length !== bEnd - bStart) return false;
  let index =
    length < WIDE_COMPARE_SIZE_BYTES_MIN ? 0 : equalQuadsEnd(a, aStart, b, bStart, length);
  for (; index < length; index++) {
    if (a[aStart + index] !== b[bStart + index]) return false;
  }
  return true;
}

/** How many bytes two ranges have in common from their start on. */
export function commonPrefixLength(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart;
  const bLength = bEnd - bStart;
  const length = Math.min(aLength, bLength);
  let index =
    length < WIDE_COMPARE_SIZE_BYTES_MIN ? 0 : equalQuadsEnd(a, aStart, b, bStart, length);
  while (index < length && a[aStart + index] === b[bStart + index]) index++;
  return index;
}

/**
 * Copies `source[sourceStart, sourceEnd)` to `target` at `targetOffset`. Requires: the ranges do
 * not overlap. A short copy allocates nothing.
 */
export function copyBytes(
  source: Uint8Array,
  sourceStart: number,
  sourceEnd: number,
  target: Uint8Array,
  targetOffset: number,
): void {
  const length = sourceEnd - sourceStart;
  if (length >= VIEW_COPY_SIZE_BYTES_MIN) {
    if (source === target) target.copyWithin(targetOffset, sourceStart, sourceEnd);
    else if (length === source.length) target.set(source, targetOffset);
    else
      target.set(
        new Uint8Array(source.buffer, source.byteOffset + sourceStart, length),
        targetOffset,
      );
    return;
  }
  const distance = targetOffset - sourceStart;
  for (let offset = sourceStart; offset < sourceEnd; offset++) {
    target[offset + distance] = source[offset];
  }
}

/**
 * Gives the shortest `s` with `a <= s < b`, as a new buffer: it stands between two blocks of an
 * index and need not be a key. Requires: `a < b`, which is checked.
 */
export function shortestSeparator(a: Uint8Array, b: Uint8Array): Uint8Array {
  assert(compareWhole(a, b) < 0, 'shortestSeparator: a must be before b');
  const shared = commonPrefixLength(a, 0, a.length, b, 0, b.length);
  if (shared + 1 >= a.length) return a.slice();
  // One byte after the shared prefix is enough if a value fits between, or if `b` goes on after it.
  if (a[shared] + 1 < b[shared]) return raisedPrefix(a, shared);
  if (shared + 1 < b.length) return b.slice(0, shared + 1);
  // `b` is the shared prefix and the byte after a's, so what is before it starts like `a`.
  for (let index = shared + 1; index + 1 < a.length; index++) {
    if (a[index] < 0xff) return raisedPrefix(a, index);
  }
  return a.slice();
}

/** The bytes up to and including `lastIndex`, the last of them one higher. */
function raisedPrefix(bytes: Uint8Array, lastIndex: number): Uint8Array {
  const prefix = bytes.slice(0, lastIndex + 1);
  prefix[lastIndex]++;
  return prefix;
}

/** How many bytes of two ranges of `length` bytes are equal, counted in whole groups of four. */
function equalQuadsEnd(
  a: Uint8Array,
  aStart: number,
  b: Uint8Array,
  bStart: number,
  length: number,
): number {
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    const p = aStart + index;
    const q = bStart + index;
    const difference =
      (a[p] ^ b[q]) | (a[p + 1] ^ b[q + 1]) | (a[p + 2] ^ b[q + 2]) | (a[p + 3] ^ b[q + 3]);
    if (difference !== 0) break;
  }
  return index;
}
