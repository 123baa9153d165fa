/**
 * Ranges of keys as users write them, turned into byte bounds.
 *
 * `gt` and `lte` become half-open bounds by appending a zero byte: nothing lies between a key and that. A prefix runs up
 * to the first byte string that does not start with it.
 */
import { type CancelSignal, checkedSignal } from '@varve/base';
import type { Encoding } from '../encoding/index.js';
import type { KeyBounds } from '../iterators/index.js';
import type { ReadSnapshot } from './snapshot.js';

/** Which entries, in which direction. All bounds given apply together. */
export interface RangeOptions<K> {
  /** Keys after this one. */
  readonly gt?: K;
  /** Keys at or after this one. */
  readonly gte?: K;
  /** Keys before this one. */
  readonly lt?: K;
  /** Keys at or before this one. */
  readonly lte?: K;
  /** Keys whose encoded bytes start with the encoded bytes of this one. */
  readonly prefix?: K;
  /** From the last to the first. @defaultValue false */
  readonly reverse?: boolean;
  /** At most this many entries; a non-negative integer, or Infinity. @defaultValue Infinity */
  readonly limit?: number;
  /** Read as of this snapshot. @defaultValue the state when iteration starts */
  readonly snapshot?: ReadSnapshot;
  /**
   * Ends the iteration when it is aborted: what is waited for and every later step are refused with ABORTED, and what the
   * range holds is given back.
   */
  readonly signal?: CancelSignal | undefined;
}

/** The bounds of a range alone. */
export type BoundsOptions<K> = Omit<RangeOptions<K>, 'reverse' | 'limit' | 'snapshot' | 'signal'>;

/** A range that has been checked and encoded. */
export interface ByteRange extends KeyBounds {
  readonly reverse: boolean;
  readonly limit: number;
  readonly snapshot: ReadSnapshot | undefined;
  readonly signal: CancelSignal | undefined;
}

/**
 * Checks and encodes a range.
 * @throws TypeError, RangeError when an option is not what it must be
 */
export function encodeRange<K>(key: Encoding<K>, range: RangeOptions<K>): ByteRange {
  let lower: Uint8Array | null = null;
  let upper: Uint8Array | null = null;
  if (range.gte !== undefined) lower = later(lower, encodeKey(key, range.gte));
  if (range.gt !== undefined) lower = later(lower, afterKey(encodeKey(key, range.gt)));
  if (range.lt !== undefined) upper = earlier(upper, encodeKey(key, range.lt));
  if (range.lte !== undefined) upper = earlier(upper, afterKey(encodeKey(key, range.lte)));
  if (range.prefix !== undefined) {
    const prefix = encodeKey(key, range.prefix);
    lower = later(lower, prefix);
    const end = afterPrefix(prefix);
    if (end !== null) upper = earlier(upper, end);
  }
  return {
    lower,
    upper,
    reverse: checkedReverse(range.reverse),
    limit: checkedLimit(range.limit),
    snapshot: range.snapshot,
    signal: range.signal === undefined ? undefined : checkedSignal(range.signal),
  };
}

/** The bytes of one key. */
export function encodeKey<K>(encoding: Encoding<K>, key: K): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(encoding.sizeBound(key));
  return bytes.subarray(0, encoding.write(key, bytes, 0));
}

/** The smallest byte string after the key. */
export function afterKey(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}

/** The smallest byte string after everything that starts with the prefix; null when there is none. */
export function afterPrefix(prefix: Uint8Array): Uint8Array | null {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return null;
  // Not slice(): that of a Buffer is a view, and the prefix is also the lower bound.
  const after = new Uint8Array(prefix.subarray(0, length));
  after[length - 1] += 1;
  return after;
}

function later(a: Uint8Array | null, b: Uint8Array): Uint8Array {
  return a !== null && Buffer.compare(a, b) > 0 ? a : b;
}

function earlier(a: Uint8Array | null, b: Uint8Array): Uint8Array {
  return a !== null && Buffer.compare(a, b) < 0 ? a : b;
}

function checkedReverse(reverse: boolean | undefined): boolean {
  if (reverse === undefined) return false;
  if (typeof reverse === 'boolean') return reverse;
  throw new TypeError(
    `Cannot read a range: reverse must be true or false: received ${typeof reverse}`,
  );
}

function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (limit === Number.POSITIVE_INFINITY) return limit;
  if (Number.isInteger(limit) && limit >= 0) return limit;
  throw new RangeError(
    `Cannot read a range: limit must be a non-negative integer or Infinity: received ${String(limit)}`,
  );
}
