// What every way of picking shares: the state it looks at, and how a seed becomes a whole choice.
//
//   seed tables of one level
//     -> nothing below overlaps       a move, as deep as nothing overlaps
//     -> otherwise                    a merge with everything that overlaps in the output level

import { assert, compareWhole } from '@varve/base';
import {
  assertLevelNumber,
  BOTTOM_LEVEL,
  type KeyspaceTree,
  LEVEL_COUNT,
  type TableMetadata,
} from '../manifest/index.js';
import type { CompactionReason, LevelTables, TableMerge, TableMove } from './compaction-choice.js';
import { assertRange, type KeyRange, rangeOf, totalSizeBytes } from './key-range.js';
import { type LevelTargets, levelTargets } from './level-targets.js';
import type { PickerOptions } from './picker-options.js';
import { RunningJobs } from './running-jobs.js';

/** One question to the picker, with what follows from it. */
export interface Picking {
  readonly tree: KeyspaceTree;
  readonly options: PickerOptions;
  readonly targets: LevelTargets;
  readonly running: RunningJobs;
}

/** Why a choice is made, as it is reported. */
export interface Motive {
  readonly reason: CompactionReason;
  readonly score: number;
}

/** A choice, or that running jobs are in the way of every one. */
export type Picked<Choice> = Choice | 'busy';

/** Derives what is needed to answer one question. O(tables). */
export function startPicking(
  tree: KeyspaceTree,
  options: PickerOptions,
  busy: ReadonlySet<number>,
): Picking {
  const targets = levelTargets(tree, options);
  assert(tree.levels.length === LEVEL_COUNT, 'a tree has all its levels');
  assert(targets.baseLevel >= 1, 'level 0 is compacted to a deeper one');
  const taken = { busy, setAside: options.setAside };
  return { tree, options, targets, running: new RunningJobs(tree, taken, targets.baseLevel) };
}

/** Where tables of a level go when they are merged. The bottom level is rewritten in place. */
export function outputLevelOf({ targets }: Picking, level: number): number {
  assertLevelNumber(level);
  const outputLevel = level === 0 ? targets.baseLevel : Math.min(level + 1, BOTTOM_LEVEL);
  assert(outputLevel > level || level === BOTTOM_LEVEL, 'data goes down');
  return outputLevel;
}

/**
 * The deepest level to which a table can be moved as it is, since no level on the way there has a table
 * that overlaps it; its own level if it cannot be moved, or should be rewritten instead: because it would
 * arrive above too much, or because its tombstones could be dropped.
 *
 * Requires: if it is of level 0, no older table there overlaps it.
 */
export function moveDestination(picking: Picking, table: TableMetadata, level: number): number {
  const { tree, options, targets } = picking;
  let destination = level;
  let below: readonly TableMetadata[] = [];
  while (destination < BOTTOM_LEVEL) {
    below = tree.levels[destination + 1].overlapping(table.smallestKey, table.largestKey);
    if (below.length > 0) break;
    destination += 1;
  }
  if (destination < outputLevelOf(picking, level)) return level;
  if (totalSizeBytes(below) > options.deeperOverlapSizeBytesMax) return level;
  if (destination === BOTTOM_LEVEL && hasDroppableTombstones(table, options)) return level;
  assert(level > 0 || destination >= targets.baseLevel, 'level 0 is moved to the base or deeper');
  assert(destination > level, 'a table moves down');
  assert(destination <= BOTTOM_LEVEL, 'a table stays in the tree');
  return destination;
}

/** Whether a table consists of tombstones to such a part that it is compacted to get rid of them. */
export function hasDroppableTombstones(table: TableMetadata, options: PickerOptions): boolean {
  assert(table.tombstoneCount <= table.entryCount, 'tombstones are entries');
  assert(table.entryCount > 0, 'a table has entries');
  return (
    table.tombstoneCount >= options.tombstoneCountMin &&
    table.tombstoneCount >= table.entryCount * options.tombstoneShareMin &&
    table.largestSequence <= options.oldestSnapshotSequence
  );
}

