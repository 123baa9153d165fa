import { createRandom, encodeText, type Random } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { MergingCursor } from './merging-cursor.js';
import {
  ArrayCursor,
  complete,
  entryAt,
  randomTestEntries,
  randomTestKey,
  type TestEntry,
} from './testing/array-cursor.js';

/** Deals entries out to runs, each of which stays in order; some may get none. */
function dealOut(random: Random, entries: readonly TestEntry[], runCount: number): TestEntry[][] {
  const runs: TestEntry[][] = Array.from({ length: runCount }, () => []);
  if (runCount === 0) return runs;
  for (const entry of entries) runs[random.below(runCount)]!.push(entry);
  return runs;
}

function put(key: string, sequence: number): TestEntry {
  return { key, sequence, value: `${key}${sequence}` };
}

describe('MergingCursor', () => {
  test.each(Array.from({ length: 80 }, (_, index) => 0x3e26e + index))(
    'gives the entries of all runs in order, forward and backward (seed %i)',
    async (seed) => {
      // Each walk starts with a random placing move and goes on in its direction for a while.
      const random = createRandom(seed);
      const entries = randomTestEntries(random, random.below(40));
      const runs = dealOut(random, entries, random.below(6));
      const all = runs.length === 0 ? [] : entries;
      const cursor = new MergingCursor(
        runs.map((run) => new ArrayCursor(run, { isPending: () => random.below(4) === 0 })),
      );
      for (let walk = 0; walk < 30; walk++) {
        const key = randomTestKey(random);
        const bytes = encodeText(`.${key}.`);
        const firstNotBefore = all.findIndex((entry) => entry.key >= key);
        const located = firstNotBefore < 0 ? all.length : firstNotBefore;
        const forward = random.below(2) === 0;
        const seeks = random.below(2) === 0;
        let index: number;
        if (forward) {
          index = seeks ? located : 0;
          const status = seeks ? cursor.seek(bytes, 1, bytes.length - 1) : cursor.first();
          await complete(cursor, status);
        } else {
          index = seeks ? located - 1 : all.length - 1;
          const status = seeks ? cursor.seekBackward(bytes, 1, bytes.length - 1) : cursor.last();
          await complete(cursor, status);
        }
        for (let stepsLeft = random.below(20); ; stepsLeft--) {
          expect(cursor.valid).toBe(all[index] !== undefined);
          if (!cursor.valid) break;
          expect(entryAt(cursor)).toEqual(all[index]);
          if (stepsLeft === 0) break;
          index += forward ? 1 : -1;
          await complete(cursor, forward ? cursor.next() : cursor.previous());
        }
      }
      cursor.close();
      expect(cursor.valid).toBe(false);
    },
  );

  test('orders the versions of one key newest first, whichever run has them', () => {
    const cursor = new MergingCursor([
      new ArrayCursor([put('k', 4), put('k', 1)]),
      new ArrayCursor([put('k', 5), put('k', 2)]),
      new ArrayCursor([put('k', 3)]),
    ]);
    const seen: number[] = [];
    for (cursor.first(); cursor.valid; cursor.next()) seen.push(cursor.sequence);
    for (cursor.last(); cursor.valid; cursor.previous()) seen.push(cursor.sequence);
    expect(seen).toEqual([5, 4, 3, 2, 1, 1, 2, 3, 4, 5]);
  });

  test('refuses to turn around without a seek', () => {
    const cursor = new MergingCursor([new ArrayCursor([put('a', 1), put('b', 2)])]);
    cursor.first();
    expect(() => cursor.previous()).toThrow('previous() must follow a backward move');
    cursor.last();
    expect(() => cursor.next()).toThrow('next() must follow a forward move');
  });

  test('asks only the child that is late again, not those that have moved', async () => {
    // Two of three children are late once each; a seek that restarted from the first child would never end.
    let pendingCount = 0;
    const late = () => ++pendingCount % 2 === 1;
    const cursor = new MergingCursor([
      new ArrayCursor([put('a', 1)], { isPending: late }),
      new ArrayCursor([put('b', 2)]),
      new ArrayCursor([put('c', 3)], { isPending: late }),
    ]);
    await complete(cursor, cursor.first());
    expect(pendingCount).toBe(4);
    expect(entryAt(cursor)).toEqual(put('a', 1));
  });

  test('passes on that a block cannot be loaded, and can be placed again', async () => {
    const error = new Error('unreadable');
    let failures = 1;
    const child = new ArrayCursor([put('a', 1)], {
      isPending: () => failures > 0,
      loadError: () => (failures-- > 0 ? error : undefined),
    });
    const cursor = new MergingCursor([new ArrayCursor([put('b', 2)]), child]);
    await expect(complete(cursor, cursor.first())).rejects.toBe(error);
    await complete(cursor, cursor.first());
    expect(entryAt(cursor)).toEqual(put('a', 1));
  });

  test('is empty without runs', () => {
    const cursor = new MergingCursor([]);
    cursor.first();
    expect(cursor.valid).toBe(false);
    cursor.last();
    expect(cursor.valid).toBe(false);
    cursor.close();
  });

  test('closes every child', () => {
    const children = [new ArrayCursor([put('a', 1)]), new ArrayCursor([])];
    const cursor = new MergingCursor(children);
    cursor.first();
    cursor.close();
    expect(cursor.valid).toBe(false);
    expect(children.map(({ closeCount }) => closeCount)).toEqual([1, 1]);
  });
});
