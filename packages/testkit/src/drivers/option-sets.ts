// The ways of running one and the same list of operations whose histories must not differ.

import type { DatabaseOptions } from '@varve/engine';

/** One way of running a list of operations. */
export interface OptionSet {
  readonly name: string;
  readonly options: Pick<DatabaseOptions, 'durability' | 'compression' | 'tuning'>;
  /** Whether the synchronous form of a call is used where there is one. Default: `'async'`. */
  readonly form?: 'sync' | 'async';
  /** `'directory'`: a real one, with a worker thread. Default: `'simulated'`, with all work on this thread. */
  readonly world?: 'simulated' | 'directory';
}

const KIB = 1024;

const tinyTables = {
  memtableSizeBytes: 64 * KIB,
  targetFileSizeBytes: 64 * KIB,
  baseLevelSizeBytes: 64 * KIB,
  levelSizeMultiplier: 2,
  level0CompactionTrigger: 2,
};

/** See the head of this file. The first one is what the others are compared with. */
export const OPTION_SETS: readonly OptionSet[] = [
  { name: 'usual', options: {} },
  { name: 'tiny memtables', options: { tuning: tinyTables, durability: 'os' } },
  { name: 'tiny blocks', options: { tuning: { ...tinyTables, blockSizeBytes: 512 } } },
  {
    name: 'levels of one file',
    options: { tuning: { ...tinyTables, level0CompactionTrigger: 1 }, durability: 'os' },
  },
  {
    // So much of the budget goes to memtables, and blocks are so large, that hardly any block stays in the cache; nor does a file stay open.
    name: 'no cache',
    options: {
      tuning: {
        ...tinyTables,
        memtableSizeBytes: 256 * KIB,
        frozenMemtableCountMax: 16,
        blockSizeBytes: 32 * KIB,
        openTableFileCountMax: 1,
      },
    },
  },
  { name: 'no compression', options: { tuning: tinyTables, compression: 'none' } },
  { name: 'no filters', options: { tuning: { ...tinyTables, filterBitsPerKey: 0 } } },
  { name: 'durability interval', options: { tuning: tinyTables, durability: 'interval' } },
  { name: 'durability none', options: { tuning: tinyTables, durability: 'none' } },
  { name: 'synchronous calls', options: { tuning: tinyTables }, form: 'sync' },
  {
    name: 'a worker thread',
    options: { tuning: tinyTables, durability: 'os' },
    world: 'directory',
  },
];