/** Moves tables of one level to another, unless one of them is taken or a running job is in its way. */
export function moveTables(
  picking: Picking,
  move: LevelTables & { readonly outputLevel: number },
  motive: Motive,
): Picked<TableMove> {
  const { level, tables, outputLevel } = move;
  assert(tables.length > 0, 'a move moves something');
  assert(outputLevel > level, 'tables move down');
  assertLevelNumber(outputLevel);
  const { running } = picking;
  const isBlocked = tables.some(
    (table) => running.isTaken(table) || running.conflictWith(rangeOf([table]), level, outputLevel),
  );
  return isBlocked ? 'busy' : { type: 'move', ...motive, level, tables, outputLevel };
}

/**
 * Merges neighbouring tables of one level with all they overlap in the output level, and takes in more of
 * their own level where that adds nothing in the output level.
 */
export function mergeTables(
  picking: Picking,
  seed: LevelTables,
  motive: Motive,
): Picked<TableMerge> {
  assert(seed.tables.length > 0, 'a merge starts from something');
  const outputLevel = outputLevelOf(picking, seed.level);
  if (outputLevel === seed.level) return mergeInto(picking, [seed], outputLevel, motive);
  const below = overlapping(picking, outputLevel, rangeOf(seed.tables));
  const grown = grownFreely(picking, seed, below);
  assert(grown.length >= seed.tables.length, 'what is merged only grows');
  const inputs = [{ level: seed.level, tables: grown }];
  if (below.length > 0) inputs.push({ level: outputLevel, tables: below });
  return mergeInto(picking, inputs, outputLevel, motive);
}

/** The tables of a level that share a key with a range. */
export function overlapping({ tree }: Picking, level: number, range: KeyRange): TableMetadata[] {
  assertLevelNumber(level);
  assert(tree.levels[level].level === level, 'levels stand in their order');
  return [...tree.levels[level].overlapping(range.smallest, range.largest)];
}

function mergeInto(
  picking: Picking,
  inputs: readonly LevelTables[],
  outputLevel: number,
  motive: Motive,
): Picked<TableMerge> {
  const { tree, running } = picking;
  assert(inputs.length === 1 || inputs.length === 2, 'a merge is of one level or of two');
  assert(inputs[0].level <= outputLevel, 'data goes down');
  assert(
    inputs.length === 1 || inputs[1].level === outputLevel,
    'the older input is where the output goes',
  );
  const tables = inputs.flatMap((input) => input.tables);
  const range = rangeOf(tables);
  assertRange(range);
  if (tables.some((table) => running.isTaken(table))) return 'busy';
  if (running.conflictWith(range, inputs[0].level, outputLevel)) return 'busy';
  const deeper = tree.levels.slice(outputLevel + 1);
  const isOverlapped = deeper.some(
    (level) => level.overlapping(range.smallest, range.largest).length > 0,
  );
  return {
    type: 'merge',
    ...motive,
    inputs,
    outputLevel,
    outputBoundaries: boundariesBelow(picking, outputLevel, range),
    dropTombstones: !isOverlapped,
  };
}

/** Where the tables below the output start, inside the range. */
function boundariesBelow(picking: Picking, outputLevel: number, range: KeyRange): Uint8Array[] {
  assert(outputLevel >= 1, 'nothing is compacted to level 0');
  assertRange(range);
  if (outputLevel === BOTTOM_LEVEL) return [];
  return overlapping(picking, outputLevel + 1, range)
    .map((table) => table.smallestKey)
    .filter((key) => compareWhole(key, range.smallest) > 0);
}

/** The seed, with the tables beside it that overlap nothing in the output level but what is merged anyway. */
function grownFreely(
  picking: Picking,
  { level, tables }: LevelTables,
  below: readonly TableMetadata[],
): readonly TableMetadata[] {
  if (level === 0 || below.length === 0) return tables;
  const grown = overlapping(picking, level, rangeOf([...tables, ...below]));
  assert(grown.length >= tables.length, 'a wider range has no fewer tables');
  assert(grown.includes(tables[0]), 'the seed is among what it has grown to');
  const sizeBytes = totalSizeBytes(grown) + totalSizeBytes(below);
  const isFree =
    sizeBytes <= picking.options.compactionSizeBytesMax &&
    !grown.some((table) => picking.running.isTaken(table)) &&
    overlapping(picking, level + 1, rangeOf(grown)).length === below.length;
  return isFree ? grown : tables;
}
