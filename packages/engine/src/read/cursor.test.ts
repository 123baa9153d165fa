import { createRandom, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { FORMAT, ReadBench, randomLayers } from '../testing/read-bench.js';
import { Cursor, type CursorOptions } from './cursor.js';

beforeAll(initializeChecksums);

function open(bench: ReadBench, options: CursorOptions<string> = {}): Cursor<string, string> {
  return new Cursor(bench, FORMAT, options);
}

function small(): ReadBench {
  const entries = ['a', 'c', 'e', 'g'].map((key, index) => ({
    key,
    sequence: index + 1,
    value: key,
  }));
  return new ReadBench({
    memtables: [entries.slice(2)],
    level0: [],
    deeper: [entries.slice(0, 2)],
  });
}

describe('Cursor', () => {
  test.each(Array.from({ length: 40 }, (_, index) => 0xc4503 + index))(
    'moves as a position in an array would (seed %i)',
    (seed) => {
      const random = createRandom(seed);
      const bench = new ReadBench(randomLayers(random, 10 + random.below(200)));
      const sequence = random.below(bench.current.visibleSequence + 1);
      const snapshot = { sequence, released: false };
      const [gte, lt] = [`k${random.below(400)}`, `k${random.below(400)}`];
      const isBounded = random.below(2) === 0;
      const entries = bench
        .expectedEntries(sequence)
        .filter(([key]) => !isBounded || (key >= gte && key < lt));
      const cursor = open(bench, isBounded ? { gte, lt, snapshot } : { snapshot });
      let index = -1;
      for (let step = 0; step < 300; step++) {
        const key = `k${random.below(420)}`;
        const atOrAfter = entries.findIndex((entry) => entry[0] >= key);
        const located = atOrAfter < 0 ? entries.length : atOrAfter;
        const choice = random.below(12);
        let isValid: boolean;
        if (choice === 0) {
          isValid = cursor.first();
          index = 0;
        } else if (choice === 1) {
          isValid = cursor.last();
          index = entries.length - 1;
        } else if (choice === 2) {
          isValid = cursor.seek(key);
          index = located;
        } else if (choice === 3) {
          isValid = cursor.seekBefore(key);
          index = located - 1;
        } else if (!cursor.valid) {
          expect(() => cursor.next()).toThrow(
            expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
          );
          continue;
        } else if (choice < 8) {
          isValid = cursor.next();
          index += 1;
        } else {
          isValid = cursor.previous();
          index -= 1;
        }
        expect(isValid).toBe(entries[index] !== undefined);
        expect(cursor.valid).toBe(isValid);
        if (!isValid) continue;
        expect([cursor.key, cursor.value]).toEqual(entries[index]);
        expect(String.fromCharCode(...cursor.keyBytes)).toBe(entries[index]![0]);
        expect(String.fromCharCode(...cursor.valueBytes)).toBe(entries[index]![1]);
      }
      cursor.close();
      expect(bench.handles.count).toBe(0);
    },
  );

  test('stands on no entry before the first move and after a move past an end', () => {
    const cursor = open(small());
    const noEntry = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(cursor.valid).toBe(false);
    for (const use of [
      () => cursor.key,
      () => cursor.value,
      () => cursor.keyBytes,
      () => cursor.valueBytes,
      () => cursor.next(),
      () => cursor.previous(),
    ]) {
      expect(use).toThrow(noEntry);
    }
    cursor.last();
    expect(cursor.next()).toBe(false);
    expect(() => cursor.key).toThrow(noEntry);
    expect(cursor.first()).toBe(true);
    expect(cursor.key).toBe('a');
    cursor.close();
  });

  test('P13: refuses every use after it or its database was closed', () => {
    const bench = small();
    const [mine, databases] = [open(bench), open(bench)];
    mine.first();
    databases.first();
    mine.close();
    mine.close();
    bench.handles.closeAll();
    for (const cursor of [mine, databases]) {
      expect(cursor.valid).toBe(false);
      for (const use of [
        () => cursor.first(),
        () => cursor.last(),
        () => cursor.seek('a'),
        () => cursor.seekBefore('a'),
        () => cursor.next(),
        () => cursor.previous(),
        () => cursor.key,
        () => cursor.valueBytes,
      ]) {
        expect(use).toThrow(expect.objectContaining({ code: 'ITERATOR_CLOSED' }));
      }
    }
  });

  test('closes at the end of its block', () => {
    const bench = small();
    {
      using cursor = open(bench);
      cursor.first();
      expect(bench.handles.count).toBe(1);
    }
    expect(bench.handles.count).toBe(0);
  });

  test('sees the state of the moment it was made', () => {
    const bench = small();
    const cursor = open(bench);
    bench.current.visibleSequence = 1;
    expect(cursor.last()).toBe(true);
    expect(cursor.key).toBe('g');
    const later = open(bench);
    later.last();
    expect(later.key).toBe('a');
    cursor.close();
    later.close();
  });

  test('T1: does not step over a damaged block: there is no entry until it is placed again', () => {
    const entries = Array.from({ length: 60 }, (_, index) => ({
      key: `k${index + 10}`,
      sequence: index + 1,
      value: '.'.repeat(40),
    }));
    const bench = new ReadBench({
      memtables: [[]],
      level0: [],
      deeper: [entries.slice(0, 30), entries.slice(30)],
    });
    bench.damageBlockOf('k25', 1);
    const cursor = open(bench);
    cursor.first();
    const walk = (): void => {
      while (cursor.valid) cursor.next();
    };
    expect(walk).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    expect(cursor.valid).toBe(false);
    expect(() => cursor.next()).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(() => cursor.seek('k25')).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
    expect(cursor.valid).toBe(false);
    expect(cursor.seek('k39')).toBe(true);
    expect(cursor.key).toBe('k39');
    cursor.close();
  });

  test('refuses bounds and keys of another type, and keeps nothing open', () => {
    const bench = small();
    expect(() => open(bench, { gte: 7 as unknown as string })).toThrow(TypeError);
    expect(bench.handles.count).toBe(0);
    const cursor = open(bench);
    expect(() => cursor.seek(7 as unknown as string)).toThrow(TypeError);
    cursor.close();
  });
});
