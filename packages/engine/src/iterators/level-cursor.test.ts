import { createRandom, encodeText, type Random } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { LevelCursor } from './level-cursor.js';
import {
  ArrayCursor,
  complete,
  entryAt,
  randomTestEntries,
  randomTestKey,
  type TestEntry,
} from './testing/array-cursor.js';

/** Cuts entries into runs, never between two versions of one key; some runs may not be there. */
function cutIntoRuns(random: Random, entries: readonly TestEntry[]): TestEntry[][] {
  const runs: TestEntry[][] = [];
  for (const [index, entry] of entries.entries()) {
    const isNewKey = entries[index - 1]?.key !== entry.key;
    if (index === 0 || (isNewKey && random.below(3) === 0)) runs.push([]);
    runs.at(-1)!.push(entry);
  }
  return runs;
}

interface OpenedLevel {
  readonly cursor: LevelCursor;
  /** Every cursor over a run that was made. */
  readonly opened: ArrayCursor[];
}

function openLevel(runs: readonly TestEntry[][], isPending = () => false): OpenedLevel {
  const opened: ArrayCursor[] = [];
  const cursor = new LevelCursor({
    runCount: runs.length,
    open: (runIndex) => {
      const run = new ArrayCursor(runs[runIndex]!, { isPending });
      opened.push(run);
      return run;
    },
    locate: (key, start, end) => {
      const wanted = String.fromCharCode(...key.subarray(start, end));
      const found = runs.findIndex((run) => run.at(-1)!.key >= wanted);
      return found < 0 ? runs.length : found;
    },
  });
  return { cursor, opened };
}

const RUNS: TestEntry[][] = [
  [
    { key: 'b', sequence: 7, value: 'b7' },
    { key: 'b', sequence: 3, value: 'b3' },
  ],
  [{ key: 'd', sequence: 5, value: null }],
  [{ key: 'f', sequence: 1, value: '' }],
];

describe('LevelCursor', () => {
  test('hands a run it has left to whoever opens the next, and closes it unless it comes back', () => {
    const given: (ArrayCursor | null)[] = [];
    const made: ArrayCursor[] = [];
    const cursor = new LevelCursor({
      runCount: RUNS.length,
      open: (runIndex, previous) => {
        given.push(previous as ArrayCursor | null);
        if (runIndex === 1) return previous!;
        made.push(new ArrayCursor(RUNS[runIndex]!, { isPending: () => false }));
        return made.at(-1)!;
      },
      locate: () => 0,
    });
    cursor.first();
    // Run 1 is the cursor of run 0 again, which has ended: the level goes on to run 2.
    while (cursor.valid) cursor.next();
    expect(given).toEqual([null, made[0], made[0]]);
    expect(made.map(({ closeCount }) => closeCount)).toEqual([1, 0]);
  });

  test.each(Array.from({ length: 60 }, (_, index) => 0x1e7e1 + index))(
    'gives what one array of all its runs gives, in both directions (seed %i)',
    async (seed) => {
      // A random walk over runs that answer PENDING at random, next to a position in the array.
      const random = createRandom(seed);
      const entries = randomTestEntries(random, random.below(30));
      const { cursor, opened } = openLevel(
        cutIntoRuns(random, entries),
        () => random.below(3) === 0,
      );
      let index = -1;
      for (let step = 0; step < 200; step++) {
        const choice = random.below(10);
        const key = randomTestKey(random);
        const bytes = encodeText(`x${key}x`);
        const firstNotBefore = entries.findIndex((entry) => entry.key >= key);
        const located = firstNotBefore < 0 ? entries.length : firstNotBefore;
        if (choice === 0) {
          await complete(cursor, cursor.first());
          index = 0;
        } else if (choice === 1) {
          await complete(cursor, cursor.last());
          index = entries.length - 1;
        } else if (choice === 2) {
          await complete(cursor, cursor.seek(bytes, 1, bytes.length - 1));
          index = located;
        } else if (choice === 3) {
          await complete(cursor, cursor.seekBackward(bytes, 1, bytes.length - 1));
          index = located - 1;
        } else if (cursor.valid && choice < 7) {
          await complete(cursor, cursor.next());
          index += 1;
        } else if (cursor.valid) {
          await complete(cursor, cursor.previous());
          index -= 1;
        }
        expect(cursor.valid).toBe(entries[index] !== undefined);
        if (cursor.valid) expect(entryAt(cursor)).toEqual(entries[index]);
        // Only the run it stands in is open.
        expect(opened.filter(({ closeCount }) => closeCount === 0).length).toBeLessThanOrEqual(1);
      }
      cursor.close();
      expect(opened.every(({ closeCount }) => closeCount === 1)).toBe(true);
    },
  );

  test('opens only the runs it needs, each when it gets there', async () => {
    const { cursor, opened } = openLevel(RUNS);
    expect(opened).toHaveLength(0);
    cursor.seek(encodeText('c'), 0, 1);
    expect(entryAt(cursor).key).toBe('d');
    expect(opened).toHaveLength(1);
    cursor.next();
    expect(entryAt(cursor)).toEqual(RUNS[2]![0]);
    expect(opened.map(({ closeCount }) => closeCount)).toEqual([1, 0]);
    cursor.next();
    expect(cursor.valid).toBe(false);
    cursor.close();
  });

  test('has no entries without runs', () => {
    const { cursor } = openLevel([]);
    cursor.first();
    expect(cursor.valid).toBe(false);
    cursor.last();
    expect(cursor.valid).toBe(false);
    cursor.seek(encodeText('a'), 0, 1);
    expect(cursor.valid).toBe(false);
    cursor.seekBackward(encodeText('a'), 0, 1);
    expect(cursor.valid).toBe(false);
    cursor.close();
    cursor.close();
  });

  test('finds nothing beyond the ends, and comes back', () => {
    const { cursor } = openLevel(RUNS);
    cursor.seek(encodeText('g'), 0, 1);
    expect(cursor.valid).toBe(false);
    cursor.seekBackward(encodeText('g'), 0, 1);
    expect(entryAt(cursor).key).toBe('f');
    cursor.seekBackward(encodeText('b'), 0, 1);
    expect(cursor.valid).toBe(false);
    cursor.first();
    expect(entryAt(cursor)).toEqual(RUNS[0]![0]);
    cursor.close();
  });
});
