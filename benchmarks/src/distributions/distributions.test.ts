// Approach: the shapes by counts from a fixed seed, against what the formulas say.

import { describe, expect, test } from 'vitest';
import { KeyWriter } from './keys.js';
import { derivedSeed, unit } from './random.js';
import { type SequenceKind, sequenceOf } from './sequences.js';
import { ValuePool } from './values.js';
import { YCSB_THETA, Zipfian, zeta } from './zipfian.js';

const DRAW_COUNT = 100_000;

function countsOf(rankOf: (position: number) => number, count: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (let position = 0; position < DRAW_COUNT; position++) counts[rankOf(position)] += 1;
  return counts;
}

describe('Zipfian', () => {
  test('draws ranks as often as their weights say', () => {
    const zipfian = new Zipfian(1000);
    const counts = countsOf((position) => zipfian.rankOf(unit(position, 1)), 1000);
    const total = zeta(1000, YCSB_THETA);
    for (const rank of [0, 1]) {
      const expected = DRAW_COUNT / ((rank + 1) ** YCSB_THETA * total);
      expect(counts[rank] / expected).toBeCloseTo(1, 1);
    }
    const topTenth = counts.slice(0, 100).reduce((sum, count) => sum + count, 0);
    expect(topTenth / DRAW_COUNT).toBeCloseTo(zeta(100, YCSB_THETA) / total, 1);
  });

  test.each([1, 2, 3, 10])('stays within %i ranks', (count) => {
    const zipfian = new Zipfian(count);
    for (const draw of [0, 0.25, 0.5, 0.75, 0.999999]) {
      expect(zipfian.rankOf(draw)).toBeGreaterThanOrEqual(0);
      expect(zipfian.rankOf(draw)).toBeLessThan(count);
    }
  });
});

describe('zeta', () => {
  test('agrees with the plain sum where it takes the integral', () => {
    let sum = 0;
    for (let term = 1; term <= 200_000; term++) sum += term ** -YCSB_THETA;
    expect(zeta(200_000, YCSB_THETA)).toBeCloseTo(sum, 8);
  });

  test('is that of YCSB for its ten billion items', () => {
    expect(zeta(1e10, YCSB_THETA)).toBeCloseTo(26.46902820178302, 6);
  });
});

describe('sequenceOf', () => {
  test.each([1, 2, 7, 1000, 4096, 10_007])('unique visits each of %i keys once', (count) => {
    const sequence = sequenceOf('unique', { count, seed: 5 });
    const seen = new Set(Array.from({ length: count }, (_, position) => sequence(position)));
    expect(seen.size).toBe(count);
    expect(Math.max(...seen)).toBe(count - 1);
  });

  test('unique scatters neighbours', () => {
    const sequence = sequenceOf('unique', { count: 10_000, seed: 5 });
    const ascents = Array.from({ length: 1000 }, (_, position) => sequence(position)).filter(
      (key, position) => key === sequence(position + 1) - 1,
    );
    expect(ascents.length).toBeLessThan(10);
  });

  test('uniform hits every tenth of the keys alike', () => {
    const sequence = sequenceOf('uniform', { count: 10_000, seed: 3 });
    const counts = countsOf((position) => Math.floor(sequence(position) / 1000), 10);
    for (const count of counts) expect(Math.abs(count / (DRAW_COUNT / 10) - 1)).toBeLessThan(0.05);
  });

  test('zipfian scatters the popular keys and keeps their popularity', () => {
    const sequence = sequenceOf('zipfian', { count: 1000, seed: 3 });
    const counts = countsOf(sequence, 1000);
    const sorted = [...counts].sort((a, b) => b - a);
    expect(sorted[0] / DRAW_COUNT).toBeCloseTo(1 / zeta(1000, YCSB_THETA), 1);
    expect(counts.indexOf(sorted[0])).not.toBe(0);
  });

  test.each<SequenceKind>(['sequential', 'uniform', 'unique', 'zipfian'])(
    '%s gives the same again for the same seed',
    (kind) => {
      const once = sequenceOf(kind, { count: 500, seed: 9 });
      const again = sequenceOf(kind, { count: 500, seed: 9 });
      for (let position = 0; position < 500; position++) {
        expect(again(499 - position)).toBe(once(499 - position));
      }
    },
  );
});

describe('derivedSeed', () => {
  test('differs for each purpose', () => {
    const seeds = new Set(Array.from({ length: 100 }, (_, purpose) => derivedSeed(1, purpose)));
    expect(seeds.size).toBe(100);
  });
});

describe('KeyWriter', () => {
  test.each([
    [16, 1234567890123, '0001234567890123'],
    [20, 42, '00000000000000000042'],
    [8, 42, '00000042'],
  ])('writes keys of %i bytes', (sizeBytes, number, text) => {
    const writer = new KeyWriter(sizeBytes);
    expect(writer.write(number).toString()).toBe(text);
    expect(writer.writeMissing(number).toString()).toBe(`${text}.`);
    expect(writer.numberOf(Buffer.from(text))).toBe(number);
  });
});

describe('ValuePool', () => {
  test('gives the same value for the same write, and another for the next', () => {
    const pool = new ValuePool(100, { compressibility: 0.5, seed: 1 });
    expect(pool.at(7, 3)).toBe(pool.at(7, 3));
    const kinds = new Set(Array.from({ length: 64 }, (_, index) => pool.at(7, index)));
    expect(kinds.size).toBeGreaterThan(60);
  });

  test.each([1, 100, 4096, 65_536])('has at least 1024 windows of %i bytes', (sizeBytes) => {
    const pool = new ValuePool(sizeBytes, { compressibility: 0.5, seed: 1 });
    const kinds = new Set(Array.from({ length: 8192 }, (_, key) => pool.at(key, 0)));
    expect(kinds.size).toBeGreaterThanOrEqual(1024);
    expect([...kinds].every((value) => value.length === sizeBytes)).toBe(true);
  });

  test('repeats the share of each piece that is to compress away', () => {
    const value = new ValuePool(100, { compressibility: 0.6, seed: 1 }).at(0, 0);
    expect(value.subarray(40, 80)).toEqual(value.subarray(0, 40));
    expect(new Set(value.subarray(0, 40)).size).toBeGreaterThan(30);
  });
});
