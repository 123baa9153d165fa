// Approach: for random pairs of cities, the order of the keys (part by part) and the order of `compare` agree; the
// encoded bytes are compared with `compare` over the whole source by the main job itself.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { City } from './city.js';
import { compareText, type KeyParts, ORDERINGS, orderingNamed } from './orderings.js';

function compareParts(one: KeyParts, other: KeyParts): number {
  for (let index = 0; index < one.length; index += 1) {
    const [a, b] = [one[index]!, other[index]!];
    const difference =
      typeof a === 'number' && typeof b === 'number'
        ? a - b
        : Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
    if (difference !== 0) {
      return difference;
    }
  }
  return 0;
}

const word = fc.string({ unit: 'binary', maxLength: 3 });
const city: fc.Arbitrary<City> = fc.record({
  id: fc.integer({ min: 1, max: 5 }),
  name: word,
  alternateName: fc.constant(''),
  country: fc.constantFrom('CH', 'FR'),
  admin: fc.constantFrom('', 'A', 'AB'),
  municipality: fc.constant(''),
  subdivision: fc.constant(''),
  feature: fc.constantFrom('PPL', 'PPLC'),
  population: fc.integer({ min: 0, max: 3 }),
  longitude: fc.integer({ min: -18_000_000, max: 18_000_000 }).map((value) => value / 1e5),
  latitude: fc.integer({ min: -9_000_000, max: 9_000_000 }).map((value) => value / 1e5),
});

describe.each(ORDERINGS.map((ordering) => [ordering.name, ordering] as const))(
  '%s',
  (_name, ordering) => {
    test('has keys in the order of its comparison', () => {
      fc.assert(
        fc.property(city, city, (one, other) => {
          const byKey = compareParts(ordering.keyOf(one), ordering.keyOf(other));
          expect(Math.sign(ordering.compare(one, other))).toBe(Math.sign(byKey));
        }),
      );
    });

    test('ends in the id', () => {
      fc.assert(
        fc.property(city, (one) => {
          expect(ordering.keyOf(one).at(-1)).toBe(one.id);
        }),
      );
    });
  },
);

describe('ORDERINGS', () => {
  test('are at least eight, with different names', () => {
    expect(new Set(ORDERINGS.map((ordering) => ordering.name)).size).toBe(ORDERINGS.length);
    expect(ORDERINGS.length).toBeGreaterThanOrEqual(8);
  });
});

describe('orderingNamed', () => {
  test('finds by name and refuses what does not exist', () => {
    expect(orderingNamed('by-name').name).toBe('by-name');
    expect(() => orderingNamed('by-mood')).toThrow('by-mood');
  });
});

describe('compareText', () => {
  test('is the order of UTF-8 bytes, also beyond the basic plane', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        const expected = Buffer.compare(Buffer.from(one), Buffer.from(other));
        expect(Math.sign(compareText(one, other))).toBe(expected);
      }),
    );
  });
});
