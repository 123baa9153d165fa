// Approach: the code against interleaving one bit at a time, and box covers against every point of random boxes.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boxContains, coverBox, mortonCode, toGrid } from './morton.js';

function slowCode(column: number, row: number): number {
  let code = 0n;
  for (let bit = 0n; bit < 26n; bit += 1n) {
    code |= ((BigInt(column) >> bit) & 1n) << (2n * bit);
    code |= ((BigInt(row) >> bit) & 1n) << (2n * bit + 1n);
  }
  return Number(code);
}

describe('toGrid', () => {
  test.each([
    [-180, -90, 0, 0],
    [180, 90, 36_000_000, 18_000_000],
    [6.14569, 46.20222, 18_614_569, 13_620_222],
  ])('puts %d, %d at %d, %d', (longitude, latitude, column, row) => {
    expect(toGrid(longitude, latitude)).toEqual({ column, row });
  });
});

describe('mortonCode', () => {
  test('interleaves bits, for any point', () => {
    const axis = fc.integer({ min: 0, max: 2 ** 26 - 1 });
    fc.assert(
      fc.property(axis, axis, (column, row) => {
        expect(mortonCode({ column, row })).toBe(slowCode(column, row));
      }),
    );
  });

  test('uses 52 bits', () => {
    const largest = 2 ** 26 - 1;
    expect(mortonCode({ column: largest, row: largest })).toBe(2 ** 52 - 1);
  });

  test('refuses a point outside the grid', () => {
    expect(() => mortonCode({ column: -1, row: 0 })).toThrow('column');
    expect(() => mortonCode({ column: 0, row: 2 ** 26 })).toThrow('row');
  });
});

describe('coverBox', () => {
  const degrees = fc.integer({ min: 0, max: 300 });

  test('holds every point of the box, in ascending disjoint ranges, and no more ranges than allowed', () => {
    fc.assert(
      fc.property(
        fc.record({ west: degrees, south: degrees, width: degrees, height: degrees }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(
          fc.tuple(
            fc.double({ min: 0, max: 1, noNaN: true }),
            fc.double({ min: 0, max: 1, noNaN: true }),
          ),
          { minLength: 1, maxLength: 20 },
        ),
        (shape, rangeCountMax, shares) => {
          const box = {
            west: 5 + shape.west / 100,
            south: 45 + shape.south / 100,
            east: 5 + (shape.west + shape.width) / 100,
            north: 45 + (shape.south + shape.height) / 100,
          };
          const ranges = coverBox(box, rangeCountMax);
          expect(ranges.length).toBeLessThanOrEqual(rangeCountMax);
          ranges.forEach((range, index) => {
            expect(range.last).toBeGreaterThanOrEqual(range.first);
            expect(range.first).toBeGreaterThan((ranges[index - 1]?.last ?? -2) + 1);
          });
          for (const [right, up] of [...shares, [0, 0], [1, 1], [0, 1], [1, 0]] as const) {
            const from = toGrid(box.west, box.south);
            const to = toGrid(box.east, box.north);
            const code = mortonCode({
              column: Math.round(from.column + right * (to.column - from.column)),
              row: Math.round(from.row + up * (to.row - from.row)),
            });
            expect(ranges.some((range) => range.first <= code && code <= range.last)).toBe(true);
          }
        },
      ),
    );
  });

  test('covers a single point with one code', () => {
    const box = { west: 7, south: 47, east: 7, north: 47 };
    const code = mortonCode(toGrid(7, 47));
    expect(coverBox(box, 8)).toEqual([{ first: code, last: code }]);
  });

  test('wastes less with more ranges', () => {
    const box = { west: 6, south: 46, east: 7, north: 47 };
    const sizes = [1, 8, 64, 512].map((rangeCountMax) =>
      coverBox(box, rangeCountMax).reduce((sum, range) => sum + range.last - range.first + 1, 0),
    );
    expect(sizes).toEqual([...sizes].sort((one, other) => other - one));
    expect(sizes.at(-1)).toBeLessThan(1.2 * 1e5 * 1e5);
  });
});

describe('boxContains', () => {
  test('counts its border as inside', () => {
    const box = { west: 6, south: 46, east: 7, north: 47 };
    expect(boxContains(box, 6, 47)).toBe(true);
    expect(boxContains(box, 7.00001, 47)).toBe(false);
    expect(boxContains(box, 6.5, 45.99)).toBe(false);
  });
});
