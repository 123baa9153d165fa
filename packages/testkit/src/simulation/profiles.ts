// The kinds of load and of database that simulations try.

import type { DatabaseOptions, Durability } from '@varve/engine';
import type { Profile as ModelProfile } from '../model-test/profiles.js';
import type { OperationBody } from './operation.js';

/** Options of a database that a profile decides on. */
export type Variant = Pick<DatabaseOptions, 'durability' | 'tuning' | 'compression'>;

/** One kind of simulation. */
export interface Profile
  extends Pick<
    ModelProfile,
    'name' | 'keyShape' | 'keyCount' | 'valueSizes' | 'batchEntryCountMax'
  > {
  /** Over how many keyspaces the keys are spread. */
  readonly keyspaceCount: number;
  /** Durability of writes, all equally likely; null leaves it to the database. */
  readonly durabilities: readonly (Durability | null)[];
  /** How often each kind of operation comes, relative to the others. */
  readonly weights: Readonly<Partial<Record<OperationBody['kind'], number>>>;
  /** Opened in turn, as `reopen` and `crash` choose; the first one first. */
  readonly variants: readonly Variant[];
}

const KIB = 1024;

/** A small database, which costs little to open: the memory for it has to be made anew each time. */
const light: NonNullable<Variant['tuning']> = {
  memtableSizeBytes: 64 * KIB,
  targetFileSizeBytes: 64 * KIB,
  baseLevelSizeBytes: 64 * KIB,
  levelSizeMultiplier: 2,
  level0CompactionTrigger: 2,
};

/** How an image of a crash is opened: unlike any variant. */
export const IMAGE_VARIANT: Variant = {
  durability: 'os',
  tuning: { ...light, blockSizeBytes: KIB, level0CompactionTrigger: 3 },
};

/** Operations that only a simulation with faults has. */
export const FAULT_WEIGHTS: Profile['weights'] = { fault: 4, space: 1, heal: 3 };

const weights: Profile['weights'] = {
  write: 50,
  get: 14,
  getMany: 4,
  scan: 6,
  openSnapshot: 2,
  readSnapshot: 4,
  closeSnapshot: 1,
  flush: 2,
  settle: 0.3,
  compact: 0.5,
  pause: 3,
  jump: 0.5,
  reopen: 0.5,
  crash: 0.8,
};

const base: Omit<Profile, 'name'> = {
  keyspaceCount: 1,
  keyShape: 'short',
  keyCount: 60,
  valueSizes: [
    [0, 40],
    [20, 300],
    [200, 1_500],
  ],
  batchEntryCountMax: 12,
  durabilities: [null, 'always', 'always', 'interval', 'os'],
  weights,
  variants: [
    { durability: 'os', tuning: light },
    {
      durability: 'os',
      tuning: {
        ...light,
        level0CompactionTrigger: 1,
        blockSizeBytes: 512,
        openTableFileCountMax: 2,
      },
    },
    { durability: 'interval', tuning: { ...light, filterBitsPerKey: 0 }, compression: 'none' },
  ],
};

const list: readonly Profile[] = [
  { ...base, name: 'usual' },
  { ...base, name: 'few-keys', keyCount: 6, weights: { ...weights, flush: 4, openSnapshot: 4 } },
  {
    ...base,
    name: 'many-keys',
    keyShape: 'sequential',
    keyCount: 400,
    variants: [
      { durability: 'os', tuning: { ...light, blockSizeBytes: 512 } },
      { durability: 'os', tuning: { ...light, blockSizeBytes: KIB, filterBitsPerKey: 2 } },
    ],
  },
  {
    ...base,
    name: 'big-values',
    keyCount: 20,
    valueSizes: [
      [0, 100],
      [2_000, 5_000],
      [8_000, 20_000],
    ],
    batchEntryCountMax: 2,
  },
  {
    ...base,
    name: 'rotation',
    valueSizes: [[200, 1_500]],
    weights: { ...weights, flush: 6, compact: 1.5, crash: 1.5 },
    variants: [{ durability: 'os', tuning: { ...light, level0CompactionTrigger: 1 } }],
  },
  {
    ...base,
    name: 'stalls',
    valueSizes: [[300, 2_500]],
    variants: [
      {
        durability: 'os',
        tuning: {
          ...light,
          frozenMemtableCountMax: 1,
          level0CompactionTrigger: 1,
          level0StopTrigger: 2,
        },
      },
    ],
  },
  {
    ...base,
    name: 'durable',
    durabilities: [null, 'always'],
    variants: [{ durability: 'always', tuning: light }],
  },
  { ...base, name: 'volatile', durabilities: [null, 'none', 'none', 'always'] },
  { ...base, name: 'crashes', weights: { ...weights, crash: 6, reopen: 2, flush: 3 } },
  { ...base, name: 'keyspaces', keyspaceCount: 3, weights: { ...weights, flush: 3, crash: 2 } },
  { ...base, name: 'openings', keyspaceCount: 2, weights: { ...weights, reopen: 6, crash: 2 } },
  // A new kind of operation comes in a profile of its own, so that what is drawn for the others stays.
  { ...base, name: 'clears', weights: { ...weights, clear: 8, flush: 4 } },
];

/** Every profile, by name. */
export const PROFILES: ReadonlyMap<string, Profile> = new Map(
  list.map((profile) => [profile.name, profile]),
);
