import { describe, expect, test } from 'vitest';
import {
  BITS_PER_KEY_MAX,
  bitsPerKeyForRate,
  probeCountForBitsPerKey,
  rateForBitsPerKey,
} from './bloom-sizing.js';

describe('probeCountForBitsPerKey', () => {
  test.each([
    [1, 1],
    [4, 2],
    [8, 5],
    [10, 6],
    [16, 10],
    [64, 30],
  ])('for %d bits per key is %d', (bitsPerKey, probeCount) => {
    expect(probeCountForBitsPerKey(bitsPerKey)).toBe(probeCount);
  });
});

describe('rateForBitsPerKey', () => {
  test('falls with every bit', () => {
    for (let bits = 2; bits <= 40; bits++) {
      expect(rateForBitsPerKey(bits)).toBeLessThan(rateForBitsPerKey(bits - 1));
    }
  });

  test('is above the rate of a filter that is not blocked, and near it for few bits', () => {
    for (const bits of [1, 2, 4, 6, 8, 10, 12]) {
      const probeCount = probeCountForBitsPerKey(bits);
      const unblocked = (1 - Math.exp(-probeCount / bits)) ** probeCount;
      expect(rateForBitsPerKey(bits)).toBeGreaterThan(unblocked * 0.999);
      expect(rateForBitsPerKey(bits)).toBeLessThan(unblocked * 1.5);
    }
  });

  test.each([0, 0.9, -1, BITS_PER_KEY_MAX + 1, Number.NaN])('refuses %d bits per key', (bits) => {
    expect(() => rateForBitsPerKey(bits)).toThrow('bits per key must be from 1 to 64');
  });
});

describe('bitsPerKeyForRate', () => {
  test.each([0.5, 0.1, 0.03, 0.01, 0.001, 0.0001])('for %d is the least that is enough', (rate) => {
    const bits = bitsPerKeyForRate(rate);
    expect(rateForBitsPerKey(bits)).toBeLessThanOrEqual(rate);
    if (bits > 1) expect(rateForBitsPerKey(bits - 0.1)).toBeGreaterThan(rate);
  });

  test('stays within what a writer accepts', () => {
    expect(bitsPerKeyForRate(0.999)).toBe(1);
    expect(bitsPerKeyForRate(1e-30)).toBe(BITS_PER_KEY_MAX);
  });

  test.each([0, 1, -0.1, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => bitsPerKeyForRate(rate)).toThrow('rate must be between 0 and 1');
  });
});
