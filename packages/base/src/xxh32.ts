// XXH32 in JavaScript, for short input: hashes one key for every read and every stored entry.
//
// The WebAssembly build is faster per byte, but a call copies its input and checks its memory
// first, which costs more than hashing a key here. Measured, in µs per call (Node 20, AMD EPYC):
//
//   size in bytes     8      16      32      64     128     256     512
//   this file     0.011   0.016   0.025   0.041   0.079   0.15    0.29
//   WebAssembly   0.061   0.071   0.091   0.11    0.12    0.16    0.20
//
// Loads are written out byte by byte and every sum is cut to 32 bits, so that the whole runs on
// machine integers: the same code with the loads in a function of their own took three times as
// long, with the lanes in one half as long again.
//
//   1. From 16 bytes on: four lanes take 4 bytes each, 16 bytes at a time; then they are merged.
//   2. The 4-byte words left are mixed in one by one, then the bytes left.
//   3. The avalanche: every bit of input reaches every bit of output.

const PRIME_1 = 0x9e3779b1 | 0;
const PRIME_2 = 0x85ebca77 | 0;
const PRIME_3 = 0xc2b2ae3d | 0;
const PRIME_4 = 0x27d4eb2f | 0;
const PRIME_5 = 0x165667b1 | 0;

/**
 * XXH32 of `b[start, end)`, signed: V8 boxes an unsigned result above 2^31 in a heap object. `seed`
 * is any 32-bit number. Allocates nothing.
 */
export function xxh32(b: Uint8Array, start: number, end: number, seed: number): number {
  const length = (end - start) | 0;
  let o = start | 0;
  let hash: number;
  if (length >= 16) {
    let lane1 = (((seed + PRIME_1) | 0) + PRIME_2) | 0;
    let lane2 = (seed + PRIME_2) | 0;
    let lane3 = seed | 0;
    let lane4 = (seed - PRIME_1) | 0;
    for (const lastLanes = (end - 16) | 0; o <= lastLanes; o = (o + 16) | 0) {
      const word1 = b[o] | (b[o + 1] << 8) | (b[o + 2] << 16) | (b[o + 3] << 24);
      lane1 = (lane1 + Math.imul(word1, PRIME_2)) | 0;
      lane1 = Math.imul((lane1 << 13) | (lane1 >>> 19), PRIME_1);
      const word2 = b[o + 4] | (b[o + 5] << 8) | (b[o + 6] << 16) | (b[o + 7] << 24);
      lane2 = (lane2 + Math.imul(word2, PRIME_2)) | 0;
      lane2 = Math.imul((lane2 << 13) | (lane2 >>> 19), PRIME_1);
      const word3 = b[o + 8] | (b[o + 9] << 8) | (b[o + 10] << 16) | (b[o + 11] << 24);
      lane3 = (lane3 + Math.imul(word3, PRIME_2)) | 0;
      lane3 = Math.imul((lane3 << 13) | (lane3 >>> 19), PRIME_1);
      const word4 = b[o + 12] | (b[o + 13] << 8) | (b[o + 14] << 16) | (b[o + 15] << 24);
      lane4 = (lane4 + Math.imul(word4, PRIME_2)) | 0;
      lane4 = Math.imul((lane4 << 13) | (lane4 >>> 19), PRIME_1);
    }
    hash = (lane1 << 1) | (lane1 >>> 31);
    hash = (hash + ((lane2 << 7) | (lane2 >>> 25))) | 0;
    hash = (hash + ((lane3 << 12) | (lane3 >>> 20))) | 0;
    hash = (hash + ((lane4 << 18) | (lane4 >>> 14))) | 0;
  } else {
    hash = (seed + PRIME_5) | 0;
  }
  hash = (hash + length) | 0;

  for (const lastWord = (end - 4) | 0; o <= lastWord; o = (o + 4) | 0) {
    const word = b[o] | (b[o + 1] << 8) | (b[o + 2] << 16) | (b[o + 3] << 24);
    hash = (hash + Math.imul(word, PRIME_3)) | 0;
    hash = Math.imul((hash << 17) | (hash >>> 15), PRIME_4);
  }
  for (; o < end; o = (o + 1) | 0) {
    hash = (hash + Math.imul(b[o], PRIME_5)) | 0;
    hash = Math.imul((hash << 11) | (hash >>> 21), PRIME_1);
  }

  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return hash ^ (hash >>> 16);
}
