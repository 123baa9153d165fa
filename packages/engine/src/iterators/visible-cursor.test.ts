import { CursorStatus, createRandom, type EntryCursor, encodeText, type Random } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { LevelCursor } from './level-cursor.js';
import { MergingCursor } from './merging-cursor.js';
import {
  ArrayCursor,
  compareTestEntries,
  keyAt,
  randomTestEntries,
  randomTestKey,
  type TestEntry,
  valueAt,
  visibleAt,
} from './testing/array-cursor.js';
import { type KeyBounds, VisibleCursor } from './visible-cursor.js';

const UNBOUNDED: KeyBounds = { lower: null, upper: null };

function boundsOf(lower: string | null, upper: string | null): KeyBounds {
  return {
    lower: lower === null ? null : encodeText(lower),
    upper: upper === null ? null : encodeText(upper),
  };
}

function within(key: string, lower: string | null, upper: string | null): boolean {
  return (lower === null || key >= lower) && (upper === null || key < upper);
}

/** A merge of some arrays and one level cut into arrays, as a keyspace is made of. */
function openRuns(random: Random, entries: readonly TestEntry[]): EntryCursor {
  const isPending = random.below(2) === 0 ? () => random.below(4) === 0 : () => false;
  const runCount = 1 + random.below(4);
  const runs: TestEntry[][] = Array.from({ length: runCount }, () => []);
  for (const entry of entries) runs[random.below(runCount)]!.push(entry);
  const [level, ...others] = runs;
  const tables: TestEntry[][] = [];
  for (const [index, entry] of level!.entries()) {
    if (index === 0 || (level![index - 1]!.key !== entry.key && random.below(4) === 0)) {
      tables.push([]);
    }
    tables.at(-1)!.push(entry);
  }
  const levelCursor = new LevelCursor({
    runCount: tables.length,
    open: (runIndex) => new ArrayCursor(tables[runIndex]!, { isPending }),
    locate: (key, start, end) => {
      const wanted = String.fromCharCode(...key.subarray(start, end));
      const found = tables.findIndex((table) => table.at(-1)!.key >= wanted);
      return found < 0 ? tables.length : found;
    },
  });
  if (others.length === 0) return levelCursor;
  return new MergingCursor([
    ...others.map((run) => new ArrayCursor(run, { isPending })),
    levelCursor,
  ]);
}

function open(entries: readonly TestEntry[], sequence: number, bounds = UNBOUNDED): VisibleCursor {
  const inner = new ArrayCursor([...entries].sort(compareTestEntries));
  return new VisibleCursor(inner, { sequence, bounds, versionsPerKey: 'any' });
}

function put(key: string, sequence: number, value = `${key}${sequence}`): TestEntry {
  return { key, sequence, value };
}

function del(key: string, sequence: number): TestEntry {
  return { key, sequence, value: null };
}

/** Loads, resumes and goes on after pauses until the move that gave `status` is complete; gives how often it paused. */
async function finish(cursor: VisibleCursor, status: number): Promise<number> {
  let now = status;
  let pauseCount = 0;
  while (now !== CursorStatus.READY) {
    if (now === CursorStatus.PENDING) await cursor.load();
    else pauseCount += 1;
    now = cursor.resume();
  }
  return pauseCount;
}

/** Any of the versions of each key. */
function oneOfEachKey(entries: readonly TestEntry[]): TestEntry[] {
  return [...new Map(entries.map((entry) => [entry.key, entry])).values()];
}

