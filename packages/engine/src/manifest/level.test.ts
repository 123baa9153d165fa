import { BugError, compareWhole, encodeText } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Level, overlapDepth } from './level.js';
import type { TableMetadata } from './table-metadata.js';
import { makeTable } from './testing/fixtures.js';
import { refuseAsBug } from './version.js';

fc.configureGlobal({ seed: 1_190_541, numRuns: 300 });

const NOTHING: ReadonlySet<number> = new Set();

function levelOf(level: number, tables: readonly TableMetadata[]): Level {
  return Level.empty(level).changed({ removed: NOTHING, added: tables }, refuseAsBug);
}

function numbersOf(tables: readonly TableMetadata[]): number[] {
  return tables.map(({ fileNumber }) => fileNumber);
}

/**
 * Keys over a small alphabet, so that they are often equal, prefixes of each other, or empty; sometimes
 * with much in common at their start.
 */
const anyKey = fc
  .tuple(fc.constantFrom(0, 0, 3, 9), fc.array(fc.constantFrom(0, 1, 0x61, 0xff), { maxLength: 7 }))
  .map(([sharedLength, bytes]) =>
    Uint8Array.of(...new Uint8Array(sharedLength).fill(0x61), ...bytes),
  );

/** Disjoint tables in ascending order, made of consecutive pairs of distinct keys. */
const anyRun = fc
  .uniqueArray(anyKey, { maxLength: 40, comparator: (a, b) => compareWhole(a, b) === 0 })
  .map((keys) => {
    const sorted = keys.sort(compareWhole);
    return Array.from({ length: sorted.length >> 1 }, (_, index) => ({
      ...makeTable({ fileNumber: index + 1, keys: 'x-x' }),
      smallestKey: sorted[index * 2],
      largestKey: sorted[index * 2 + 1],
    }));
  });

/** Tables that may overlap in any way. */
const anyTables = fc.array(fc.tuple(anyKey, anyKey), { maxLength: 12 }).map((pairs) =>
  pairs.map(([a, b], index) => ({
    ...makeTable({ fileNumber: index + 1, keys: 'x-x' }),
    smallestKey: compareWhole(a, b) <= 0 ? a : b,
    largestKey: compareWhole(a, b) <= 0 ? b : a,
  })),
);

function holds(table: TableMetadata, key: Uint8Array): boolean {
  return compareWhole(table.smallestKey, key) <= 0 && compareWhole(table.largestKey, key) >= 0;
}

