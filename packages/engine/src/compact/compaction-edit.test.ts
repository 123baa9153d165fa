import { encodeText } from '@varve/base';
import { describe, expect, test } from 'vitest';
import type { CompactionChoice, TableMerge, TableMove } from './compaction-choice.js';
import { compactionEdit, inputFileNumbers, mergeRuns } from './compaction-edit.js';
import { drawTable } from './testing/tree-text.js';

function table(fileNumber: number) {
  const key = encodeText('k');
  return drawTable({ fileNumber, smallestKey: key, largestKey: key, sizeBytes: 1 });
}

const [NEW, OLD, LEFT, RIGHT, OUTPUT] = [9, 8, 3, 4, 10].map(table);

const MERGE: TableMerge = {
  type: 'merge',
  reason: 'level-zero',
  score: 1,
  inputs: [
    { level: 0, tables: [NEW, OLD] },
    { level: 6, tables: [LEFT, RIGHT] },
  ],
  outputLevel: 6,
  outputBoundaries: [],
  dropTombstones: true,
};

const MOVE: TableMove = {
  type: 'move',
  reason: 'level-zero',
  score: 1,
  level: 0,
  tables: [NEW],
  outputLevel: 5,
};

const NONE: CompactionChoice = { type: 'none', why: 'busy' };

describe('mergeRuns', () => {
  test('gives each table of level 0 and each deeper level, newest first', () => {
    expect(mergeRuns(MERGE)).toEqual([[NEW], [OLD], [LEFT, RIGHT]]);
  });
});

describe('inputFileNumbers', () => {
  test('gives everything a choice takes', () => {
    expect(inputFileNumbers(MERGE)).toEqual([9, 8, 3, 4]);
    expect(inputFileNumbers(MOVE)).toEqual([9]);
    expect(inputFileNumbers(NONE)).toEqual([]);
  });
});

describe('compactionEdit', () => {
  test('replaces what was merged by what was written', () => {
    expect(compactionEdit(2, MERGE, [OUTPUT])).toEqual({
      tablesRemoved: [
        { keyspaceId: 2, level: 0, fileNumber: 9 },
        { keyspaceId: 2, level: 0, fileNumber: 8 },
        { keyspaceId: 2, level: 6, fileNumber: 3 },
        { keyspaceId: 2, level: 6, fileNumber: 4 },
      ],
      tablesAdded: [{ keyspaceId: 2, level: 6, table: OUTPUT }],
    });
  });

  test('moves a table as it is', () => {
    expect(compactionEdit(0, MOVE)).toEqual({
      tablesRemoved: [{ keyspaceId: 0, level: 0, fileNumber: 9 }],
      tablesAdded: [{ keyspaceId: 0, level: 5, table: NEW }],
    });
  });

  test('removes what is dropped, and nothing for no choice', () => {
    const inputs = [{ level: 6, tables: [LEFT] }];
    expect(compactionEdit(0, { type: 'drop', reason: 'tombstones', inputs })).toEqual({
      tablesRemoved: [{ keyspaceId: 0, level: 6, fileNumber: 3 }],
    });
    expect(compactionEdit(0, NONE)).toEqual({ tablesRemoved: [] });
  });
});