describe('VisibleCursor', () => {
  test.each(Array.from({ length: 200 }, (_, index) => 0x51b1e + index))(
    'gives what an array of the visible entries gives, in both directions and with turns (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const versionsPerKey = random.below(3) === 0 ? 'one' : 'any';
      const written = randomTestEntries(random, random.below(50));
      const entries = versionsPerKey === 'one' ? oneOfEachKey(written) : written;
      const sequence = random.below(entries.length + 3);
      const lower = random.below(2) === 0 ? null : randomTestKey(random);
      const upper = random.below(2) === 0 ? null : randomTestKey(random);
      const visible = visibleAt(entries, sequence).filter(({ key }) => within(key, lower, upper));
      const bounds = boundsOf(lower, upper);
      const inner = openRuns(random, entries);
      const cursor = new VisibleCursor(inner, { sequence, bounds, versionsPerKey });
      if (random.below(2) === 0) cursor.pauseEvery(1 + random.below(4));
      let index = -1;
      for (let step = 0; step < 120; step++) {
        const choice = random.below(12);
        const key = randomTestKey(random);
        const bytes = encodeText(`-${key}-`);
        const firstNotBefore = visible.findIndex((entry) => entry.key >= key);
        const located = firstNotBefore < 0 ? visible.length : firstNotBefore;
        if (choice === 0) {
          await finish(cursor, cursor.first());
          index = 0;
        } else if (choice === 1) {
          await finish(cursor, cursor.last());
          index = visible.length - 1;
        } else if (choice === 2) {
          await finish(cursor, cursor.seek(bytes, 1, bytes.length - 1));
          index = located;
        } else if (choice === 3) {
          await finish(cursor, cursor.seekBackward(bytes, 1, bytes.length - 1));
          index = located - 1;
        } else if (cursor.valid && choice < 8) {
          await finish(cursor, cursor.next());
          index += 1;
        } else if (cursor.valid) {
          await finish(cursor, cursor.previous());
          index -= 1;
        }
        expect(cursor.valid).toBe(visible[index] !== undefined);
        if (cursor.valid) {
          expect({ key: keyAt(cursor), value: valueAt(cursor) }).toEqual(visible[index]);
        }
      }
      cursor.close();
      expect(cursor.valid).toBe(false);
    },
  );

  test.each([
    { at: 9, seen: ['b9'] },
    { at: 8, seen: [] },
    { at: 6, seen: ['b5'] },
    { at: 4, seen: [] },
  ])('shows the newest version at sequence $at: $seen', ({ at, seen }) => {
    const entries = [put('b', 9), del('b', 7), put('b', 5)];
    const forward: string[] = [];
    const backward: string[] = [];
    const cursor = open(entries, at);
    for (cursor.first(); cursor.valid; cursor.next()) forward.push(valueAt(cursor));
    for (cursor.last(); cursor.valid; cursor.previous()) backward.push(valueAt(cursor));
    expect(forward).toEqual(seen);
    expect(backward).toEqual(seen);
  });

  test('turns around at every entry', () => {
    const cursor = open([put('a', 1), del('b', 3), put('b', 2), put('c', 4)], 9);
    cursor.first();
    cursor.next();
    expect(keyAt(cursor)).toBe('c');
    cursor.previous();
    expect(keyAt(cursor)).toBe('a');
    cursor.next();
    expect(keyAt(cursor)).toBe('c');
    cursor.previous();
    cursor.previous();
    expect(cursor.valid).toBe(false);
  });

  test('keeps the empty key apart from no key', () => {
    const cursor = open([put('', 2, 'new'), put('', 1, 'old'), put('a', 3)], 9);
    const forward: string[] = [];
    for (cursor.first(); cursor.valid; cursor.next()) forward.push(valueAt(cursor));
    expect(forward).toEqual(['new', 'a3']);
    const backward: string[] = [];
    for (cursor.last(); cursor.valid; cursor.previous()) backward.push(valueAt(cursor));
    expect(backward).toEqual(['a3', 'new']);
  });

  test('never leaves the bounds, wherever it is asked to seek', () => {
    const entries = ['a', 'b', 'c', 'd', 'e'].map((key, index) => put(key, index + 1));
    const cursor = open(entries, 9, boundsOf('b', 'd'));
    const seekTo = (key: string): string | undefined => {
      cursor.seek(encodeText(key), 0, key.length);
      return cursor.valid ? keyAt(cursor) : undefined;
    };
    const seekBefore = (key: string): string | undefined => {
      cursor.seekBackward(encodeText(key), 0, key.length);
      return cursor.valid ? keyAt(cursor) : undefined;
    };
    expect(['', 'a', 'b', 'bb', 'd', 'z'].map(seekTo)).toEqual([
      ...['b', 'b', 'b', 'c', undefined, undefined],
    ]);
    expect(['', 'a', 'b', 'bb', 'd', 'z'].map(seekBefore)).toEqual([
      ...[undefined, undefined, undefined, 'b', 'c', 'c'],
    ]);
  });

  test('shows nothing when the lower bound is not below the upper one', () => {
    const entries = ['a', 'b', 'c'].map((key, index) => put(key, index + 1));
    for (const bounds of [boundsOf('b', 'b'), boundsOf('c', 'a')]) {
      const cursor = open(entries, 9, bounds);
      cursor.first();
      expect(cursor.valid).toBe(false);
      cursor.last();
      expect(cursor.valid).toBe(false);
    }
  });

  test('copes with values and keys that outgrow its buffers while walking backward', () => {
    const entries = [1, 63, 64, 65, 200, 5000].map((length, index) =>
      put(String.fromCharCode(97 + index).repeat(length), index + 1, 'v'.repeat(length * 3)),
    );
    const cursor = open(entries, 99);
    let index = entries.length - 1;
    for (cursor.last(); cursor.valid; cursor.previous()) {
      expect(keyAt(cursor)).toBe(entries[index]!.key);
      expect(valueAt(cursor)).toBe(entries[index]!.value);
      index -= 1;
    }
    expect(index).toBe(-1);
  });

  test('pauses after every so many entries that it skips, and only if it is told to', async () => {
    const deleted = Array.from({ length: 100 }, (_, index) => del(`k${index + 100}`, index + 1));
    const entries = [put('a', 200), ...deleted, put('z', 201)];
    const cursor = open(entries, 300);
    cursor.first();
    expect(cursor.next()).toBe(CursorStatus.READY);
    expect(keyAt(cursor)).toBe('z');
    cursor.pauseEvery(10);
    await finish(cursor, cursor.first());
    const status = cursor.next();
    expect(status).toBe(VisibleCursor.YIELD);
    expect(cursor.valid).toBe(false);
    expect(await finish(cursor, status)).toBe(10);
    expect(keyAt(cursor)).toBe('z');
    expect(await finish(cursor, cursor.previous())).toBe(10);
    expect(keyAt(cursor)).toBe('a');
  });

  test('forgets a pause when it is sent elsewhere', async () => {
    const entries = [del('a', 1), del('b', 2), put('c', 3), put('d', 4)];
    const isPending = { next: false };
    const inner = new ArrayCursor(entries, { isPending: () => isPending.next });
    const cursor = new VisibleCursor(inner, {
      ...{ sequence: 9, bounds: UNBOUNDED, versionsPerKey: 'any' },
    });
    for (const seek of ['seek', 'seekBackward'] as const) {
      cursor.pauseEvery(1);
      expect(cursor.first()).toBe(VisibleCursor.YIELD);
      isPending.next = true;
      expect(cursor[seek](encodeText('d'), 0, 1)).toBe(CursorStatus.PENDING);
      isPending.next = false;
      await finish(cursor, CursorStatus.PENDING);
      expect(keyAt(cursor)).toBe(seek === 'seek' ? 'd' : 'c');
    }
  });

  test('is not on an entry after a move that failed', () => {
    // Otherwise who catches the error and goes on would skip what could not be read.
    const inner = new ArrayCursor([put('a', 1), put('b', 2)]);
    const cursor = new VisibleCursor(inner, {
      sequence: 9,
      bounds: UNBOUNDED,
      versionsPerKey: 'any',
    });
    cursor.first();
    inner.next = () => {
      inner.valid = false;
      throw new Error('unreadable');
    };
    expect(() => cursor.next()).toThrow('unreadable');
    expect(cursor.valid).toBe(false);
  });
});
