/**
 * Randomness as a pure function of a position: whatever a workload did can be computed again, in any order, when what the
 * store holds is checked.
 */

/** A number from 0 to 2^32 - 1 for a position and a seed. */
export function hash32(position: number, seed: number): number {
  let bits = (Math.imul(position, 0x9e3779b1) + seed) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

const HASH_COUNT = 2 ** 32;

/** A number from 0 up to but not including 1. */
export function unit(position: number, seed: number): number {
  return hash32(position, seed) / HASH_COUNT;
}

/** Another seed for another purpose, so that two choices at one position do not depend on each other. */
export function derivedSeed(seed: number, purpose: number): number {
  return hash32(seed + 1, Math.imul(purpose + 1, 0x27d4eb2f));
}
