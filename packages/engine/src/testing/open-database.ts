// A database in memory for tests: small memtables and tables, background work on this thread, time that stands still.

import type { FileSystem } from '@varve/vfs';
import { type Database, open } from '../database.js';
import type { DatabaseOptions, TuningOptions } from '../options.js';
import { ManualClock } from './manual-clock.js';

/** Where the database is. */
export const DIRECTORY = '/db';

/** Sizes with which a few hundred writes go through every part of the engine. */
export const SMALL: TuningOptions = {
  memtableSizeBytes: 64 * 1024,
  targetFileSizeBytes: 64 * 1024,
  blockSizeBytes: 512,
  baseLevelSizeBytes: 128 * 1024,
};

/** Opens the database at {@link DIRECTORY} with {@link SMALL} sizes and a clock that stands still. */
export function openSmall(
  fileSystem: FileSystem,
  options: DatabaseOptions<'utf8', 'utf8'> = {},
): Promise<Database> {
  const { tuning, ...others } = options;
  return open(DIRECTORY, {
    fileSystem,
    clock: new ManualClock(),
    backgroundThreads: 0,
    memoryBudgetBytes: 8 * 1024 * 1024,
    ...others,
    tuning: { ...SMALL, ...tuning },
  }) as Promise<Database>;
}

/** Everything in a keyspace, in order. */
export function everythingIn(keyspace: Pick<Database, 'entries'>): [string, string][] {
  return [...keyspace.entries()];
}
