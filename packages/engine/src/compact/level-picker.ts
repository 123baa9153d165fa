// Picks from a deeper level that is over its target: the table whose compaction writes the least for
// what it achieves.
//
// That is the one which overlaps the fewest bytes below per byte of its own. Whatever the order, every
// table has its turn in the end; this order saves the most where data is not spread evenly. A table that
// overlaps nothing costs nothing: it is moved.

import { assert, compareWhole } from '@varve/base';
import { BOTTOM_LEVEL, type Level, type TableMetadata } from '../manifest/index.js';
import type { TableMerge, TableMove } from './compaction-choice.js';
import { rangeOf } from './key-range.js';
import {
  type Motive,
  mergeTables,
  moveDestination,
  moveTables,
  type Picked,
  type Picking,
} from './picking.js';

/**
 * Picks from `level`, which is neither 0 nor the bottom and has tables. O(tables of two levels), and a
 * sort.
 */
export function pickLevel(
  picking: Picking,
  level: number,
  motive: Motive,
): Picked<TableMove | TableMerge> {
  const { tree, targets } = picking;
  const { tables, sizeBytes } = tree.levels[level];
  assert(level > 0, 'level 0 has a picker of its own');
  assert(level < BOTTOM_LEVEL, 'the bottom level has no target to be over');
  assert(tables.length > 0, 'there is something to pick from');
  const excessBytes = sizeBytes - targets.targetSizeBytes[level];
  return (
    pickMove(picking, { level, tables, sizeBytesMax: excessBytes }, motive) ??
    pickMerge(picking, level, motive)
  );
}

/**
 * Moves some of `tables`, neighbours in `level`, that overlap nothing below, to where the first of them
 * can go; at least one, and about `sizeBytesMax` bytes. `undefined` when none can be moved.
 */
export function pickMove(
  picking: Picking,
  from: {
    readonly level: number;
    readonly tables: readonly TableMetadata[];
    readonly sizeBytesMax: number;
  },
  motive: Motive,
): TableMove | undefined {
  const { level } = from;
  let found: TableMove | undefined;
  let sizeBytes = 0;
  assert(level > 0, 'level 0 has a picker of its own');
  assert(level < BOTTOM_LEVEL, 'there is a level to move to');
  assert(!Number.isNaN(from.sizeBytesMax), 'a limit is a number');
  for (const table of from.tables) {
    if (found !== undefined && sizeBytes >= from.sizeBytesMax) break;
    const outputLevel = moveDestination(picking, table, level);
    if (outputLevel === level || outputLevel !== (found?.outputLevel ?? outputLevel)) continue;
    const move = moveTables(picking, { level, tables: [table], outputLevel }, motive);
    if (move === 'busy') continue;
    found = { ...move, tables: [...(found?.tables ?? []), table] };
    sizeBytes += table.sizeBytes;
  }
  assert(found === undefined || found.outputLevel > level, 'tables move down');
  assert(found === undefined || sizeBytes > 0, 'a move moves something');
  return found;
}

/** Merges the table with the least overlap that no running job is in the way of. */
function pickMerge(picking: Picking, level: number, motive: Motive): Picked<TableMerge> {
  const { tree, running } = picking;
  const overlaps = overlapSizes(tree.levels[level], tree.levels[level + 1]);
  assert(overlaps.length === tree.levels[level].tables.length, 'every table has its overlap');
  const candidates = tree.levels[level].tables
    .map((table, index) => ({ table, cost: overlaps[index] / table.sizeBytes }))
    .filter(({ table }) => !running.isTaken(table))
    .sort((a, b) => a.cost - b.cost);
  for (const { table } of candidates) {
    const merge = mergeTables(picking, { level, tables: [table] }, motive);
    if (merge === 'busy') continue;
    assert(merge.outputLevel === level + 1, 'a merge goes one level down');
    return merge;
  }
  return 'busy';
}

/** For each table of `level`, how many bytes it overlaps in `below`: one walk over both. */
function overlapSizes(level: Level, below: Level): number[] {
  assert(level.level > 0, 'tables of level 0 are not in order');
  assert(below.level === level.level + 1, 'overlap is looked for in the next level');
  let first = 0;
  return level.tables.map((table) => {
    const range = rangeOf([table]);
    while (
      first < below.tables.length &&
      compareWhole(below.tables[first].largestKey, range.smallest) < 0
    ) {
      first += 1;
    }
    let sizeBytes = 0;
    for (let index = first; index < below.tables.length; index++) {
      if (compareWhole(below.tables[index].smallestKey, range.largest) > 0) break;
      sizeBytes += below.tables[index].sizeBytes;
    }
    return sizeBytes;
  });
}
