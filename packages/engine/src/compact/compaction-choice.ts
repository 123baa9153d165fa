// What the picker decided: a value, so that a decision can be tested without a file, logged, and shown.

import type { TableMetadata } from '../manifest/index.js';

/**
 * Why something is compacted. `'level-zero'`: it has too many runs or bytes. `'level-size'`: a level is
 * over its target. `'unneeded-level'`: the tree has shrunk and does without this level. `'tombstones'`:
 * a table is full of them. `'manual'`: somebody asked for it.
 */
export type CompactionReason =
  | 'level-zero'
  | 'level-size'
  | 'unneeded-level'
  | 'tombstones'
  | 'manual';

/** Tables of one level. Level 0: newest first. Deeper: ascending. */
export interface LevelTables {
  readonly level: number;
  readonly tables: readonly TableMetadata[];
}

/**
 * Nothing can be done now. `'busy'`: something is due, but running jobs are in its way; ask again when
 * one has ended.
 */
export interface NoCompaction {
  readonly type: 'none';
  readonly why: 'nothing-to-do' | 'busy';
}

/** Tables go to a deeper level as they are: a version edit, and no work. */
export interface TableMove extends LevelTables {
  readonly type: 'move';
  readonly reason: CompactionReason;
  readonly score: number;
  readonly outputLevel: number;
}

/** Tables are merged, and what remains of them becomes tables of the output level. */
export interface TableMerge {
  readonly type: 'merge';
  readonly reason: CompactionReason;
  readonly score: number;
  /** Ascending by level, none empty: newer entries before older ones. The last may be the output level. */
  readonly inputs: readonly LevelTables[];
  readonly outputLevel: number;
  /**
   * Keys at which an output is better cut, ascending: where the tables of the next deeper level start.
   * Outputs that end there overlap fewer of them when their own turn comes.
   */
  readonly outputBoundaries: readonly Uint8Array[];
  /**
   * Whether no table deeper than the output level overlaps the inputs: tombstones that no snapshot needs
   * have then nothing left to hide.
   */
  readonly dropTombstones: boolean;
}

/** Tables are removed unread: they hold nothing but tombstones, and there is nothing below to hide. */
export interface TableDrop {
  readonly type: 'drop';
  readonly reason: 'tombstones';
  readonly inputs: readonly LevelTables[];
}

/** See the members. */
export type CompactionChoice = NoCompaction | TableMove | TableMerge | TableDrop;
