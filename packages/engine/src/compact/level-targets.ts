// How large each level should be, and how far the tree is from that.
//
// Sizes follow from the largest level rather than from the top: the bottom holds nearly everything, so
// old versions above it take about a tenth of the space, whatever the size of the database. Levels that
// are not needed stay empty, and level 0 is merged past them:
//
//   bottom up to the base size           L0 ---------------------------------> L6
//   up to 10 times that                  L0 ----------------------> L5 ------> L6
//   up to 100 times                      L0 ------------> L4 -----> L5 ------> L6
//
// The base level has the base size; from there to the bottom each level is larger by the same factor. A
// level in use is given up only when the tree has shrunk to half of what it took to need it, since data
// would otherwise be moved back and forth.
//
// The score of a level is its size divided by its target: from 1 on it is compacted.

import { assert } from '@varve/base';
import { BOTTOM_LEVEL, type KeyspaceTree, LEVEL_COUNT, type Level } from '../manifest/index.js';
import type { PickerOptions } from './picker-options.js';

/** See {@link levelTargets}. */
export interface LevelTargets {
  /** Where level 0 is compacted to. No level between has tables. */
  readonly baseLevel: number;
  /** By level. 0 for a level that should be empty; for level 0 the size at which it is compacted. */
  readonly targetSizeBytes: readonly number[];
}

/** Factor on the base size below which a level that is in use is given up. */
const GIVE_UP_FACTOR = 0.5;

/** Gives the sizes the levels of `tree` should have. O(levels). */
export function levelTargets(tree: KeyspaceTree, options: PickerOptions): LevelTargets {
  const { levels } = tree;
  const { levelBaseSizeBytes } = options;
  assert(levels.length === LEVEL_COUNT, 'a tree has all its levels');
  const firstUsed = firstUsedLevel(levels);
  const largestSizeBytes = Math.max(...levels.slice(1).map((level) => level.sizeBytes));
  const firstNeeded = firstNeededLevel(largestSizeBytes, firstUsed, options);
  const stepCount = BOTTOM_LEVEL - firstNeeded;
  const growth = Math.max(1, largestSizeBytes / levelBaseSizeBytes);
  const targetSizeBytes = levels.map(({ level }) => {
    if (level === 0) return levelBaseSizeBytes;
    if (level < firstNeeded) return 0;
    const share = stepCount === 0 ? 1 : (level - firstNeeded) / stepCount;
    return Math.round(levelBaseSizeBytes * growth ** share);
  });
  const targets = { baseLevel: Math.min(firstNeeded, firstUsed), targetSizeBytes };
  assertTargets(targets);
  return targets;
}

function assertTargets({ baseLevel, targetSizeBytes }: LevelTargets): void {
  assert(baseLevel >= 1, 'level 0 is compacted to a deeper one');
  assert(baseLevel <= BOTTOM_LEVEL, 'the base level exists');
  assert(targetSizeBytes.length === LEVEL_COUNT, 'every level has a target');
  assert(targetSizeBytes[0] > 0, 'level 0 has a size from which on it is due');
  assert(targetSizeBytes[BOTTOM_LEVEL] > 0, 'the bottom level is always needed');
}

/**
 * How far level 0 is: the larger of runs per trigger and bytes per target.
 */
export function levelZeroScore(tree: KeyspaceTree, options: PickerOptions): number {
  const [level] = tree.levels;
  assert(level.level === 0, 'levels stand in their order');
  const score = Math.max(
    level.runCount / options.levelZeroRunTrigger,
    level.sizeBytes / options.levelBaseSizeBytes,
  );
  assert(Number.isFinite(score), 'a score is a number');
  assert(score > 0 === level.tables.length > 0, 'only an empty level scores nothing');
  return score;
}

/** How far a deeper level of `sizeBytes` is. Above 1 if it should be empty and is not. */
export function levelScore(
  level: Level,
  sizeBytes: number,
  { targetSizeBytes }: LevelTargets,
): number {
  assert(level.level > 0, 'level 0 has a score of its own');
  assert(sizeBytes <= level.sizeBytes, 'what is counted is part of the level');
  if (level.level === BOTTOM_LEVEL || sizeBytes === 0) return 0;
  const target = targetSizeBytes[level.level];
  assert(target >= 0, 'a target is a size');
  return target === 0 ? 1 + sizeBytes / targetSizeBytes[0] : sizeBytes / target;
}

/**
 * Estimates how many bytes have to be read and merged until every level is at its target: what the
 * database owes. 0 when nothing is due. O(levels).
 */
export function pendingCompactionBytes(tree: KeyspaceTree, options: PickerOptions): number {
  const { levels } = tree;
  const { baseLevel, targetSizeBytes } = levelTargets(tree, options);
  let pendingBytes = 0;
  let arrivingBytes = 0;
  if (levelZeroScore(tree, options) >= 1) {
    arrivingBytes = levels[0].sizeBytes;
    pendingBytes = arrivingBytes + levels[baseLevel].sizeBytes;
  }
  for (let level = baseLevel; level < BOTTOM_LEVEL; level++) {
    const sizeBytes = levels[level].sizeBytes + arrivingBytes;
    const excessBytes = Math.max(0, sizeBytes - targetSizeBytes[level]);
    assert(excessBytes <= sizeBytes, 'a level is left by what it has');
    // Each byte that leaves is merged with its share of the level below.
    if (excessBytes > 0)
      pendingBytes += excessBytes * (1 + levels[level + 1].sizeBytes / sizeBytes);
    arrivingBytes = excessBytes;
  }
  assert(Number.isFinite(pendingBytes), 'what is owed is a number');
  assert(pendingBytes >= 0, 'nothing is owed back');
  return Math.round(pendingBytes);
}

/** The first level below 0 that has tables; the bottom if none has. */
export function firstUsedLevel(levels: readonly Level[]): number {
  const index = levels.findIndex(({ level, tables }) => level > 0 && tables.length > 0);
  assert(levels.length === LEVEL_COUNT, 'a tree has all its levels');
  assert(index !== 0, 'level 0 is not below level 0');
  return index < 0 ? BOTTOM_LEVEL : index;
}

function firstNeededLevel(
  largestSizeBytes: number,
  firstUsed: number,
  { levelBaseSizeBytes, levelSizeMultiplier }: PickerOptions,
): number {
  assert(largestSizeBytes >= 0, 'a level has a size');
  assert(levelSizeMultiplier > 1, 'levels grow');
  let level = BOTTOM_LEVEL;
  let sizeBytes = largestSizeBytes;
  while (level > 1) {
    const isUsed = level - 1 >= firstUsed;
    if (sizeBytes <= levelBaseSizeBytes * (isUsed ? GIVE_UP_FACTOR : 1)) break;
    sizeBytes /= levelSizeMultiplier;
    level -= 1;
  }
  assert(level >= 1, 'level 0 is no target');
  return level;
}
