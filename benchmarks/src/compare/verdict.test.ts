import { describe, expect, test } from 'vitest';
import { compare, median, medianInterval } from './verdict.js';

describe('median', () => {
  test('is the middle one, or halfway between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([7])).toBe(7);
  });
});

describe('medianInterval', () => {
  test('holds all of up to seven figures', () => {
    for (let count = 1; count <= 7; count++) {
      const figures = Array.from({ length: count }, (_, index) => index);
      expect(medianInterval(figures)).toEqual([0, count - 1]);
    }
  });

  test('leaves out the ends where 90 % remain certain', () => {
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
    expect(medianInterval(upTo(8))).toEqual([1, 6]);
    expect(medianInterval(upTo(11))).toEqual([2, 8]);
  });
});

describe('compare', () => {
  test('calls faster what was faster in every pair', () => {
    const comparison = compare([10, 12, 11], [8, 9, 9]);
    expect(comparison).toMatchObject({ oldMedian: 11, newMedian: 9, verdict: 'faster' });
    expect(comparison.ratio).toBeCloseTo(0.818, 3);
    expect(comparison.ratioSpread).toEqual([0.75, 9 / 11]);
  });

  test('calls slower what was slower in every pair', () => {
    expect(compare([10, 10, 10, 10], [11, 12, 11, 13]).verdict).toBe('slower');
  });

  test('calls it the same when pairs disagree', () => {
    expect(compare([10, 10, 10], [12, 12, 9.9]).verdict).toBe('same');
  });

  test('calls it the same when the difference is certain and small', () => {
    expect(compare([100, 100, 100], [101, 101, 101]).verdict).toBe('same');
  });

  test('cancels what changes both of a pair', () => {
    expect(compare([10, 20, 40], [9, 18, 36]).verdict).toBe('faster');
  });

  test('is unsure about fewer than three pairs', () => {
    expect(compare([10, 10], [5, 5]).verdict).toBe('unsure');
  });
});
