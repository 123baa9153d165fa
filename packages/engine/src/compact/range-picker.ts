// Picks what somebody asked for: one step of the compaction of a range of keys.
//
// The caller goes down the levels, and on each takes steps until there is nothing left to do. A step is
// bounded in size, so that other work has its turn in between. Unlike otherwise, every tombstone that can
// be dropped is worth a rewrite.

import { assert } from '@varve/base';
import {
  assertLevelNumber,
  BOTTOM_LEVEL,
  type KeyspaceTree,
  type TableMetadata,
} from '../manifest/index.js';
import type { CompactionChoice, TableMerge, TableMove } from './compaction-choice.js';
import { type KeyRange, rangeOf, totalSizeBytes } from './key-range.js';
import { pickMove } from './level-picker.js';
import { pickLevelZero } from './level-zero-picker.js';
import type { PickerOptions } from './picker-options.js';
import {
  hasDroppableTombstones,
  mergeTables,
  outputLevelOf,
  overlapping,
  type Picked,
  type Picking,
  startPicking,
} from './picking.js';

/** Which keys of which level to compact. */
export interface RangeRequest {
  /** 0 to 6. At the bottom only tables with tombstones that can be dropped are rewritten. */
  readonly level: number;
  /** First key, inclusive. Left out: from the first on. */
  readonly smallest?: Uint8Array;
  /** Last key, inclusive. Left out: to the last. */
  readonly largest?: Uint8Array;
  /** File numbers of the inputs of running jobs. */
  readonly busy: ReadonlySet<number>;
}

const MOTIVE = { reason: 'manual', score: 0 } as const;

/**
 * Picks one step of a compaction that was asked for. `'nothing-to-do'`: the level holds nothing more of
 * the range. `'busy'`: wait for a running job, then ask again.
 */
export function pickRange(
  tree: KeyspaceTree,
  options: PickerOptions,
  request: RangeRequest,
): CompactionChoice {
  assertLevelNumber(request.level);
  const { tables } = tree.levels[request.level];
  if (tables.length === 0) return { type: 'none', why: 'nothing-to-do' };
  assert(tree.levels[request.level].level === request.level, 'levels stand in their order');
  const whole = rangeOf(tables);
  const range = {
    smallest: request.smallest ?? whole.smallest,
    largest: request.largest ?? whole.largest,
  };
  const everyTombstone = { tombstoneCountMin: 1, tombstoneShareMin: Number.MIN_VALUE };
  const picking = startPicking(tree, { ...options, ...everyTombstone }, request.busy);
  const picked =
    request.level === 0
      ? pickLevelZero(picking, MOTIVE, range)
      : pickDeeper(picking, request.level, range);
  if (picked === undefined) return { type: 'none', why: 'nothing-to-do' };
  return picked === 'busy' ? { type: 'none', why: 'busy' } : picked;
}

function pickDeeper(
  picking: Picking,
  level: number,
  range: KeyRange,
): Picked<TableMove | TableMerge> | undefined {
  assert(level > 0, 'level 0 has a picker of its own');
  const tables = overlapping(picking, level, range);
  if (level === BOTTOM_LEVEL) {
    const isWanted = (table: TableMetadata) => hasDroppableTombstones(table, picking.options);
    return pickStep(picking, level, neighbours(tables, isWanted));
  }
  const move = pickMove(picking, { level, tables, sizeBytesMax: Number.POSITIVE_INFINITY }, MOTIVE);
  return move ?? pickStep(picking, level, [tables]);
}

/** Merges as many tables as one step may take, from the first that no running job is in the way of. */
function pickStep(
  picking: Picking,
  level: number,
  runs: readonly (readonly TableMetadata[])[],
): Picked<TableMerge> | undefined {
  for (const run of runs) {
    for (let start = 0; start < run.length; start++) {
      const tables = stepOf(picking, level, run.slice(start));
      const merge = mergeTables(picking, { level, tables }, MOTIVE);
      if (merge === 'busy') continue;
      assert(merge.inputs[0].level === level, 'a step starts from the level that was asked for');
      assert(merge.inputs[0].tables.length >= tables.length, 'a step is taken whole');
      return merge;
    }
  }
  return runs.some((run) => run.length > 0) ? 'busy' : undefined;
}

/** The first of `tables`, and those after it that fit into one step and that no job is in the way of. */
function stepOf(
  picking: Picking,
  level: number,
  tables: readonly TableMetadata[],
): readonly TableMetadata[] {
  const { running, options } = picking;
  assert(tables.length > 0, 'a step takes at least one table');
  const outputLevel = outputLevelOf(picking, level);
  let count = 1;
  for (; count < tables.length; count++) {
    const step = tables.slice(0, count + 1);
    const below = overlapping(picking, outputLevel, rangeOf(step));
    if (totalSizeBytes(step) + totalSizeBytes(below) > options.compactionSizeBytesMax) break;
    if ([...step, ...below].some((table) => running.isTaken(table))) break;
    if (running.conflictWith(rangeOf([...step, ...below]), level, outputLevel)) break;
  }
  assert(count >= 1, 'every step gets on');
  assert(count <= tables.length, 'a step takes what there is');
  return tables.slice(0, count);
}

/** The wanted tables, those beside each other together. */
function neighbours(
  tables: readonly TableMetadata[],
  isWanted: (table: TableMetadata) => boolean,
): TableMetadata[][] {
  const runs: TableMetadata[][] = [[]];
  for (const table of tables) {
    if (isWanted(table)) runs[runs.length - 1].push(table);
    else runs.push([]);
  }
  const found = runs.filter((run) => run.length > 0);
  assert(found.length <= tables.length, 'no table is in two runs');
  return found;
}
