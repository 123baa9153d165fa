import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  commonPrefixLength,
  compareBytes,
  compareWhole,
  copyBytes,
  equalBytes,
  shortestSeparator,
} from './bytes.js';

fc.configureGlobal({ seed: 1_784_201, numRuns: 500 });

/** Bytes around ranges: every function must neither look at nor touch them. */
const MARGIN = 3;

function embedded(bytes: Uint8Array, filler: number): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 2 * MARGIN).fill(filler);
  buffer.set(bytes, MARGIN);
  return buffer;
}

/** Two byte strings that often share a long prefix, of lengths on both sides of every crossover. */
const pair = fc
  .tuple(
    fc.uint8Array({ maxLength: 120 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
  )
  .map(
    ([shared, a, b]) =>
      [Uint8Array.of(...shared, ...a), Uint8Array.of(...shared, ...b)] satisfies Uint8Array[],
  );

describe('compareBytes', () => {
  test('agrees with Buffer.compare on ranges inside larger buffers', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const result = compareBytes(
          embedded(a, 0),
          MARGIN,
          MARGIN + a.length,
          embedded(b, 255),
          MARGIN,
          MARGIN + b.length,
        );
        expect(Math.sign(result)).toBe(Buffer.compare(a, b));
      }),
    );
  });

  test('finds the one byte that differs, wherever it is', () => {
    for (const size of [1, 15, 31, 32, 33, 34, 35, 36, 100]) {
      for (let index = 0; index < size; index++) {
        const low = new Uint8Array(size).fill(0x7f);
        const high = low.slice();
        high[index] = 0x80;
        // What follows must not outweigh the first difference.
        if (index + 1 < size) low[index + 1] = 0xff;
        expect(compareWhole(low, high)).toBeLessThan(0);
        expect(compareWhole(high, low)).toBeGreaterThan(0);
      }
    }
  });

  test('orders a prefix before what it starts, and equal ranges nowhere', () => {
    for (const size of [0, 1, 31, 32, 33, 64]) {
      const longer = new Uint8Array(size + 1);
      const shorter = longer.slice(0, size);
      expect(compareWhole(shorter, longer)).toBeLessThan(0);
      expect(compareWhole(longer, shorter)).toBeGreaterThan(0);
      expect(compareWhole(longer, longer.slice())).toBe(0);
    }
  });
});

describe('equalBytes', () => {
  test('agrees with Buffer.equals', () => {
    fc.assert(
      fc.property(pair, fc.boolean(), ([a, other], same) => {
        const b = same ? a.slice() : other;
        const result = equalBytes(
          embedded(a, 1),
          MARGIN,
          MARGIN + a.length,
          embedded(b, 2),
          MARGIN,
          MARGIN + b.length,
        );
        expect(result).toBe(Buffer.from(a).equals(b));
      }),
    );
  });

  test('finds the one byte that differs, wherever it is', () => {
    for (const size of [1, 31, 32, 35, 70]) {
      for (let index = 0; index < size; index++) {
        const a = new Uint8Array(size);
        const b = new Uint8Array(size);
        b[index] = 1;
        expect(equalBytes(a, 0, size, b, 0, size)).toBe(false);
      }
    }
  });
});

describe('commonPrefixLength', () => {
  test('agrees with counting one by one', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        let expected = 0;
        while (expected < Math.min(a.length, b.length) && a[expected] === b[expected]) expected++;
        const result = commonPrefixLength(
          embedded(a, 9),
          MARGIN,
          MARGIN + a.length,
          embedded(b, 9),
          MARGIN,
          MARGIN + b.length,
        );
        expect(result).toBe(expected);
      }),
    );
  });
});

describe('copyBytes', () => {
  test('copies exactly the range, at every length around the crossover', () => {
    for (let length = 0; length < 200; length++) {
      const source = Uint8Array.from({ length: length + 2 * MARGIN }, (_, index) => index + 1);
      const target = new Uint8Array(length + 10);
      copyBytes(source, MARGIN, MARGIN + length, target, 5);
      const expected = new Uint8Array(length + 10);
      expected.set(source.slice(MARGIN, MARGIN + length), 5);
      expect(target).toEqual(expected);
    }
  });

  test.each([10, 1000])('copies %d bytes between shared and own memory', (length) => {
    const own = Uint8Array.from({ length }, (_, index) => index);
    const shared = new Uint8Array(new SharedArrayBuffer(length));
    copyBytes(own, 0, length, shared, 0);
    const back = new Uint8Array(length);
    copyBytes(shared, 0, length, back, 0);
    expect(back).toEqual(own);
  });
});

describe('shortestSeparator', () => {
  test.each([
    // The keys before and after, and what stands between them.
    ['', '00', ''],
    ['61', '63', '61'],
    ['6162', '63', '62'],
    ['6162', '6163', '6162'],
    ['616263', '616563', '6163'],
    ['616263', '6163', '616263'],
    ['616263', '616400', '6163'],
    ['61ff63', '620063', '62'],
    ['61ff63', '62', '61ff63'],
    ['61ff6300', '62', '61ff64'],
    ['61ffff', '62', '61ffff'],
    ['61ffff00', '62', '61ffff00'],
    ['61ffff0000', '62', '61ffff01'],
    ['ff', 'ff00', 'ff'],
  ])('of %s and %s is %s', (a, b, expected) => {
    const separator = shortestSeparator(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'));
    expect(Buffer.from(separator).toString('hex')).toBe(expected);
  });

  test('is between its arguments, and no shorter string is', () => {
    // Few values and short strings, so that trying every shorter string is possible.
    const byte = fc.constantFrom(0, 1, 2, 254, 255);
    const short = fc.array(byte, { maxLength: 4 }).map((bytes) => Uint8Array.from(bytes));
    fc.assert(
      fc.property(short, short, (first, second) => {
        const order = compareWhole(first, second);
        fc.pre(order !== 0);
        const [a, b] = order < 0 ? [first, second] : [second, first];
        const separator = shortestSeparator(a, b);
        expect(compareWhole(a, separator)).toBeLessThanOrEqual(0);
        expect(compareWhole(separator, b)).toBeLessThan(0);
        expect(shortestLengthBetween(a, b)).toBe(separator.length);
      }),
    );
  });

  test('is a copy, not a view of its arguments', () => {
    const a = Uint8Array.of(1, 2);
    const separator = shortestSeparator(a, Uint8Array.of(1, 2, 0));
    separator[0] = 9;
    expect(a).toEqual(Uint8Array.of(1, 2));
  });

  test('refuses arguments that are not in order', () => {
    const key = Uint8Array.of(1);
    expect(() => shortestSeparator(key, key)).toThrow('a must be before b');
    expect(() => shortestSeparator(key, Uint8Array.of(0))).toThrow('a must be before b');
  });
});

/** The least length of any `s` with `a <= s < b`: the highest `s` of each length tells. */
function shortestLengthBetween(a: Uint8Array, b: Uint8Array): number {
  for (let length = 0; ; length++) {
    const highest = highestBelow(b, length);
    if (highest !== undefined && compareWhole(a, highest) <= 0) return length;
  }
}

function highestBelow(b: Uint8Array, length: number): Uint8Array | undefined {
  if (length < b.length) return b.slice(0, length);
  // As long as `b` or longer: count down from it, filling up with the highest byte.
  const highest = new Uint8Array(length).fill(255);
  highest.set(b);
  for (let index = b.length - 1; index >= 0; index--) {
    if (b[index] > 0) {
      highest[index]--;
      return highest.fill(255, index + 1);
    }
  }
  return undefined;
}
