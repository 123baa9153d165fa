import { compareWhole, encodeText } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PackedKeys } from './packed-keys.js';
import { makeTable } from './testing/fixtures.js';

fc.configureGlobal({ seed: 1_190_544, numRuns: 500 });

function packed(largestKeys: readonly Uint8Array[]): PackedKeys {
  return new PackedKeys(
    largestKeys.map((largestKey, index) => ({
      ...makeTable({ fileNumber: index + 1, keys: 'x-x' }),
      smallestKey: largestKey,
      largestKey,
    })),
  );
}

function find(keys: PackedKeys, text: string): number {
  const key = encodeText(text);
  return keys.firstAtOrAfter(key, 0, key.length);
}

describe('PackedKeys.firstAtOrAfter', () => {
  test('finds what a look at every key finds, whatever keys have in common', () => {
    const anySuffix = fc.uint8Array({ maxLength: 6 });
    const anyKeys = fc
      .tuple(fc.uint8Array({ maxLength: 12 }), fc.array(anySuffix, { minLength: 1, maxLength: 30 }))
      .map(([prefix, suffixes]) => suffixes.map((suffix) => Uint8Array.of(...prefix, ...suffix)));
    fc.assert(
      fc.property(anyKeys, fc.uint8Array({ maxLength: 16 }), fc.nat(), (keys, stranger, choice) => {
        const sorted = keys.sort(compareWhole);
        const index = packed(sorted);
        const near = sorted[choice % sorted.length];
        const longer = Uint8Array.of(...near, 0);
        const shorter = near.subarray(0, choice % (near.length + 1));
        for (const key of [stranger, near, longer, shorter]) {
          const expected = sorted.findIndex((other) => compareWhole(other, key) >= 0);
          expect(index.firstAtOrAfter(key, 0, key.length)).toBe(
            expected < 0 ? sorted.length : expected,
          );
        }
      }),
    );
  });

  test('looks at whole keys where the first bytes behind the shared ones are equal', () => {
    const keys = packed(['user:aaaaa1', 'user:aaaaa2', 'user:aaaaa3'].map(encodeText));
    expect(
      ['user:aaaaa', 'user:aaaaa2', 'user:aaaaa20', 'user:aaaaa4'].map((key) => find(keys, key)),
    ).toEqual([0, 1, 2, 3]);
    expect(['', 'user', 'user:', 'user:b', 'v', 'usex'].map((key) => find(keys, key))).toEqual([
      0, 0, 0, 3, 3, 3,
    ]);
  });

  test('tells a key from the same key with zeros behind it', () => {
    const keys = packed([Uint8Array.of(1), Uint8Array.of(1, 0), Uint8Array.of(1, 0, 0, 0, 0)]);
    const at = (...bytes: number[]) => keys.firstAtOrAfter(Uint8Array.from(bytes), 0, bytes.length);
    expect([at(), at(1), at(1, 0), at(1, 0, 0), at(1, 0, 0, 0, 0, 0), at(2)]).toEqual([
      0, 0, 1, 2, 3, 3,
    ]);
  });

  test('has nothing to find among no tables', () => {
    expect(find(packed([]), 'a')).toBe(0);
  });
});
