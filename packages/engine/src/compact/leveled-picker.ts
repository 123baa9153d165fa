// Decides what to compact next: a pure function of the tree, the options and what is running.
//
//   1. score every level (level-targets.ts); what scores 1 or more is due
//   2. the highest score goes first, level 0 with half its weight: whatever the base level has beyond its
//      target is written once more by each merge of level 0, and more runs make such a merge no dearer
//   3. level 0: the cluster of tables that costs reads the most (level-zero-picker.ts)
//      deeper: the table with the least overlap below (level-picker.ts)
//   4. nothing due: tables full of tombstones (tombstone-picker.ts)
//
// Level 0 must not starve. When it is due and running jobs are in its way, no further job is started
// that reads from the base level.

import { assert } from '@varve/base';
import { BOTTOM_LEVEL, type KeyspaceTree, LEVEL_COUNT } from '../manifest/index.js';
import type { CompactionChoice } from './compaction-choice.js';
import { inputFileNumbers } from './compaction-edit.js';
import { totalSizeBytes } from './key-range.js';
import { pickLevel } from './level-picker.js';
import { levelScore, levelZeroScore } from './level-targets.js';
import { pickLevelZero } from './level-zero-picker.js';
import type { PickerOptions } from './picker-options.js';
import { type Picked, type Picking, startPicking } from './picking.js';
import { pickTombstones } from './tombstone-picker.js';

interface DueLevel {
  readonly level: number;
  readonly score: number;
}

const LEVEL_ZERO_WEIGHT = 0.5;

/**
 * Picks the next compaction of a tree. `busy` has the file numbers of the inputs of every running job;
 * the caller adds those of the choice before it asks again. O(tables) and a sort.
 */
export function pickCompaction(
  tree: KeyspaceTree,
  options: PickerOptions,
  busy: ReadonlySet<number>,
): CompactionChoice {
  const picking = startPicking(tree, options, busy);
  let isLevelZeroWaiting = false;
  let isBlocked = false;
  for (const due of dueLevels(picking)) {
    if (isLevelZeroWaiting && due.level === picking.targets.baseLevel) continue;
    const picked = pickFrom(picking, due);
    if (picked !== 'busy') {
      assertFree(picked, busy);
      return picked;
    }
    // For tables that are set aside nothing waits.
    isBlocked = picking.running.areAny;
    isLevelZeroWaiting ||= isBlocked && due.level === 0 && !picking.running.includesLevelZero;
  }
  const picked = isBlocked ? 'busy' : pickTombstones(picking);
  if (picked === undefined) return { type: 'none', why: 'nothing-to-do' };
  if (picked === 'busy') return { type: 'none', why: 'busy' };
  assertFree(picked, busy);
  return picked;
}

/** What two jobs must never do. */
function assertFree(choice: CompactionChoice, busy: ReadonlySet<number>): void {
  assert(
    inputFileNumbers(choice).every((fileNumber) => !busy.has(fileNumber)),
    'no table is taken that a running job reads',
  );
}

function pickFrom(picking: Picking, { level, score }: DueLevel): Picked<CompactionChoice> {
  assert(score >= 1, 'only what is due is picked from');
  assert(level < BOTTOM_LEVEL, 'the bottom level is never due');
  if (level === 0) {
    const picked = pickLevelZero(picking, { reason: 'level-zero', score });
    return picked ?? { type: 'none', why: 'nothing-to-do' };
  }
  const reason = picking.targets.targetSizeBytes[level] === 0 ? 'unneeded-level' : 'level-size';
  return pickLevel(picking, level, { reason, score });
}

/** The levels with a score of at least 1, most urgent first. Tables that are taken count as gone. */
function dueLevels({ tree, options, targets, running }: Picking): DueLevel[] {
  assert(tree.levels.length === LEVEL_COUNT, 'a tree has all its levels');
  return tree.levels
    .filter(({ level, tables }) => level < BOTTOM_LEVEL && tables.length > 0)
    .map((level) => {
      if (level.level === 0) return { level: 0, score: levelZeroScore(tree, options) };
      const idle = level.tables.filter((table) => !running.isTaken(table));
      return { level: level.level, score: levelScore(level, totalSizeBytes(idle), targets) };
    })
    .filter(({ score }) => score >= 1)
    .sort((a, b) => urgency(b) - urgency(a) || a.level - b.level);
}

function urgency({ level, score }: DueLevel): number {
  assert(score >= 1, 'what is not due is not urgent');
  return level === 0 ? score * LEVEL_ZERO_WEIGHT : score;
}
