import { describe, expect, test } from 'vitest';
import { createPalette } from './palette.js';
import { drawKeyspaces, drawLevels, type KeyspaceShape, lookupTableCount } from './tree-drawing.js';

const palette = createPalette({ isTTY: false }, {});
const MIB = 1024 * 1024;

const users: KeyspaceShape = {
  name: 'users',
  levels: [
    { level: 0, tableCount: 1, sizeBytes: 2 * MIB, entryCount: 10, targetBytes: MIB },
    { level: 1, tableCount: 0, sizeBytes: 0, entryCount: 0, targetBytes: null },
    { level: 6, tableCount: 2, sizeBytes: 16 * MIB, entryCount: 5000, targetBytes: 20 * MIB },
  ],
};
const empty: KeyspaceShape = {
  name: 'empty',
  levels: [{ level: 0, tableCount: 0, sizeBytes: 0, entryCount: 0, targetBytes: null }],
};

describe('drawLevels', () => {
  test('draws a bar per level over all keyspaces', () => {
    const other = { ...users, name: 'other' };
    const text = drawLevels([users, empty, other], { palette, widthColumns: 66 });
    expect(text.split('\n')).toEqual([
      'level  files  entries      size    target',
      'L0         2       20  4.00 MiB            ▓▓▓',
      'L6         4   10,000  32.0 MiB  40.0 MiB  ████▊████▊████▊████▊',
    ]);
  });

  test('says so when there are no tables', () => {
    expect(drawLevels([empty], { palette, widthColumns: 80 })).toMatch('no tables yet');
    expect(drawLevels([], { palette, widthColumns: 80 })).toMatch('no tables yet');
  });

  test('keeps a bar in a very narrow window', () => {
    expect(drawLevels([users], { palette, widthColumns: 5 })).toContain('████▊████▊');
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
  test('counts all of level 0 and one per deeper level, in the worst keyspace', () => {
    expect(lookupTableCount([users, empty])).toBe(2);
    expect(lookupTableCount([])).toBe(0);
  });
});
