// Picks from a deeper level that is over its target: the table whose compaction writes the least for
// what it achieves.
//
// That is the one which overlaps the fewest bytes below per byte of its own. Whatever the order, every
// table has its turn in the end; this order saves the most where data is not spread evenly. A table that
// overlaps nothing costs nothing: it is moved.

import { compareWhole } from '@varve/base';
import type { Level, TableMetadata } from '../manifest/index.js';
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
  for (const table of from.tables) {
    if (found !== undefined && sizeBytes >= from.sizeBytesMax) break;
    const outputLevel = moveDestination(picking, table, level);
    if (outputLevel === level || outputLevel !== (found?.outputLevel ?? outputLevel)) continue;
    const move = moveTables(picking, { level, tables: [table], outputLevel }, motive);
    if (move === 'busy') continue;
    found = { ...move, tables: [...(found?.tables ?? []), table] };
    sizeBytes += table.sizeBytes;
  }
  return found;
}

/** Merges the table with the least overlap that no running job is in the way of. */
function pickMerge(picking: Picking, level: number, motive: Motive): Picked<TableMerge> {
  const { tree, running } = picking;
  const overlaps = overlapSizes(tree.levels[level], tree.levels[level + 1]);
  const candidates = tree.levels[level].tables
    .map((table, index) => ({ table, cost: overlaps[index] / table.sizeBytes }))
    .filter(({ table }) => !running.isTaken(table))
    .sort((a, b) => a.cost - b.cost);
  for (const { table } of candidates) {
    const merge = mergeTables(picking, { level, tables: [table] }, motive);
    if (merge !== 'busy') return merge;
  }
  return 'busy';
}

/** For each table of `level`, how many bytes it overlaps in `below`: one walk over both. */
function overlapSizes(level: Level, below: Level): number[] {
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
