import { describe, expect, test } from 'vitest';
import { createPalette } from './palette.js';
import { drawKeyspaces, drawLevels, type KeyspaceShape, lookupTableCount } from './tree-drawing.js';

const palette = createPalette({ isTTY: false }, {});
const MIB = 1024 * 1024;

/** A level with tables of these sizes. */
function levelOf(
  level: number,
  entryCount: number,
  rest: { runCount?: number; sizesMib?: readonly number[]; targetMib?: number } = {},
) {
  const tables = (rest.sizesMib ?? []).map((sizeMib) => ({ sizeBytes: sizeMib * MIB }));
  return {
    level,
    sizeBytes: tables.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    entryCount,
    runCount: rest.runCount ?? Math.min(tables.length, 1),
    tables,
    targetBytes: rest.targetMib === undefined ? null : rest.targetMib * MIB,
  };
}

const users: KeyspaceShape = {
  name: 'users',
  levels: [
    levelOf(0, 10, { sizesMib: [2], targetMib: 1 }),
    levelOf(1, 0),
    levelOf(6, 5000, { sizesMib: [12, 4], targetMib: 20 }),
  ],
};
const empty: KeyspaceShape = { name: 'empty', levels: [levelOf(0, 0)] };

describe('drawLevels', () => {
  test('draws a bar per level over all keyspaces', () => {
    const other = { ...users, name: 'other' };
    const text = drawLevels([users, empty, other], { palette, widthColumns: 66 });
    expect(text.split('\n')).toEqual([
      'level  files  entries      size    target',
      'L0         2       20  4.00 MiB            ▓▓▓',
      'L6         4   10,000  32.0 MiB  40.0 MiB  ███████▊█▊███████▊█▊',
    ]);
  });

  test('says so when there are no tables', () => {
    expect(drawLevels([empty], { palette, widthColumns: 80 })).toMatch('no tables yet');
    expect(drawLevels([], { palette, widthColumns: 80 })).toMatch('no tables yet');
  });

  test('keeps a bar in a very narrow window', () => {
    expect(drawLevels([users], { palette, widthColumns: 5 })).toContain('███████▊█▊');
  });
});

describe('drawKeyspaces', () => {
  test('lists entries, files, size and levels', () => {
    expect(drawKeyspaces([users, empty], palette).split('\n')).toEqual([
      'keyspace  entries  files      size  files by level',
      'users       5,010      3  18.0 MiB  L0:1 L6:2',
      'empty           0      0       0 B',
    ]);
  });
});

describe('lookupTableCount', () => {
  test('counts runs, not tables, in the worst keyspace', () => {
    const levels = [
      levelOf(0, 40, { sizesMib: [1, 1, 1, 1], runCount: 2 }),
      levelOf(5, 90, { sizesMib: [2, 2, 2] }),
      levelOf(6, 0),
    ];
    expect(lookupTableCount([users, { name: 'wide', levels }, empty])).toBe(3);
    expect(lookupTableCount([users])).toBe(2);
    expect(lookupTableCount([])).toBe(0);
  });
});
