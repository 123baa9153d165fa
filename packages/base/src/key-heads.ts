// Heads of keys: the first bytes of a key as one number that orders as they do.
//
// Four bytes as they stand would hold four decimal digits, and blocks of an index of decimal keys would share their heads by
// the dozen. So each position counts in the alphabet that really occurs there: in a system whose digits have different bases.
//
//   digit at a position   0               the key has ended, or its byte is before all that occur there
//                         1 .. span       the byte, counted from the lowest that occurs there
//   head                  sum of digit x weight; the weight of a position is the product of the bases (span + 1) behind it
//
// Eight decimal digits fit into 31 bits this way, or six letters, or three arbitrary bytes. A byte after all that occur at its
// position is higher than any key that starts alike: such a head has the highest digits from there on. So heads order like
// keys as far as they differ; where they are equal, keys have to be compared.

import { assert } from './assert.js';

/** More positions are not worth their time, nor are more different heads for each key. */
const POSITION_COUNT_MAX = 8;
const HEADS_PER_KEY_MAX = 1024;

/** Heads stay below, so that they and their differences are 32-bit integers. */
const HEAD_COUNT_MAX = 0x7fff_ffff;

const LOWEST = 0;
const SPAN = 1;
const WEIGHT = 2;
const HIGHEST_REST = 3;
const RULE_LENGTH = 4;

/** Keys one after the other, in order. */
export interface KeySlab {
  readonly slab: Uint8Array;
  /** Where each key ends. */
  readonly ends: Uint32Array;
  /** How many of them there are. */
  readonly count: number;
}

/** Turns keys into heads: see the head of this file. */
export class KeyHeads {
  /** For each position: lowest byte, span, weight, and what all the highest digits from there on come to. */
  readonly rules: Int32Array;

  /** Keeps `rules`, which another one has learnt. */
  constructor(rules: Int32Array) {
    this.rules = rules;
  }

  /** Learns the alphabets of keys behind the `skipped` bytes that all of them share. O(keys). */
  static learn(keys: KeySlab, skipped: number): KeyHeads {
    const alphabets = alphabetsOf(keys, skipped);
    const rules = new Int32Array(alphabets.length * RULE_LENGTH);
    let weight = 1;
    for (let position = alphabets.length - 1; position >= 0; position--) {
      const { lowest, span } = alphabets[position];
      const base = span + 1;
      rules.set([lowest, span, weight, weight * base - 1], position * RULE_LENGTH);
      weight *= base;
    }
    assert(weight <= HEAD_COUNT_MAX, 'KeyHeads: heads fit into 31 bits');
    return new KeyHeads(rules);
  }

  /** The head of the key whose bytes behind the shared ones are `bytes[offset, end)`. 0.01 µs; allocates nothing. */
  headOf(bytes: Uint8Array, offset: number, end: number): number {
    const rules = this.rules;
    let head = 0;
    let position = offset;
    for (let rule = 0; rule < rules.length && position < end; rule += RULE_LENGTH) {
      const digit = bytes[position] - rules[rule + LOWEST];
      if (digit < 0) break;
      if (digit >= rules[rule + SPAN]) return (head + rules[rule + HIGHEST_REST]) | 0;
      head = (head + Math.imul(digit + 1, rules[rule + WEIGHT])) | 0;
      position += 1;
    }
    return head;
  }
}

interface Alphabet {
  readonly lowest: number;
  /** How far the highest byte is from the lowest, both counted. */
  readonly span: number;
}

function alphabetsOf(keys: KeySlab, skipped: number): Alphabet[] {
  const alphabets: Alphabet[] = [];
  let headCount = 1;
  while (alphabets.length < POSITION_COUNT_MAX && headCount < keys.count * HEADS_PER_KEY_MAX) {
    const alphabet = alphabetAt(keys, skipped + alphabets.length);
    if (alphabet === undefined) break;
    headCount *= alphabet.span + 1;
    if (headCount > HEAD_COUNT_MAX) break;
    alphabets.push(alphabet);
  }
  return alphabets;
}

/** Of the bytes that keys have at a position; nothing if none is that long. */
function alphabetAt({ slab, ends, count }: KeySlab, position: number): Alphabet | undefined {
  let lowest = 256;
  let highest = -1;
  let start = 0;
  for (let index = 0; index < count; index++) {
    const end = ends[index];
    if (start + position < end) {
      const byte = slab[start + position];
      if (byte < lowest) lowest = byte;
      if (byte > highest) highest = byte;
    }
    start = end;
  }
  return highest < 0 ? undefined : { lowest, span: highest - lowest + 1 };
}
