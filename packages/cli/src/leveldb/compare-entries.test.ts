// Approach: small sequences against what a person would say about them, and random ones against two maps.

import { createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import type { ByteEntry } from './classic-level.js';
import { compareEntries } from './compare-entries.js';

type Pairs = Readonly<Record<string, string>>;

const entriesOf = (pairs: Pairs): ByteEntry[] =>
  Object.keys(pairs)
    .toSorted()
    .map((key) => [Buffer.from(key), Buffer.from(pairs[key])]);

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function compare(original: Pairs, copy: Pairs, runLength = 2) {
  const entries = entriesOf(original);
  const runs: ByteEntry[][] = [];
  for (let start = 0; start < entries.length; start += runLength) {
    runs.push(entries.slice(start, start + runLength));
  }
  const seen: number[] = [];
  const result = await compareEntries(each(runs), each(entriesOf(copy)), (n) => seen.push(n));
  expect(seen.at(-1) ?? 0).toBe(entries.length);
  const { firstWrongKey, ...counts } = result;
  return { ...counts, firstWrongKey: firstWrongKey && Buffer.from(firstWrongKey).toString() };
}

describe('compareEntries', () => {
  test.each([
    [{}, {}, [0, 0, 0, 0], undefined],
    [{ a: '1', b: '2' }, { a: '1', b: '2' }, [2, 0, 0, 0], undefined],
    [{ a: '1', b: '2', c: '3' }, { b: '2' }, [1, 2, 0, 0], 'a'],
    [{ b: '2' }, { a: '1', b: '2', c: '3' }, [1, 0, 0, 2], undefined],
    [{ a: '1', b: '2' }, { a: '1', b: 'x' }, [1, 0, 1, 0], 'b'],
    [{ a: '1' }, {}, [0, 1, 0, 0], 'a'],
    [{}, { a: '1' }, [0, 0, 0, 1], undefined],
    [{ a: '' }, { a: '1' }, [0, 0, 1, 0], 'a'],
  ])('%j and %j', async (original, copy, counts, firstWrongKey) => {
    const [sameCount, missingCount, differentCount, extraCount] = counts;
    expect(await compare(original as Pairs, copy as Pairs)).toEqual({
      ...{ sameCount, missingCount, differentCount, extraCount, firstWrongKey },
    });
  });

  test.each(Array.from({ length: 20 }, (_, index) => index))(
    'counts as maps do (seed %d)',
    async (seed) => {
      const random = createRandom(seed);
      const pairs = (): Pairs =>
        Object.fromEntries(
          Array.from({ length: random.below(30) }, () => [
            `${random.below(40)}`,
            `${random.below(2)}`,
          ]),
        );
      const [original, copy] = [pairs(), pairs()];
      const { firstWrongKey: _key, ...counts } = await compare(original, copy, 1 + random.below(5));
      const keys = Object.keys(original);
      expect(counts).toEqual({
        sameCount: keys.filter((key) => copy[key] === original[key]).length,
        missingCount: keys.filter((key) => !(key in copy)).length,
        differentCount: keys.filter((key) => key in copy && copy[key] !== original[key]).length,
        extraCount: Object.keys(copy).filter((key) => !(key in original)).length,
      });
    },
  );

  test('ends the walk over the copy when it is interrupted', async () => {
    let isEnded = false;
    async function* copy(): AsyncGenerator<ByteEntry> {
      try {
        yield* entriesOf({ a: '1', b: '2' });
      } finally {
        isEnded = true;
      }
    }
    const interrupted = compareEntries(each([entriesOf({ a: '1' })]), copy(), () => {
      throw new Error('enough');
    });
    await expect(interrupted).rejects.toThrow('enough');
    expect(isEnded).toBe(true);
  });
});
