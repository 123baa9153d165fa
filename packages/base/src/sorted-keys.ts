// Sorted keys, packed for searching.
//
// A search compares a dozen keys, and a key that is an object of its own costs three cache misses before its first byte is
// compared (0.3 µs against 0.02). So the keys lie in one slab, and the search hardly touches even that: it compares heads,
// numbers that order as the keys do (key-heads.ts), and looks at keys only where those are equal.
//
//   slab     | key 0 | key 1 | ...
//   ends     Uint32Array: where each key of the slab ends
//   heads    Int32Array: the head of each key
//   starts   Uint32Array: for each of as many equal parts of the range of heads as there are keys, the first key in it
//
// Where heads are spread evenly, a part has one or two of them, and a search is one multiplication and two or three reads.
// Where they are not, the part that has many is searched by halves, without a branch that depends on the keys: half of those
// would be guessed wrong, at some 7 ns each.

import { assert } from './assert.js';
import { commonPrefixLength, compareBytes } from './bytes.js';
import { KeyHeads, type KeySlab } from './key-heads.js';

/** So few heads are looked at one by one, and so many keys with equal heads are; more are searched by halves. */
const TRIED_IN_TURN_COUNT = 4;

/** Sorted keys as plain data: another thread that has it can search them without going through them once more. */
export interface SortedKeysImage {
  readonly slab: Uint8Array;
  readonly ends: Uint32Array;
  /** How many bytes all keys have in common. */
  readonly sharedLength: number;
  /** How heads are made of keys. */
  readonly rules: Int32Array;
  readonly heads: Int32Array;
  readonly starts: Uint32Array;
}

/** See the head of this file. Keys are named by their index. */
export class SortedKeys {
  /** How many keys there are. */
  readonly count: number;
  readonly #slab: Uint8Array;
  readonly #ends: Uint32Array;
  readonly #sharedLength: number;
  readonly #keyHeads: KeyHeads;
  readonly #heads: Int32Array;
  readonly #starts: Uint32Array;
  readonly #lowestHead: number;
  readonly #highestHead: number;
  readonly #scale: number;

  private constructor(image: SortedKeysImage) {
    const { heads } = image;
    this.count = heads.length;
    this.#slab = image.slab;
    this.#ends = image.ends;
    this.#sharedLength = image.sharedLength;
    this.#keyHeads = new KeyHeads(image.rules);
    this.#heads = heads;
    this.#lowestHead = heads[0] ?? 0;
    this.#highestHead = heads[heads.length - 1] ?? 0;
    this.#scale = scaleOf(heads);
    this.#starts = image.starts;
  }

  /**
   * Keeps `slab`, which must not change any more; its first `ends.length` keys, or the first `count`, are searched.
   * Requires: `ends` ascend and lie in the slab; the keys are in order, equal ones allowed. O(keys).
   */
  static of(slab: Uint8Array, ends: Uint32Array, count = ends.length): SortedKeys {
    assert(count <= ends.length, 'SortedKeys: no key without an end');
    const keys = { slab, ends, count };
    const sharedLength = sharedLengthOf(keys);
    const keyHeads = KeyHeads.learn(keys, sharedLength);
    const heads = headsOf(keys, keyHeads, sharedLength);
    const { rules } = keyHeads;
    return new SortedKeys({ slab, ends, sharedLength, rules, heads, starts: startsOf(heads) });
  }

  /** Keeps what {@link SortedKeys.image} gave. O(1). */
  static fromImage(image: SortedKeysImage): SortedKeys {
    return new SortedKeys(image);
  }

  /** Shares its memory with this object. */
  get image(): SortedKeysImage {
    return {
      slab: this.#slab,
      ends: this.#ends,
      sharedLength: this.#sharedLength,
      rules: this.#keyHeads.rules,
      heads: this.#heads,
      starts: this.#starts,
    };
  }

