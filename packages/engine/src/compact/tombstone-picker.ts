// Picks for the sake of tombstones, when no level is due.
//
// Tombstones slow down every scan over the keys they delete, and the space of what they hide is free only
// once the two have met. A level that stays below its target would keep them for ever.
//
//   nothing but tombstones, nothing below to hide     removed unread
//   many tombstones                                   compacted; at the bottom rewritten in place
//
// Tombstones that an open snapshot may need are left alone: a table would be rewritten again and again
// for nothing.
//
// Requires: memtables become tables in the order of their age. What a tombstone hides is then never in
// anything newer than the table it is in.

import { assert } from '@varve/base';
import { assertLevelNumber, BOTTOM_LEVEL, type TableMetadata } from '../manifest/index.js';
import type { LevelTables, TableDrop, TableMerge, TableMove } from './compaction-choice.js';
import { rangeOf } from './key-range.js';
import { pickLevelZero } from './level-zero-picker.js';
import {
  hasDroppableTombstones,
  mergeTables,
  overlapping,
  type Picked,
  type Picking,
} from './picking.js';

const MOTIVE = { reason: 'tombstones', score: 0 } as const;

/** Picks every table that can go as it is, or the table with the most tombstones. O(tables). */
export function pickTombstones(
  picking: Picking,
): Picked<TableDrop | TableMerge | TableMove> | undefined {
  assert(picking.options.tombstoneCountMin >= 1, 'a table without tombstones is left alone');
  return pickDrop(picking) ?? pickDensest(picking);
}

/** Takes tables that delete nothing. */
function pickDrop(picking: Picking): TableDrop | undefined {
  const inputs = picking.tree.levels
    .map(({ level, tables }) => ({
      level,
      tables: tables.filter((table) => hidesNothing(picking, table, level)),
    }))
    .filter(({ tables }) => tables.length > 0);
  assert(inputs.length <= picking.tree.levels.length, 'a level is in a choice once');
  return inputs.length === 0 ? undefined : { type: 'drop', reason: 'tombstones', inputs };
}

/** Whether a table is all tombstones, and everything older has other keys. */
function hidesNothing(picking: Picking, table: TableMetadata, level: number): boolean {
  assertLevelNumber(level);
  assert(table.tombstoneCount <= table.entryCount, 'tombstones are entries');
  if (table.tombstoneCount < table.entryCount || picking.running.isTaken(table)) return false;
  const range = rangeOf([table]);
  for (let deeper = level + 1; deeper <= BOTTOM_LEVEL; deeper++) {
    if (overlapping(picking, deeper, range).length > 0) return false;
  }
  // Level 0 is newest first: what follows the table in it is older.
  return level > 0 || overlapping(picking, 0, range).at(-1) === table;
}

function pickDensest(picking: Picking): Picked<TableMerge | TableMove> | undefined {
  const dense = denseTables(picking);
  assert(
    dense.every(({ tables }) => !picking.running.isTaken(tables[0])),
    'no table is looked at that cannot be had',
  );
  for (const { level, tables } of dense) {
    assert(tables.length === 1, 'each dense table stands by itself');
    assert(tables[0].tombstoneCount > 0, 'a dense table has tombstones');
    const choice =
      level === 0
        ? pickLevelZero(picking, MOTIVE, rangeOf(tables))
        : mergeTables(picking, { level, tables }, MOTIVE);
    if (choice !== 'busy' && choice !== undefined) return choice;
  }
  return dense.length > 0 ? 'busy' : undefined;
}

/** Each by itself, those with the most tombstones first. */
function denseTables({ tree, options, running }: Picking): LevelTables[] {
  return tree.levels
    .flatMap(({ level, tables }) =>
      tables
        .filter((table) => hasDroppableTombstones(table, options) && !running.isTaken(table))
        .map((table) => ({ level, tables: [table] })),
    )
    .sort((a, b) => b.tables[0].tombstoneCount - a.tables[0].tombstoneCount);
}
