// The bytes of a Bloom filter. See docs/format/bloom.md, which has a worked example.
//
// All integers are little-endian.
//   +-------------+----------------+--------------+--------------+----------------+--------------+
//   | version (1) | probeCount (1) | reserved (2) | keyCount (4) | blockCount (4) | reserved (4) |
//   +-------------+----------------+--------------+--------------+----------------+--------------+
//   | block 0 (64) | block 1 (64) | ...                                                          |
//   +--------------------------------------------------------------------------------------------+
//
// - version: 1.
// - probeCount: bits set per key, 1 to 30.
// - keyCount: keys added; 0 exactly if blockCount is, and such a filter contains nothing.
// - block: 512 bits; bit b is bit (b mod 8) of byte (b div 8).
// - reserved: zero.
//
// All bits of a key lie in one block, which is as long as a cache line: a lookup misses the cache
// at most once (twice if the filter is not aligned to a line).

import { assert } from '@varve/base';

export const FORMAT_VERSION = 1;

export const VERSION_OFFSET = 0;
export const PROBE_COUNT_OFFSET = VERSION_OFFSET + 1;
export const RESERVED_OFFSET = PROBE_COUNT_OFFSET + 1;
export const KEY_COUNT_OFFSET = RESERVED_OFFSET + 2;
export const BLOCK_COUNT_OFFSET = KEY_COUNT_OFFSET + 4;
export const HEADER_SIZE_BYTES = BLOCK_COUNT_OFFSET + 4 + 4;

export const BLOCK_SIZE_BYTES = 64;
export const BLOCK_SIZE_BITS = BLOCK_SIZE_BYTES * 8;

export const PROBE_COUNT_MAX = 30;

/** 1 GiB of blocks: positions in a filter stay far inside 32 bits. */
export const BLOCK_COUNT_MAX = 2 ** 24;

/** 2^32 divided by the golden ratio, which spreads multiples most evenly. */
const PROBE_MULTIPLIER = 0x9e3779b9 | 0;

/** The highest bits of a probe are the best mixed; this leaves the number of a bit in its block. */
export const PROBE_SHIFT = 32 - Math.log2(BLOCK_SIZE_BITS);

assert(HEADER_SIZE_BYTES === 16, 'the header must be as long as the format says');
assert(PROBE_SHIFT === 23, 'a block must have a power of two bits');

/**
 * Where the block of a key starts: block `hash * blockCount / 2^32`, rounded down, `hash` taken as
 * unsigned. The upper half of a 64-bit product, put together from 16-bit halves so that it stays in
 * integers.
 */
export function blockOffsetOf(hash: number, blockCount: number): number {
  const hashHigh = hash >>> 16;
  const hashLow = hash & 0xffff;
  const countHigh = blockCount >>> 16;
  const countLow = blockCount & 0xffff;
  const middle = (Math.imul(hashHigh, countLow) + (Math.imul(hashLow, countLow) >>> 16)) | 0;
  const carry = ((middle & 0xffff) + Math.imul(hashLow, countHigh)) >>> 16;
  const block = (Math.imul(hashHigh, countHigh) + (middle >>> 16) + carry) | 0;
  return (HEADER_SIZE_BYTES + Math.imul(block, BLOCK_SIZE_BYTES)) | 0;
}

/** The next probe of a key; the one before the first is its hash. */
export function nextProbe(probe: number): number {
  return Math.imul(probe, PROBE_MULTIPLIER);
}
