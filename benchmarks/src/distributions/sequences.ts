/** Which key each operation touches: a number for every position. */
import { derivedSeed, hash32, unit } from './random.js';
import { Zipfian } from './zipfian.js';

/** Gives the number of the key at a position. Stateless, so that it can be asked again. */
export type KeySequence = (position: number) => number;

/** How keys follow each other. */
export type SequenceKind = 'sequential' | 'uniform' | 'unique' | 'zipfian';

const POSITION_BITS_MAX = 32;

/** A sequence over the keys 0 … count - 1. `'unique'` visits each once before any comes again. */
export function sequenceOf(
  kind: SequenceKind,
  options: { readonly count: number; readonly seed: number },
): KeySequence {
  const { count, seed } = options;
  switch (kind) {
    case 'sequential':
      return (position) => position % count;
    case 'uniform':
      return (position) => Math.floor(unit(position, seed) * count);
    case 'unique':
      return permutation(count, seed);
    case 'zipfian':
      return scrambledZipfian(count, seed);
  }
}

/**
 * A permutation of 0 … count - 1 in scattered order. Mixes the bits of the next power of two, and mixes again whatever
 * falls outside: at most two rounds on average.
 */
export function permutation(count: number, seed: number): KeySequence {
  const bits = Math.max(2, Math.ceil(Math.log2(count)));
  if (bits > POSITION_BITS_MAX) throw new RangeError(`Cannot permute ${count} keys: too many`);
  const mask = 2 ** bits - 1;
  const shift = Math.max(1, bits >>> 1);
  const first = hash32(1, seed) | 1;
  const second = hash32(2, seed) | 1;
  const offset = hash32(3, seed);
  return (position) => {
    let mixed = position % count;
    do {
      mixed = (Math.imul(mixed, first) + offset) & mask;
      mixed = (mixed ^ ((mixed & mask) >>> shift)) & mask;
      mixed = Math.imul(mixed, second) & mask;
      mixed = ((mixed ^ ((mixed & mask) >>> shift)) & mask) >>> 0;
    } while (mixed >= count);
    return mixed;
  };
}

/** Zipfian popularity, the popular keys scattered over the key space as YCSB does. */
export function scrambledZipfian(count: number, seed: number): KeySequence {
  const zipfian = new Zipfian(count);
  const scatter = permutation(count, derivedSeed(seed, 1));
  return (position) => scatter(zipfian.rankOf(unit(position, seed)));
}
