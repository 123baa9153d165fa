import { createRandom, encodeText, hashKey, readU32 } from '@varve/base';
import { describe, expect, test } from 'vitest';
import {
  BLOCK_COUNT_OFFSET,
  BLOCK_SIZE_BYTES,
  HEADER_SIZE_BYTES,
  KEY_COUNT_OFFSET,
} from './bloom-format.js';
import { BloomReader } from './bloom-reader.js';
import { rateForBitsPerKey } from './bloom-sizing.js';
import { BloomWriter } from './bloom-writer.js';

function filterOf(hashes: Iterable<number>, bitsPerKey: number): Uint8Array {
  const writer = new BloomWriter(bitsPerKey);
  for (const hash of hashes) writer.add(hash);
  return writer.finish();
}

function readerOf(filter: Uint8Array): BloomReader {
  return new BloomReader(filter, { file: '000007.sst', where: 'sst.filter' });
}

describe('BloomWriter', () => {
  test.each([1, 3, 10, 20, 64])('forgets no key with %d bits per key', (bitsPerKey) => {
    for (const keyCount of [1, 2, 51, 52, 1023, 1024, 1025, 10_000]) {
      const random = createRandom(keyCount);
      const hashes = Array.from({ length: keyCount }, () => random.u32());
      const reader = readerOf(filterOf(hashes, bitsPerKey));
      expect(reader.keyCount).toBe(keyCount);
      for (const hash of hashes) {
        expect(reader.mayContain(hash)).toBe(true);
        expect(reader.mayContain(hash | 0)).toBe(true);
      }
    }
  });

  test('counts versions of one key once, and a key that comes back again', () => {
    const writer = new BloomWriter(10);
    for (const hash of [7, 7, 7, 0xffff_ffff, -1, 0xffff_ffff, 7]) writer.add(hash);
    expect(writer.keyCount).toBe(3);
  });

  test('counts a first key whose hash is 0', () => {
    const writer = new BloomWriter(10);
    writer.add(0);
    expect(writer.keyCount).toBe(1);
  });

  test('makes a filter as large as its keys need, in whole blocks', () => {
    for (const [keyCount, bitsPerKey, blockCount] of [
      [0, 10, 0],
      [1, 10, 1],
      [51, 10, 1],
      [52, 10, 2],
      [512, 1, 1],
      [1000, 10.5, 21],
    ]) {
      const filter = filterOf(
        Array.from({ length: keyCount }, (_, index) => index * 7919),
        bitsPerKey,
      );
      expect(readU32(filter, KEY_COUNT_OFFSET)).toBe(keyCount);
      expect(readU32(filter, BLOCK_COUNT_OFFSET)).toBe(blockCount);
      expect(filter.length).toBe(HEADER_SIZE_BYTES + blockCount * BLOCK_SIZE_BYTES);
    }
  });

  test('gives the same bytes again, and a filter of more keys after more were added', () => {
    const writer = new BloomWriter(10);
    writer.add(1);
    const first = writer.finish();
    expect(writer.finish()).toEqual(first);
    writer.add(2);
    const reader = readerOf(writer.finish());
    expect([reader.mayContain(1), reader.mayContain(2), reader.keyCount]).toEqual([true, true, 2]);
  });

  test.each([0, 0.5, 65, Number.NaN])('refuses %d bits per key', (bitsPerKey) => {
    expect(() => new BloomWriter(bitsPerKey)).toThrow('bits per key must be from 1 to 64');
  });
});

// Goal: lookups of absent keys are answered wrong as often as the sizing says, for keys as users
// have them. Keys are counted up in text, which a weak hash or weak probes would not spread.
describe('rate of false positives', () => {
  const absentCount = 200_000;

  /** Hashes the key made of `prefix` and `index` in ten digits. */
  const hashOf = (prefix: Uint8Array, index: number): number => {
    const key = new Uint8Array(prefix.length + 10);
    key.set(prefix);
    for (let end = key.length, rest = index; end > prefix.length; end--) {
      key[end - 1] = 0x30 + (rest % 10);
      rest = Math.floor(rest / 10);
    }
    return hashKey(key, 0, key.length);
  };
  const present = encodeText('user:');
  const absent = encodeText('uses:');

  test.each([
    [1000, 10],
    [10_000, 10],
    [100_000, 5],
    [100_000, 10],
    [100_000, 16],
    [1_000_000, 10],
    [1_000_000, 16],
  ])('with %d keys and %d bits per key is as expected', (keyCount, bitsPerKey) => {
    const writer = new BloomWriter(bitsPerKey);
    for (let index = 0; index < keyCount; index++) writer.add(hashOf(present, index));
    const reader = readerOf(writer.finish());
    let wrongCount = 0;
    for (let index = 0; index < absentCount; index++) {
      if (reader.mayContain(hashOf(absent, index))) wrongCount++;
    }
    const expectedCount = absentCount * (rateForBitsPerKey(bitsPerKey) + writer.keyCount / 2 ** 32);
    // A tenth for what the model leaves out, and four standard deviations. Filters of few keys are
    // better than expected by up to the rounding to whole blocks.
    const tolerance = expectedCount * 0.1 + 4 * Math.sqrt(expectedCount);
    expect(wrongCount).toBeLessThan(expectedCount + tolerance);
    expect(wrongCount).toBeGreaterThan((expectedCount - tolerance) * (keyCount < 5000 ? 0.8 : 1));
  });
});
