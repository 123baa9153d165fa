// A keyspace: a name, how its bytes are to be read, and a tree of its own.
//
// Keyspaces share the log, the sequence numbers and the manifest; each has seven levels. Level 0 takes
// flushed tables, which may overlap; below it every level is one sorted run.

import { assert } from '@varve/base';
import { Level } from './level.js';

/** What is known of a keyspace without its tables. */
export interface KeyspaceMetadata {
  /** In every entry of the log. Never used again, also not after the keyspace is dropped. */
  readonly id: number;
  /** Unique among the keyspaces of a database. */
  readonly name: string;
  /** Name of the encoding of its keys, for the typed layer: the manifest only keeps it. */
  readonly keyEncoding: string;
  /** Name of the encoding of its values. */
  readonly valueEncoding: string;
  readonly compression: TableCompression;
}

/** Codec of a keyspace's new tables; every block names its own. */
export type TableCompression = 'none' | 'lz4';

/** The keyspace that is always there. */
export const DEFAULT_KEYSPACE_ID = 0;

/** How many levels a tree has, level 0 included. */
export const LEVEL_COUNT = 7;

/** The deepest level: nothing can hide below it. */
export const BOTTOM_LEVEL = LEVEL_COUNT - 1;

/** The tables of one keyspace in one version. Immutable. */
export interface KeyspaceTree {
  readonly metadata: KeyspaceMetadata;
  /** {@link LEVEL_COUNT} levels; the index is the number of the level. */
  readonly levels: readonly Level[];
  /** The levels that have tables, in the order they are searched: most of the seven have none. */
  readonly occupiedLevels: readonly Level[];
}

/** That `level` is the number of a level. */
export function assertLevelNumber(level: number): void {
  assert(Number.isInteger(level), 'levels are counted');
  assert(level >= 0, 'no level is above level 0');
  assert(level <= BOTTOM_LEVEL, 'no level is below the bottom');
}

/** The tree of a keyspace that holds nothing yet. */
export function emptyTree(metadata: KeyspaceMetadata): KeyspaceTree {
  assert(metadata.id >= DEFAULT_KEYSPACE_ID, 'the ids of keyspaces begin with the default one');
  const levels = Array.from({ length: LEVEL_COUNT }, (_, level) => Level.empty(level));
  return makeTree(metadata, levels);
}

/** A tree of these levels. */
export function makeTree(metadata: KeyspaceMetadata, levels: readonly Level[]): KeyspaceTree {
  assert(levels.length === LEVEL_COUNT, 'a tree has all its levels');
  assert(
    levels.every(({ level }, index) => level === index),
    'levels stand in their order',
  );
  return { metadata, levels, occupiedLevels: levels.filter(({ tables }) => tables.length > 0) };
}
