import { describe, expect, test } from 'vitest';
import { createPalette } from '../terminal/palette.js';
import { drawKeyspaces, drawLevels, type KeyspaceShape } from './tree-drawing.js';

const palette = createPalette({ isTTY: false }, {});
const MIB = 1024 * 1024;

const users: KeyspaceShape = {
  name: 'users',
  levels: [
    { level: 0, fileSizesBytes: [2 * MIB], entryCount: 10 },
    { level: 6, fileSizesBytes: [8 * MIB, 8 * MIB], entryCount: 5000 },
  ],
};
const empty: KeyspaceShape = {
  name: 'empty',
  levels: [{ level: 0, fileSizesBytes: [], entryCount: 0 }],
};

describe('drawLevels', () => {
  test('draws a bar per level over all keyspaces', () => {
    const other = { ...users, name: 'other' };
    expect(drawLevels([users, empty, other], { palette, widthColumns: 52 })).toBe(
      [
        'level  files      size',
        'L0         2  4.00 MiB  ▓▓▓',
        'L6         4  32.0 MiB  ████▊████▊████▊████▊',
      ].join('\n'),
    );
  });

  test('says so when there are no tables', () => {
    expect(drawLevels([empty], { palette, widthColumns: 80 })).toMatch('no tables yet');
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
