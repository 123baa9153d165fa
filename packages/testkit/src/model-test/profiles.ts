// The kinds of load and of database that the model test tries, each with the options that bring out one kind of mistake.

import type { Random } from '@varve/base';
import type { DatabaseOptions, Durability } from '@varve/engine';
import type { KeyShape } from './keys.js';
import type { OperationBody } from './operation.js';

/** How often each kind of operation comes, relative to the others. */
export type Weights = Readonly<Partial<Record<OperationBody['kind'], number>>>;

/** Options of a database that a profile decides on. */
export type Variant = Pick<DatabaseOptions, 'durability' | 'tuning' | 'compression'>;

/** One kind of run. */
export interface Profile {
  readonly name: string;
  readonly world: 'simulated' | 'directory';
  readonly keyShape: KeyShape;
  /** Keys that are written; as many more are only looked for. */
  readonly keyCount: number;
  /** Ranges that the size of a value is drawn from, all equally likely; both ends included. */
  readonly valueSizes: readonly (readonly [least: number, most: number])[];
  readonly batchEntryCountMax: number;
  /** Durability of writes, all equally likely; null leaves it to the database. */
  readonly durabilities: readonly (Durability | null)[];
  readonly weights: Weights;
  /** Opened in turn, as `reopen` and `crash` choose; the first one first. */
  readonly variants: readonly Variant[];
}

const KIB = 1024;

const tinyTables: NonNullable<Variant['tuning']> = {
  memtableSizeBytes: 64 * KIB,
  targetFileSizeBytes: 64 * KIB,
  baseLevelSizeBytes: 64 * KIB,
  levelSizeMultiplier: 2,
  level0CompactionTrigger: 2,
};

const weights: Weights = {
  put: 24,
  batch: 10,
  refused: 1,
  get: 12,
  has: 3,
  getMany: 3,
  gets: 3,
  scan: 8,
  openIterator: 3,
  stepIterator: 6,
  closeIterator: 1,
  openCursor: 3,
  moveCursor: 6,
  closeCursor: 1,
  openSnapshot: 3,
  closeSnapshot: 2,
  flush: 1,
  settle: 0.5,
  compact: 0.7,
  turns: 10,
  advance: 1,
  catchUp: 1,
  createKeyspace: 1,
  dropKeyspace: 0.3,
  reopen: 0.6,
};

const crashWeights: Weights = { ...weights, crash: 1.5, armCrash: 2, flush: 1.5 };

const base: Omit<Profile, 'name'> = {
  world: 'simulated',
  keyShape: 'short',
  keyCount: 300,
  valueSizes: [
    [0, 20],
    [0, 200],
    [200, 3_000],
  ],
  batchEntryCountMax: 100,
  durabilities: [null],
  weights,
  variants: [
    { durability: 'always', tuning: tinyTables },
    { durability: 'os', tuning: { ...tinyTables, level0CompactionTrigger: 1 } },
    { durability: 'interval', tuning: { ...tinyTables, level0CompactionTrigger: 4 } },
  ],
};

