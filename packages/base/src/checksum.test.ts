import { beforeAll, describe, expect, test, vi } from 'vitest';
import { checksum32, checksum64, hashKey, initializeChecksums } from './checksum.js';
import { createRandom } from './random.js';
import { encodeText } from './text.js';

/** The test host has WebAssembly, but not its types. */
const host = globalThis as unknown as {
  WebAssembly: { Memory: { prototype: { grow(pageCount: number): number } } };
};

// The oracles are XXH32 and XXH64 written down once more, with BigInt and in the shortest way.

interface Variant {
  bits: bigint;
  primes: bigint[];
  laneRotation: bigint;
  mergeRotations: bigint[];
}

const XXH32: Variant = {
  bits: 32n,
  primes: [0x9e3779b1n, 0x85ebca77n, 0xc2b2ae3dn, 0x27d4eb2fn, 0x165667b1n],
  laneRotation: 13n,
  mergeRotations: [1n, 7n, 12n, 18n],
};

const XXH64: Variant = {
  bits: 64n,
  primes: [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ],
  laneRotation: 31n,
  mergeRotations: [1n, 7n, 12n, 18n],
};

function littleEndian(bytes: Uint8Array, offset: number, length: number): bigint {
  let value = 0n;
  for (let index = length - 1; index >= 0; index--) {
    value = (value << 8n) | BigInt(bytes[offset + index]);
  }
  return value;
}

function xxhash(variant: Variant, bytes: Uint8Array, seed: bigint): bigint {
  const { bits } = variant;
  const [p1, p2, p3, p4, p5] = variant.primes;
  const cut = (value: bigint) => BigInt.asUintN(Number(bits), value);
  const rotate = (value: bigint, by: bigint) => cut((value << by) | (value >> (bits - by)));
  const wordSize = Number(bits) / 8;
  const round = (lane: bigint, word: bigint) =>
    cut(rotate(cut(lane + word * p2), variant.laneRotation) * p1);
  let offset = 0;
  let hash = cut(seed + p5);
  if (bytes.length >= 4 * wordSize) {
    const lanes = [cut(seed + p1 + p2), cut(seed + p2), cut(seed), cut(seed - p1)];
    while (offset + 4 * wordSize <= bytes.length) {
      for (let lane = 0; lane < 4; lane++, offset += wordSize) {
        lanes[lane] = round(lanes[lane], littleEndian(bytes, offset, wordSize));
      }
    }
    hash = 0n;
    lanes.forEach((lane, index) => {
      hash = cut(hash + rotate(lane, variant.mergeRotations[index]));
    });
    if (bits === 64n) for (const lane of lanes) hash = cut((hash ^ round(0n, lane)) * p1 + p4);
  }
  hash = cut(hash + BigInt(bytes.length));
  for (; bits === 64n && offset + 8 <= bytes.length; offset += 8) {
    hash = cut(rotate(hash ^ round(0n, littleEndian(bytes, offset, 8)), 27n) * p1 + p4);
  }
  for (; offset + 4 <= bytes.length; offset += 4) {
    const word = littleEndian(bytes, offset, 4);
    hash =
      bits === 64n
        ? cut(rotate(hash ^ cut(word * p1), 23n) * p2 + p3)
        : cut(rotate(cut(hash + word * p3), 17n) * p4);
  }
  for (; offset < bytes.length; offset++) {
    const byte = BigInt(bytes[offset]);
    hash =
      bits === 64n
        ? cut(rotate(hash ^ cut(byte * p5), 11n) * p1)
        : cut(rotate(cut(hash + byte * p5), 11n) * p1);
  }
  const shifts = bits === 64n ? [33n, 29n, 32n] : [15n, 13n, 16n];
  hash = cut((hash ^ (hash >> shifts[0])) * p2);
  hash = cut((hash ^ (hash >> shifts[1])) * p3);
  return hash ^ (hash >> shifts[2]);
}