describe('Level', () => {
  test('finds what a look at every table finds', () => {
    fc.assert(
      fc.property(anyRun, anyKey, (tables, key) => {
        const level = levelOf(3, tables);
        const firstAtOrAfter = tables.findIndex(
          (table) => compareWhole(table.largestKey, key) >= 0,
        );
        expect(level.firstAtOrAfter(key, 0, key.length)).toBe(
          firstAtOrAfter < 0 ? tables.length : firstAtOrAfter,
        );
      }),
    );
  });

  test.each([0, 3])(
    'level %d: overlapping and covers agree with a look at every table',
    (number) => {
      fc.assert(
        fc.property(number === 0 ? anyTables : anyRun, anyKey, anyKey, (tables, a, b) => {
          const level = levelOf(number, tables);
          const [smallest, largest] = compareWhole(a, b) <= 0 ? [a, b] : [b, a];
          const expected = level.tables.filter(
            (table) =>
              compareWhole(table.smallestKey, largest) <= 0 &&
              compareWhole(table.largestKey, smallest) >= 0,
          );
          expect(level.overlapping(smallest, largest)).toEqual(expected);
          level.tables.forEach((table, index) => {
            expect(level.covers(index, a, 0, a.length)).toBe(holds(table, a));
          });
        }),
      );
    },
  );

  test('searches a key that lies inside a larger buffer', () => {
    const level = levelOf(1, [
      makeTable({ fileNumber: 1, keys: 'b-d' }),
      makeTable({ fileNumber: 2, keys: 'f-h' }),
    ]);
    const buffer = encodeText('zzgzz');
    expect(level.firstAtOrAfter(buffer, 2, 3)).toBe(1);
    expect(level.firstAtOrAfter(buffer, 0, 3)).toBe(2);
    expect(level.covers(1, buffer, 2, 3)).toBe(true);
  });

  test('orders level 0 newest first, by sequence number and then by file number', () => {
    const level = levelOf(0, [
      makeTable({ fileNumber: 5, keys: 'a-z', largestSequence: 900 }),
      makeTable({ fileNumber: 8, keys: 'a-z', largestSequence: 1_000 }),
      makeTable({ fileNumber: 9, keys: 'a-z', smallestSequence: 1, largestSequence: 900 }),
    ]);
    expect(numbersOf(level.tables)).toEqual([8, 9, 5]);
  });

  test('orders a deeper level by key, whatever the order of the changes', () => {
    const a = makeTable({ fileNumber: 9, keys: 'a-b' });
    const c = makeTable({ fileNumber: 2, keys: 'c-d' });
    const e = makeTable({ fileNumber: 5, keys: 'e-f' });
    const level = levelOf(1, [e, a]);
    const changed = level.changed({ removed: new Set([9]), added: [c] }, refuseAsBug);
    expect(numbersOf(changed.tables)).toEqual([2, 5]);
    expect(changed.sizeBytes).toBe(2 * 4_096);
    expect(numbersOf(level.tables)).toEqual([9, 5]);
    expect(
      numbersOf(changed.changed({ removed: NOTHING, added: [a] }, refuseAsBug).tables),
    ).toEqual([9, 2, 5]);
  });

  test('gives after any changes what sorting everything gives', () => {
    fc.assert(
      fc.property(anyRun, fc.infiniteStream(fc.integer({ min: 0, max: 2 })), (tables, choices) => {
        let level = Level.empty(2);
        const present = new Set<TableMetadata>();
        for (let round = 0; round < 4; round++) {
          const added: TableMetadata[] = [];
          const removed = new Set<number>();
          for (const table of tables) {
            if (choices.next().value !== 0) continue;
            if (present.delete(table)) removed.add(table.fileNumber);
            else added.push(table);
          }
          for (const table of added) present.add(table);
          level = level.changed({ removed, added }, refuseAsBug);
          level.check(refuseAsBug);
          expect(level.tables).toEqual(tables.filter((table) => present.has(table)));
        }
      }),
    );
  });

  test.each([
    ['overlaps its left neighbour', 'b-c'],
    ['overlaps its right neighbour', 'd-m'],
    ['lies inside another', 'n-n'],
    ['surrounds another', 'j-z'],
    ['has the bounds of another', 'm-o'],
  ])('refuses a table that %s', (_, keys) => {
    const level = levelOf(1, [
      makeTable({ fileNumber: 1, keys: 'a-b' }),
      makeTable({ fileNumber: 2, keys: 'm-o' }),
    ]);
    const added = [makeTable({ fileNumber: 3, keys })];
    expect(() => level.changed({ removed: NOTHING, added }, refuseAsBug)).toThrow(/overlap/);
  });

  test('takes a table into the place of one that is removed by the same change', () => {
    const level = levelOf(1, [makeTable({ fileNumber: 1, keys: 'a-m' })]);
    const added = [makeTable({ fileNumber: 2, keys: 'b-n' })];
    const changed = level.changed({ removed: new Set([1]), added }, refuseAsBug);
    expect(numbersOf(changed.tables)).toEqual([2]);
  });

  test.each([
    ['removes a table it does not have', { removed: new Set([7]), added: [] }],
    [
      'adds a table to level 0 twice',
      {
        removed: NOTHING,
        added: [
          makeTable({ fileNumber: 3, keys: 'a-b' }),
          makeTable({ fileNumber: 3, keys: 'a-b' }),
        ],
      },
    ],
    [
      'adds an empty table',
      { removed: NOTHING, added: [makeTable({ fileNumber: 3, keys: 'a-b', entryCount: 0 })] },
    ],
    [
      'adds a table without bytes',
      { removed: NOTHING, added: [makeTable({ fileNumber: 3, keys: 'a-b', sizeBytes: 0 })] },
    ],
    [
      'adds a table that ends before it starts',
      { removed: NOTHING, added: [makeTable({ fileNumber: 3, keys: 'b-a' })] },
    ],
    [
      'adds a table with more tombstones than entries',
      { removed: NOTHING, added: [makeTable({ fileNumber: 3, keys: 'a-b', tombstoneCount: 11 })] },
    ],
    [
      'adds a table with its sequence numbers in the wrong order',
      { removed: NOTHING, added: [makeTable({ fileNumber: 3, keys: 'a-b', largestSequence: 1 })] },
    ],
    [
      'adds a table with a short id',
      {
        removed: NOTHING,
        added: [makeTable({ fileNumber: 3, keys: 'a-b', tableId: new Uint8Array(15) })],
      },
    ],
  ])('refuses a change that %s', (_, change) => {
    const level = levelOf(0, [makeTable({ fileNumber: 1, keys: 'a-b' })]);
    expect(() => level.changed(change, refuseAsBug)).toThrow(BugError);
  });
});

describe('Level.runCount', () => {
  test('is the most tables of level 0 that hold one key', () => {
    fc.assert(
      fc.property(anyTables, (tables) => {
        const keys = tables.flatMap(({ smallestKey, largestKey }) => [smallestKey, largestKey]);
        const depths = keys.map((key) => tables.filter((table) => holds(table, key)).length);
        expect(levelOf(0, tables).runCount).toBe(Math.max(0, ...depths));
        expect(overlapDepth(tables)).toBe(Math.max(0, ...depths));
      }),
    );
  });

  test('is at most 1 for a deeper level', () => {
    expect(Level.empty(4).runCount).toBe(0);
    const tables = [
      makeTable({ fileNumber: 1, keys: 'a-b' }),
      makeTable({ fileNumber: 2, keys: 'c-d' }),
    ];
    expect(levelOf(4, tables).runCount).toBe(1);
  });
});
