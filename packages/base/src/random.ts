// Random numbers as a part that can be exchanged. This file is the only one that touches the host's
// source of them: a test or a simulation passes a seeded one instead, and so is repeated exactly.

import { assert } from './assert.js';
import { writeU32 } from './fixed-int.js';

const TWO_TO_32 = 0x1_0000_0000;
const TWO_TO_53 = 2 ** 53;

/** A source of random numbers. */
export interface Random {
  /** A whole number, `0 <= n < 2^32`. */
  u32(): number;
  /**
   * A whole number, `0 <= n < limit`, all equally likely. Requires: `limit` is a whole number from
   * 1 to 2^32.
   */
  below(limit: number): number;
  /** A number, `0 <= n < 1`, with 53 random bits. */
  float(): number;
  /** Fills `bytes` with random bytes. */
  fill(bytes: Uint8Array): void;
}

/**
 * A source that gives the same numbers for the same `seed` (its lower 32 bits), for ever. Small
 * fast counter (sfc32): 128 bits of state, no known weakness in statistical tests. Not for secrets.
 */
export function createRandom(seed: number): Random {
  let a = seed >>> 0;
  let b = 0x9e37_79b9;
  let c = 0x243f_6a88;
  let counter = 1;
  const u32 = (): number => {
    const result = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  // Seeds that differ in one bit give unlike numbers only once the state has been mixed.
  for (let round = 0; round < 16; round++) u32();
  return randomFrom(u32);
}

/**
 * The part of the host that is used here: these packages are compiled without the types of any one
 * host.
 */
interface CryptoHost {
  readonly crypto: { getRandomValues(target: Uint32Array): void };
}

const host = globalThis as unknown as CryptoHost;

/**
 * Random numbers asked from the host at once: a request costs about a microsecond, whatever its
 * size.
 */
const POOL_COUNT = 64;
const pool = new Uint32Array(POOL_COUNT);
let poolUsedCount = POOL_COUNT;

/** Numbers that nobody can foresee, from the host: for identities of databases and tables. */
export const entropy: Random = randomFrom(() => {
  if (poolUsedCount === POOL_COUNT) {
    host.crypto.getRandomValues(pool);
    poolUsedCount = 0;
  }
  return pool[poolUsedCount++];
});

/** Builds everything on one function that gives 32 random bits. */
function randomFrom(u32: () => number): Random {
  return {
    u32,
    below(limit) {
      assert(
        Number.isInteger(limit) && limit >= 1 && limit <= TWO_TO_32,
        'Random.below: limit must be a whole number from 1 to 2^32',
      );
      // The highest multiple of `limit`: a number from there on would favour the low results, so it
      // is drawn again.
      const fairEnd = TWO_TO_32 - (TWO_TO_32 % limit);
      let value = u32();
      while (value >= fairEnd) value = u32();
      return value % limit;
    },
    float() {
      const high = u32() >>> 5;
      return (high * 0x400_0000 + (u32() >>> 6)) / TWO_TO_53;
    },
    fill(bytes) {
      const wholeEnd = bytes.length - (bytes.length % 4);
      for (let offset = 0; offset < wholeEnd; offset += 4) writeU32(bytes, offset, u32());
      for (let offset = wholeEnd; offset < bytes.length; offset++) bytes[offset] = u32();
    },
  };
}
