import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareWhole } from './bytes.js';
import { SortedKeys } from './sorted-keys.js';

fc.configureGlobal({ seed: 27_117, numRuns: 2_000 });

/** Few different bytes, so that keys share beginnings, heads and whole bodies; 0 and 255 are the edges of a head. */
const anyKey = fc
  .tuple(
    fc.constantFrom(0, 0, 2, 7),
    fc.array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { maxLength: 7 }),
  )
  .map(([sharedLength, bytes]) =>
    Uint8Array.of(...new Uint8Array(sharedLength).fill(0x61), ...bytes),
  );

function pack(keys: readonly Uint8Array[]): { slab: Uint8Array; ends: Uint32Array } {
  const slab = Uint8Array.from(keys.flatMap((key) => [...key]));
  let end = 0;
  const ends = Uint32Array.from(keys, (key) => {
    end += key.length;
    return end;
  });
  return { slab, ends };
}

describe('SortedKeys', () => {
  test('finds what a look at every key finds, also among equal keys and heads', () => {
    fc.assert(
      fc.property(fc.array(anyKey, { maxLength: 40 }), anyKey, (keys, key) => {
        keys.sort(compareWhole);
        const { slab, ends } = pack(keys);
        const sorted = SortedKeys.of(slab, ends);
        const again = SortedKeys.fromImage(structuredClone(sorted.image));
        const found = keys.findIndex((candidate) => compareWhole(candidate, key) >= 0);
        const expected = found < 0 ? keys.length : found;
        expect(sorted.firstAtOrAfter(key, 0, key.length)).toBe(expected);
        expect(again.firstAtOrAfter(key, 0, key.length)).toBe(expected);
      }),
    );
  });

  test('finds the same among many keys, evenly spread or crowded', () => {
    const crowded = fc.nat(40).map((n) => 2 ** (n / 4));
    const even = fc.nat(999_999);
    const decimal = fc
      .oneof(even, crowded)
      .map((n) => Buffer.from(String(Math.floor(n)).padStart(16, '0')));
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 100, maxLength: 300 }), decimal, (keys, key) => {
        keys.sort(compareWhole);
        const { slab, ends } = pack(keys);
        const sorted = SortedKeys.of(slab, ends);
        for (const sought of [key, keys[50]!, keys[50]!.subarray(0, 13)]) {
          const found = keys.findIndex((candidate) => compareWhole(candidate, sought) >= 0);
          expect(sorted.firstAtOrAfter(sought, 0, sought.length)).toBe(
            found < 0 ? keys.length : found,
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  test('searches only the keys it is told to', () => {
    const keys = ['b', 'd', 'a', 'c'].map((text) => Uint8Array.of(text.charCodeAt(0)));
    const { slab, ends } = pack(keys);
    const sorted = SortedKeys.of(slab, ends, 2);
    expect(sorted.count).toBe(2);
    expect(sorted.firstAtOrAfter(Uint8Array.of(0x63), 0, 1)).toBe(1);
    expect(sorted.firstAtOrAfter(Uint8Array.of(0x7a), 0, 1)).toBe(2);
  });

  test('orders a key that lies inside a larger buffer', () => {
    const { slab, ends } = pack([Uint8Array.of(1, 2), Uint8Array.of(3)]);
    const sorted = SortedKeys.of(slab, ends);
    const buffer = Uint8Array.of(9, 1, 2, 9);
    expect(sorted.compare(0, buffer, 1, 3)).toBe(0);
    expect(sorted.compare(1, buffer, 1, 3)).toBeGreaterThan(0);
    expect(sorted.firstAtOrAfter(buffer, 1, 4)).toBe(1);
  });
});
