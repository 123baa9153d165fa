/** Workloads that only read. */
import { derivedSeed } from '../distributions/random.js';
import { type SequenceKind, sequenceOf } from '../distributions/sequences.js';
import type { EngineStore } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';
import {
  GetCourse,
  MissingGetCourse,
  type ReadPlan,
  ScanCourse,
  type ScanStyle,
  SeekCourse,
} from './read-course.js';
import type { Workload } from './workload.js';

const READ_PURPOSE = 3;
/** As in db_bench: the hot keys are the first hundredth. */
const HOT_SHARE = 1 / 100;
const SEEK_SHARE = 1 / 50;
/** Data over cache in `readrandom-cold`. */
const COLD_FACTOR = 5;

/** The read workloads, in the order in which they are run. */
export const READING: readonly Workload[] = [
  { ...gets(), name: 'readrandom', summary: 'gets of random keys' },
  {
    ...gets(),
    name: 'readmissing',
    summary: 'gets of keys that are not there',
    start: (store, settings) => new MissingGetCourse(planOf(store, settings)),
  },
  {
    ...gets(),
    name: 'readhot',
    summary: 'gets of random keys out of the first hundredth',
    start: (store, settings) => new GetCourse(hotPlanOf(store, settings)),
  },
  {
    ...gets(),
    name: 'readrandom-cold',
    summary: 'readrandom with a cache of a fifth of the data',
    fixed: ({ num, keySizeBytes, valueSizeBytes }) => ({
      cacheSizeBytes: Math.floor((num * (keySizeBytes + valueSizeBytes)) / COLD_FACTOR),
    }),
  },
  {
    ...scans({ by: 'scan', direction: 'forward' }),
    name: 'readseq',
    summary: 'all entries, by the cheapest scan',
  },
  {
    ...scans({ by: 'entries', direction: 'forward' }),
    name: 'readseq-entries',
    summary: 'all entries, by an iterator of key and value objects',
  },
  {
    ...scans({ by: 'scan', direction: 'reverse' }),
    name: 'readreverse',
    summary: 'all entries, backwards',
  },
  {
    name: 'seekrandom',
    summary: 'a seek to a random key and --seek-nexts entries from there',
    kind: 'read',
    sampling: 'every',
    operationShare: SEEK_SHARE,
    start: (store, settings) => new SeekCourse(planOf(store, settings)),
  },
];

/** Gets of random keys of a filled store. */
export function gets(): Omit<Workload, 'name' | 'summary'> {
  return {
    kind: 'read',
    sampling: 'sixteenth',
    start: (store, settings) => new GetCourse(planOf(store, settings)),
  };
}

function scans(style: ScanStyle): Omit<Workload, 'name' | 'summary'> {
  return {
    kind: 'read',
    sampling: 'none',
    start: (store, settings) => new ScanCourse(planOf(store, settings), style),
  };
}

function planOf(
  store: EngineStore,
  settings: RunSettings,
  order: SequenceKind = 'uniform',
): ReadPlan {
  const options = { count: settings.num, seed: derivedSeed(settings.seed, READ_PURPOSE) };
  return { store, settings, sequence: sequenceOf(order, options) };
}

function hotPlanOf(store: EngineStore, settings: RunSettings): ReadPlan {
  const count = Math.ceil(settings.num * HOT_SHARE);
  const seed = derivedSeed(settings.seed, READ_PURPOSE);
  return { store, settings, sequence: sequenceOf('uniform', { count, seed }) };
}
