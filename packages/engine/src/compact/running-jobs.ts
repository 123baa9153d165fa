// Where running jobs are at work, found out from the numbers of the tables they read.
//
// A job replaces its inputs by outputs that may lie anywhere between the first and the last key of all
// of them, also where no input is. Until it ends, no other job may put a table there on the same level,
// or the two results would overlap.
//
// The inputs of a job are neighbours in their level, and stay so, since nothing else may put a table
// between them. So the keys a job covers are found again as spans: from the first to the last of the
// busy tables that stand side by side in one level. Two jobs side by side look like one, which only makes
// the picker more careful.
//
// A table that is set aside belongs to no job and covers nothing but itself: a choice must do without it.

import { assert } from '@varve/base';
import {
  assertLevelNumber,
  BOTTOM_LEVEL,
  type KeyspaceTree,
  type Level,
  type TableMetadata,
} from '../manifest/index.js';
import { assertRange, type KeyRange, rangeOf, rangesMeet } from './key-range.js';
import { firstUsedLevel } from './level-targets.js';

/** See the head of this file. Made for one tree at one moment. O(tables). */
export class RunningJobs {
  readonly #busy: ReadonlySet<number>;
  readonly #setAside: ReadonlySet<number>;
  /** By level. */
  readonly #spans: readonly (readonly KeyRange[])[];
  /** Down to this level a job of level 0 may write. */
  readonly #levelZeroReach: number;

  /** `baseLevel`: where level 0 goes now. */
  constructor(tree: KeyspaceTree, { busy, setAside }: TakenTables, baseLevel: number) {
    assert(baseLevel >= 1, 'level 0 is compacted to a deeper one');
    this.#busy = busy;
    this.#setAside = setAside;
    this.#spans = tree.levels.map((level) => (busy.size === 0 ? [] : spansOf(level, busy)));
    this.#levelZeroReach = Math.max(baseLevel, firstUsedLevel(tree.levels));
    assert(this.#levelZeroReach <= BOTTOM_LEVEL, 'a job stays in the tree');
  }

  /** Whether any job is running. */
  get areAny(): boolean {
    return this.#busy.size > 0;
  }

  /** Whether a job of level 0 is running: no other may start then. */
  get includesLevelZero(): boolean {
    return this.#spans[0].length > 0;
  }

  /** Whether the table cannot be had: a job reads it, or it is set aside. */
  isTaken(table: TableMetadata): boolean {
    assert(table.fileNumber > 0, 'a table has a number');
    return this.#busy.has(table.fileNumber) || this.#setAside.has(table.fileNumber);
  }

  /**
   * Whether a job that takes tables of `inputLevel` in this range, and puts tables of this range into
   * `outputLevel`, could get in the way of a running one. It does if it takes a table that one reads.
   */
  conflictWith(range: KeyRange, inputLevel: number, outputLevel: number): boolean {
    assert(outputLevel >= inputLevel, 'data goes down');
    assertRange(range);
    if (this.#busy.size === 0) return false;
    return this.#mayChange(inputLevel, range) || this.#mayChange(outputLevel, range);
  }

  /** Whether a running job reads from or writes to this range of a level. */
  #mayChange(level: number, range: KeyRange): boolean {
    assertLevelNumber(level);
    const sources = [level];
    if (level > 1) sources.push(level - 1);
    if (level > 0 && level <= this.#levelZeroReach) sources.push(0);
    assert(sources.length <= 3, 'a level is changed from itself, the one above, and level 0');
    return sources.some((source) => this.#spans[source].some((span) => rangesMeet(span, range)));
  }
}

/** File numbers of the inputs of running jobs, and of tables that no job may take. */
export interface TakenTables {
  readonly busy: ReadonlySet<number>;
  readonly setAside: ReadonlySet<number>;
}

function spansOf(level: Level, busy: ReadonlySet<number>): KeyRange[] {
  const spans: KeyRange[] = [];
  let run: TableMetadata[] = [];
  const endRun = (): void => {
    if (run.length > 0) spans.push(rangeOf(run));
    run = [];
  };
  for (const table of level.tables) {
    if (busy.has(table.fileNumber)) run.push(table);
    else endRun();
  }
  endRun();
  assert(run.length === 0, 'every run has ended');
  assert(spans.length <= level.tables.length, 'a span has tables');
  return spans;
}
