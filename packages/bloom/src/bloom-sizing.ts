// How large a filter has to be: pure functions between bits per key, bits set per key, and the rate
// of false positives.
//
// In a filter that is not blocked, k = 0.69 bits per key gives the lowest rate. Here all bits of a
// key fall into one block, and blocks are not filled alike: a block holds Poisson-distributed many
// keys, and the fuller ones answer wrong more often. That raises the rate (10 bits per key: 0.96 %
// instead of 0.82 %) and lowers the best k.

import { assert } from '@varve/base';
import { BLOCK_SIZE_BITS, PROBE_COUNT_MAX } from './bloom-format.js';

/** Below this a filter answers "maybe" to most lookups. */
const BITS_PER_KEY_MIN = 1;

/** More is refused: from about 30 on, equal hashes of unlike keys decide the rate. */
export const BITS_PER_KEY_MAX = 64;

/**
 * Within 6 % of the lowest rate from 1 to 24 bits per key, and for the usual 10 one probe less than
 * 0.69 would give, at the same rate.
 */
const PROBES_PER_BIT = 0.6;

/** How many bits to set per key with `bitsPerKey` bits of space: 1 to 30. */
export function probeCountForBitsPerKey(bitsPerKey: number): number {
  assertBitsPerKey(bitsPerKey);
  return Math.min(Math.max(Math.round(bitsPerKey * PROBES_PER_BIT), 1), PROBE_COUNT_MAX);
}

/**
 * The expected rate of false positives of a filter with `bitsPerKey` bits of space: a number
 * between 0 and 1. Unlike keys with equal 32-bit hashes come on top: one in 4,300 lookups for a
 * filter of a million keys. Requires: `1 <= bitsPerKey <= 64`.
 */
export function rateForBitsPerKey(bitsPerKey: number): number {
  const probeCount = probeCountForBitsPerKey(bitsPerKey);
  const keysPerBlock = BLOCK_SIZE_BITS / bitsPerKey;
  // Far beyond the mean the terms no longer count.
  const keyCountMax = Math.ceil(keysPerBlock + 12 * Math.sqrt(keysPerBlock)) + 12;
  let probability = Math.exp(-keysPerBlock);
  let rate = 0;
  for (let keyCount = 1; keyCount <= keyCountMax; keyCount++) {
    probability *= keysPerBlock / keyCount;
    const fullShare = 1 - (1 - 1 / BLOCK_SIZE_BITS) ** (keyCount * probeCount);
    rate += probability * fullShare ** probeCount;
  }
  return rate;
}

/**
 * The least bits per key, in tenths, for which {@link rateForBitsPerKey} is at most `rate`.
 * Requires: `0 < rate < 1`. Gives 64 where more would be needed, and 1 where less would do.
 */
export function bitsPerKeyForRate(rate: number): number {
  assert(rate > 0 && rate < 1, 'bitsPerKeyForRate: rate must be between 0 and 1');
  for (let tenths = BITS_PER_KEY_MIN * 10; tenths < BITS_PER_KEY_MAX * 10; tenths++) {
    if (rateForBitsPerKey(tenths / 10) <= rate) return tenths / 10;
  }
  return BITS_PER_KEY_MAX;
}

function assertBitsPerKey(bitsPerKey: number): void {
  assert(
    bitsPerKey >= BITS_PER_KEY_MIN && bitsPerKey <= BITS_PER_KEY_MAX,
    'Bloom filter: bits per key must be from 1 to 64',
  );
}