const list: readonly Profile[] = [
  { ...base, name: 'tiny-memtables' },
  {
    ...base,
    name: 'tiny-blocks',
    keyShape: 'sequential',
    keyCount: 2_000,
    variants: [
      { durability: 'os', tuning: { ...tinyTables, blockSizeBytes: 512 }, compression: 'none' },
      { durability: 'os', tuning: { ...tinyTables, blockSizeBytes: 1024, filterBitsPerKey: 0 } },
      { durability: 'always', tuning: { ...tinyTables, blockSizeBytes: 512, filterBitsPerKey: 2 } },
    ],
  },
  {
    ...base,
    name: 'few-keys',
    keyCount: 12,
    valueSizes: [
      [0, 30],
      [500, 3_000],
    ],
    weights: { ...weights, put: 40, openSnapshot: 8, closeSnapshot: 6, flush: 4, compact: 2 },
    variants: [
      { durability: 'os', tuning: { ...tinyTables, blockSizeBytes: 512 } },
      { durability: 'os', tuning: { ...tinyTables, level0CompactionTrigger: 1 } },
    ],
  },
  {
    ...base,
    name: 'wide-keys',
    keyShape: 'wide',
    keyCount: 120,
    batchEntryCountMax: 20,
    variants: [
      { durability: 'os', tuning: tinyTables },
      { durability: 'always', tuning: { ...tinyTables, blockSizeBytes: 512 } },
    ],
  },
  {
    ...base,
    name: 'big-values',
    keyCount: 60,
    valueSizes: [
      [0, 100],
      [3_000, 6_000],
      [10_000, 70_000],
      [60_000, 200_000],
    ],
    batchEntryCountMax: 6,
    variants: [
      { durability: 'os', tuning: tinyTables },
      { durability: 'always', tuning: { ...tinyTables, blockSizeBytes: 512 } },
    ],
  },
  {
    ...base,
    name: 'deep-levels',
    keyShape: 'sequential',
    keyCount: 5_000,
    valueSizes: [[300, 1_500]],
    weights: { ...weights, batch: 40, put: 10, dropKeyspace: 0.05 },
    variants: [
      { durability: 'os', tuning: { ...tinyTables, level0CompactionTrigger: 1 } },
      { durability: 'os', tuning: { ...tinyTables, levelSizeMultiplier: 3 }, compression: 'none' },
    ],
  },
  {
    ...base,
    name: 'evictions',
    keyShape: 'sequential',
    keyCount: 3_000,
    valueSizes: [[1_000, 4_000]],
    weights: { ...weights, batch: 40, put: 10, flush: 3, dropKeyspace: 0.05 },
    // So much of the budget goes to memtables, and blocks are so large, that the cache has its least number of slots.
    variants: ['os', 'always'].map((durability) => ({
      durability: durability as Durability,
      tuning: {
        ...tinyTables,
        memtableSizeBytes: 256 * KIB,
        frozenMemtableCountMax: 16,
        blockSizeBytes: 32 * KIB,
      },
    })),
  },
  {
    ...base,
    name: 'keyspaces',
    keyCount: 60,
    weights: { ...weights, batch: 30, createKeyspace: 10, dropKeyspace: 5, flush: 3 },
  },
  {
    ...base,
    name: 'handles',
    keyCount: 200,
    weights: {
      ...weights,
      openIterator: 10,
      stepIterator: 25,
      openCursor: 10,
      moveCursor: 25,
      openSnapshot: 8,
      flush: 3,
      compact: 2,
    },
  },
  {
    ...base,
    name: 'crashes',
    keyCount: 100,
    durabilities: [null, null, 'always', 'interval', 'os'],
    weights: crashWeights,
  },
  {
    ...base,
    name: 'crashes-keyspaces',
    keyCount: 60,
    durabilities: [null, null, 'always', 'interval', 'os'],
    weights: { ...crashWeights, batch: 30, createKeyspace: 10, dropKeyspace: 5 },
  },
  {
    ...base,
    name: 'volatile',
    keyCount: 100,
    durabilities: [null, 'none', 'none', 'always'],
    weights: crashWeights,
  },
  {
    ...base,
    name: 'stalls',
    keyCount: 400,
    valueSizes: [[500, 6_000]],
    durabilities: [null, 'always', 'os'],
    weights: { ...crashWeights, batch: 40, turns: 3 },
    variants: [
      {
        durability: 'os',
        tuning: {
          ...tinyTables,
          frozenMemtableCountMax: 1,
          level0CompactionTrigger: 1,
          level0StopTrigger: 2,
        },
      },
      { durability: 'always', tuning: { ...tinyTables, frozenMemtableCountMax: 1 } },
    ],
  },
  {
    ...base,
    name: 'crashes-rotation',
    keyCount: 40,
    durabilities: [null, 'always', 'os'],
    weights: { put: 30, flush: 12, turns: 12, compact: 2, reopen: 0.5, crash: 3, armCrash: 3 },
  },
  {
    ...base,
    name: 'crashes-interval',
    keyCount: 40,
    durabilities: ['interval', 'interval', 'interval', 'os'],
    weights: { put: 30, batch: 5, flush: 1, turns: 10, advance: 6, crash: 3, armCrash: 2 },
  },
  { ...base, name: 'directory', world: 'directory' },
  {
    ...base,
    name: 'directory-deep',
    world: 'directory',
    keyShape: 'sequential',
    keyCount: 5_000,
    valueSizes: [[300, 1_500]],
    weights: { ...weights, batch: 40, put: 10, dropKeyspace: 0.05 },
  },
  // A new kind of operation comes in profiles of its own, so that what is drawn for the others stays.
  {
    ...base,
    name: 'clears',
    keyCount: 1_600,
    valueSizes: [[0, 60]],
    batchEntryCountMax: 600,
    durabilities: [null, null, 'always', 'interval', 'os', 'none'],
    weights: { ...crashWeights, batch: 25, clear: 4 },
  },
];

/** Every profile, by name. */
export const PROFILES: ReadonlyMap<string, Profile> = new Map(
  list.map((profile) => [profile.name, profile]),
);

/** Draws the size of a value. */
export function drawValueSize(profile: Profile, random: Random): number {
  const [least, most] = profile.valueSizes[random.below(profile.valueSizes.length)]!;
  return least + random.below(most - least + 1);
}
