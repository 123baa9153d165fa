// Checksums and the hash of a key: XXH32 and XXH64. This file is the only importer of xxhash-wasm.
//
// WebAssembly is compiled asynchronously, so `initializeChecksums()` must have resolved once on
// each thread before a checksum is taken; opening a database does it. xxHash is not a MAC: it finds
// damage, not forgery.

import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import { assert } from './assert.js';
import { xxh32 } from './xxh32.js';

/** Up to here XXH32 in JavaScript costs less than a call into WebAssembly; figures in xxh32.ts. */
const SHORT_SIZE_BYTES_MAX = 256;

/**
 * Longer input is fed in pieces of this size. WebAssembly memory starts as one page of 64 KiB, only
 * ever grows, and holds the input besides a state of 88 bytes: so it never grows.
 */
const PIECE_SIZE_BYTES = 65_408;

let api: XXHashAPI | undefined;
let initialization: Promise<void> | undefined;

/**
 * Gets checksums ready on this thread, in about a millisecond. May be called again: it is done
 * once.
 */
export function initializeChecksums(): Promise<void> {
  initialization ??= xxhash().then((loaded) => {
    api = loaded;
  });
  return initialization;
}

/**
 * Hashes the key `bytes[start, end)`: the 32 bits of XXH32 with seed 0, as a signed number, so that
 * the engine can pass it on without allocating (V8 boxes numbers from 2^31 on). Up to 256 bytes it
 * allocates nothing and needs no {@link initializeChecksums}; 16 bytes take 0.017 µs.
 */
export function hashKey(bytes: Uint8Array, start: number, end: number): number {
  if (end - start <= SHORT_SIZE_BYTES_MAX) return xxh32(bytes, start, end, 0);
  return longChecksum32(bytes, start, end, 0) | 0;
}

/**
 * XXH32 of `bytes[start, end)`, as an unsigned 32-bit number; `seed` is one too. Up to 256 bytes it
 * needs no {@link initializeChecksums}; 4 KiB take about 0.9 µs, more than {@link checksum64}
 * takes.
 */
export function checksum32(bytes: Uint8Array, start: number, end: number, seed: number): number {
  if (end - start <= SHORT_SIZE_BYTES_MAX) return xxh32(bytes, start, end, seed) >>> 0;
  return longChecksum32(bytes, start, end, seed);
}

function longChecksum32(bytes: Uint8Array, start: number, end: number, seed: number): number {
  const hasher = loadedApi();
  if (end - start <= PIECE_SIZE_BYTES) return hasher.h32Raw(bytes.subarray(start, end), seed);
  const state = hasher.create32(seed);
  updateInPieces(state, bytes, start, end);
  return state.digest();
}

/**
 * XXH64 of `bytes[start, end)`, as an unsigned 64-bit bigint; `seed` is one too. 4 KiB take about
 * 0.5 µs. Requires: {@link initializeChecksums} has resolved, which is checked.
 */
export function checksum64(bytes: Uint8Array, start: number, end: number, seed: bigint): bigint {
  const hasher = loadedApi();
  if (end - start <= PIECE_SIZE_BYTES) return hasher.h64Raw(bytes.subarray(start, end), seed);
  const state = hasher.create64(seed);
  updateInPieces(state, bytes, start, end);
  return state.digest();
}

function updateInPieces(
  state: { update(input: Uint8Array): unknown },
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  for (let offset = start; offset < end; offset += PIECE_SIZE_BYTES) {
    state.update(bytes.subarray(offset, Math.min(offset + PIECE_SIZE_BYTES, end)));
  }
}

function loadedApi(): XXHashAPI {
  assert(api !== undefined, 'a checksum is taken before initializeChecksums() has resolved');
  return api;
}