const oracle32 = (bytes: Uint8Array, seed: number) => Number(xxhash(XXH32, bytes, BigInt(seed)));
const oracle64 = (bytes: Uint8Array, seed: bigint) => xxhash(XXH64, bytes, seed);

const data = new Uint8Array(300_000);
createRandom(7).fill(data);

const seeds32 = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const seeds64 = [0n, 1n, 1n << 63n, (1n << 64n) - 1n];

/** Around every change of method: lanes, words, short input, and the pieces of long input. */
const lengths = [
  ...Array.from({ length: 70 }, (_, length) => length),
  ...[127, 255, 256, 257, 300, 4096, 65_407, 65_408, 65_409, 65_536, 130_816, 130_817, 200_001],
];

test('long input is refused before initializeChecksums, short keys are not', async () => {
  vi.resetModules();
  const fresh = await import('./checksum.js');
  expect(() => fresh.checksum64(data, 0, 4, 0n)).toThrow('before initializeChecksums()');
  expect(() => fresh.checksum32(data, 0, 257, 0)).toThrow('before initializeChecksums()');
  expect(fresh.hashKey(data, 0, 256) >>> 0).toBe(oracle32(data.subarray(0, 256), 0));
});

describe('checksums', () => {
  beforeAll(initializeChecksums);

  test.each([
    ['', 0x02cc5d05, 0xef46db3751d8e999n],
    ['a', 0x550d7456, 0xd24ec4f1a98c6e5bn],
    ['abc', 0x32d153ff, 0x44bc2cf5ad770999n],
    ['Nobody inspects the spammish repetition', 0xe2293b2f, 0xfbcea83c8a378bf1n],
  ])('are the published xxHash values of %j', (text, expected32, expected64) => {
    const bytes = encodeText(text);
    expect(checksum32(bytes, 0, bytes.length, 0)).toBe(expected32);
    expect(checksum64(bytes, 0, bytes.length, 0n)).toBe(expected64);
    expect(oracle32(bytes, 0)).toBe(expected32);
    expect(oracle64(bytes, 0n)).toBe(expected64);
  });

  test.each(lengths)('agree with the oracle for %d bytes', (length) => {
    const start = 5;
    const range = data.slice(start, start + length);
    for (const seed of seeds32) {
      expect(checksum32(data, start, start + length, seed)).toBe(oracle32(range, seed));
    }
    for (const seed of length > 1000 ? seeds64.slice(2) : seeds64) {
      expect(checksum64(data, start, start + length, seed)).toBe(oracle64(range, seed));
    }
  });

  test('read shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(data.length));
    shared.set(data);
    for (const length of [16, 1000, 100_000]) {
      expect(hashKey(shared, 1, 1 + length)).toBe(hashKey(data, 1, 1 + length));
      expect(checksum64(shared, 1, 1 + length, 3n)).toBe(checksum64(data, 1, 1 + length, 3n));
    }
  });

  test('never let WebAssembly memory grow', async () => {
    // Memory of its own: what other tests have used may have grown already, and would not again.
    vi.resetModules();
    const fresh = await import('./checksum.js');
    await fresh.initializeChecksums();
    const grow = vi.spyOn(host.WebAssembly.Memory.prototype, 'grow');
    for (const length of lengths) {
      fresh.checksum32(data, 0, length, 1);
      fresh.checksum64(data, 0, length, 1n);
    }
    expect(grow).not.toHaveBeenCalled();
    grow.mockRestore();
  });

  test('can be initialized any number of times', () => {
    expect(initializeChecksums()).toBe(initializeChecksums());
  });
});

describe('hashKey', () => {
  test('is checksum32 with seed 0 as a signed number', async () => {
    await initializeChecksums();
    for (const length of lengths) {
      const hash = hashKey(data, 9, 9 + length);
      expect(hash).toBe(hash | 0);
      expect(hash >>> 0).toBe(checksum32(data, 9, 9 + length, 0));
    }
  });
});
