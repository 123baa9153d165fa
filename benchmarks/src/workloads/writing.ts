/** Workloads that only write. */
import { derivedSeed } from '../distributions/random.js';
import { type SequenceKind, sequenceOf } from '../distributions/sequences.js';
import type { EngineStore } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';
import type { Workload } from './workload.js';
import {
  BatchCourse,
  DeleteCourse,
  PrepareCourse,
  PutCourse,
  type WritePlan,
} from './write-course.js';

const WRITE_PURPOSE = 1;
const PREPARE_PURPOSE = 2;
const PREPARE_BATCH_SIZE = 1000;
/** A disk sync per operation: as many operations as there are keys would take minutes. */
const DURABLE_SHARE = 1 / 100;
const CONCURRENT_DURABLE_SHARE = 1 / 20;
const CONCURRENT_WRITER_COUNT = 64;

/** The write workloads, in the order in which they are run. */
export const WRITING: readonly Workload[] = [
  { ...fill('sequential'), name: 'fillseq', summary: 'puts in key order' },
  { ...fill('uniform'), name: 'fillrandom', summary: 'puts of random keys, with repeats' },
  { ...fill('unique'), name: 'filluniquerandom', summary: 'puts of every key once, scattered' },
  {
    ...fill('uniform'),
    name: 'fillrandom-settled',
    summary: 'fillrandom, until compaction is done',
    isSettled: true,
  },
  {
    ...fill('sequential'),
    name: 'fillseq-settled',
    summary: 'fillseq, until compaction is done',
    isSettled: true,
  },
  {
    name: 'fillbatch',
    summary: 'batches in key order',
    kind: 'fill',
    sampling: 'every',
    batchSize: 1000,
    start: (store, settings) => new BatchCourse(planOf('sequential', { store, settings })),
  },
  {
    ...fill('uniform'),
    name: 'fillsync',
    summary: 'puts of random keys, each on the disk before the next',
    sampling: 'every',
    durability: 'always',
    operationShare: DURABLE_SHARE,
  },
  {
    ...fill('unique'),
    name: 'fillsync-64',
    summary: 'durable puts by 64 concurrent writers',
    sampling: 'every',
    durability: 'always',
    writers: CONCURRENT_WRITER_COUNT,
    operationShare: CONCURRENT_DURABLE_SHARE,
  },
  { ...overwrite(), name: 'overwrite', summary: 'puts of random keys over a filled store' },
  {
    ...overwrite(),
    name: 'overwrite-settled',
    summary: 'overwrite, until compaction is done',
    isSettled: true,
  },
  {
    name: 'deleterandom',
    summary: 'deletes of random keys',
    kind: 'write',
    sampling: 'sixteenth',
    start: (store, settings) =>
      new DeleteCourse({ ...planOf('uniform', { store, settings }), startsFrom: 'filled' }),
  },
];

/** Fills a store for the workloads that start from a filled one. */
export const PREPARE: Workload = {
  name: 'prepare',
  summary: 'every key once, scattered, in batches, until compaction is done',
  kind: 'fill',
  sampling: 'none',
  isSettled: true,
  batchSize: PREPARE_BATCH_SIZE,
  start: (store, settings) => {
    const options = { count: settings.num, seed: derivedSeed(settings.seed, PREPARE_PURPOSE) };
    const sequence = sequenceOf('unique', options);
    return new PrepareCourse({ store, settings, sequence, startsFrom: 'empty' });
  },
};

type WithoutName = Omit<Workload, 'name' | 'summary'>;
type Context = { readonly store: EngineStore; readonly settings: RunSettings };

/** Puts into an empty store. */
export function fill(order: SequenceKind): WithoutName {
  return {
    kind: 'fill',
    sampling: 'sixteenth',
    writers: 1,
    start: (store, settings) => new PutCourse(planOf(order, { store, settings })),
  };
}

function overwrite(): WithoutName {
  return {
    kind: 'write',
    sampling: 'sixteenth',
    writers: 1,
    start: (store, settings) =>
      new PutCourse({ ...planOf('uniform', { store, settings }), startsFrom: 'filled' }),
  };
}

/** Overlapping writers visit every key once: which of two overlapping puts of one key wins is not defined. */
function planOf(order: SequenceKind, { store, settings }: Context): WritePlan {
  const isOverlapping = settings.writers > 1 && order === 'uniform';
  const options = { count: settings.num, seed: derivedSeed(settings.seed, WRITE_PURPOSE) };
  const sequence = sequenceOf(isOverlapping ? 'unique' : order, options);
  return { store, settings, sequence, startsFrom: 'empty' };
}