  /** Memory that searching `count` keys takes, besides slab and ends. */
  static searchSizeBytes(count: number): number {
    return (count + startCountOf(count)) * Int32Array.BYTES_PER_ELEMENT;
  }

  /** The first key that is not before `key[start, end)`; the count if all are. 0.03 µs, O(log count) if heads crowd. */
  firstAtOrAfter(key: Uint8Array, start: number, end: number): number {
    if (this.count === 0) return 0;
    const shared = this.#sharedLength;
    const sharedEnd = Math.min(start + shared, end);
    const order = compareBytes(key, start, sharedEnd, this.#slab, 0, shared);
    if (order !== 0) return order < 0 ? 0 : this.count;
    const head = this.#keyHeads.headOf(key, sharedEnd, end);
    let index = this.#firstHeadFrom(head);
    // Seldom are there many equal heads, so they are tried in turn.
    const triedEnd = index + TRIED_IN_TURN_COUNT;
    while (index < this.count && this.#heads[index] === head) {
      if (this.compare(index, key, start, end) >= 0) return index;
      index += 1;
      if (index === triedEnd) return this.#firstFrom(index, key, start, end);
    }
    return index;
  }

  /** Orders a key against `key[start, end)`: below 0, 0 or above 0. */
  compare(index: number, key: Uint8Array, start: number, end: number): number {
    const ends = this.#ends;
    const keyStart = index === 0 ? 0 : ends[index - 1];
    return compareBytes(this.#slab, keyStart, ends[index], key, start, end);
  }

  /** The first head that is not below `head`; the count if all are. */
  #firstHeadFrom(head: number): number {
    if (head <= this.#lowestHead) return 0;
    if (head > this.#highestHead) return this.count;
    const heads = this.#heads;
    const part = partOf(head, this.#lowestHead, this.#scale);
    let low = this.#starts[part];
    let span = this.#starts[part + 1] - low;
    while (span > TRIED_IN_TURN_COUNT) {
      const half = span >>> 1;
      const isBelow = (heads[low + half - 1] - head) >> 31;
      low += half & isBelow;
      span -= half;
    }
    const end = low + span;
    while (low < end && heads[low] < head) low += 1;
    return low;
  }

  #firstFrom(from: number, key: Uint8Array, start: number, end: number): number {
    let low = from;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(middle, key, start, end) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** In a sorted list all share what the first and the last share. */
function sharedLengthOf({ slab, ends, count }: KeySlab): number {
  if (count === 0) return 0;
  const lastStart = count === 1 ? 0 : ends[count - 2];
  return commonPrefixLength(slab, 0, ends[0], slab, lastStart, ends[count - 1]);
}

function headsOf({ slab, ends, count }: KeySlab, keyHeads: KeyHeads, shared: number): Int32Array {
  const heads = new Int32Array(count);
  let start = 0;
  for (let index = 0; index < count; index++) {
    const end = ends[index];
    heads[index] = keyHeads.headOf(slab, start + shared, end);
    start = end;
  }
  return heads;
}

/** A part for each key, one more that rounding may reach, and the end of that. */
function startCountOf(count: number): number {
  return count + 2;
}

function startsOf(heads: Int32Array): Uint32Array {
  const count = heads.length;
  const starts = new Uint32Array(startCountOf(count));
  const lowestHead = heads[0] ?? 0;
  const scale = scaleOf(heads);
  let part = 0;
  for (let index = 0; index < count; index++) {
    const keyPart = partOf(heads[index], lowestHead, scale);
    while (part < keyPart) starts[++part] = index;
  }
  return starts.fill(count, part + 1);
}

/** Parts per unit of head. */
function scaleOf(heads: Int32Array): number {
  const count = heads.length;
  return count === 0 ? 0 : count / (heads[count - 1] - heads[0] + 1);
}

/** Which part of the range of heads a head is in. Never falls when the head rises. */
function partOf(head: number, lowestHead: number, scale: number): number {
  return ((head - lowestHead) * scale) | 0;
}
