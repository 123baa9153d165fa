/** Every workload there is. */
import { derivedSeed } from '../distributions/random.js';
import { sequenceOf } from '../distributions/sequences.js';
import { ReadWhileWritingCourse } from './mixed-course.js';
import { gets, READING } from './reading.js';
import type { Workload } from './workload.js';
import { fill, WRITING } from './writing.js';
import { YCSB_MIXES, YcsbCourse } from './ycsb.js';

export { gets } from './reading.js';
export * from './workload.js';
export { PREPARE } from './writing.js';

const KIB = 1024;
const PURPOSE = { reads: 4, writes: 5 } as const;

const READ_WHILE_WRITING: Workload = {
  name: 'readwhilewriting',
  summary: 'gets of random keys with puts between them at a fixed rate; counts the gets',
  kind: 'mixed',
  sampling: 'sixteenth',
  start: (store, settings) => {
    const { num: count, seed } = settings;
    return new ReadWhileWritingCourse(
      { store, settings },
      {
        reads: sequenceOf('uniform', { count, seed: derivedSeed(seed, PURPOSE.reads) }),
        writes: sequenceOf('uniform', { count, seed: derivedSeed(seed, PURPOSE.writes) }),
      },
    );
  },
};

const YCSB: readonly Workload[] = YCSB_MIXES.map((mix) => ({
  name: `ycsb-${mix.letter}`,
  summary: `YCSB ${mix.letter.toUpperCase()}: ${mix.summary}`,
  kind: 'mixed',
  sampling: mix.main === 'scan' ? 'every' : 'sixteenth',
  ...(mix.main === 'scan' ? { operationShare: 1 / 10 } : {}),
  start: (store, settings) => new YcsbCourse(mix, { store, settings }),
}));

/** The workloads in the order in which they are run. */
export const WORKLOADS: readonly Workload[] = [
  ...WRITING,
  ...READING,
  READ_WHILE_WRITING,
  ...ofLargeValues({ suffix: '4k', valueSizeBytes: 4 * KIB, share: 1 / 10 }),
  ...ofLargeValues({ suffix: '64k', valueSizeBytes: 64 * KIB, share: 1 / 100 }),
  ...YCSB,
];

/** The workload of that name. Requires: there is one. */
export function workloadOf(name: string): Workload {
  return WORKLOADS.find((workload) => workload.name === name)!;
}

/** What `pnpm bench` runs when no workload is named: one of each sort. */
export const DEFAULT_WORKLOAD_NAMES: readonly string[] = [
  'fillseq',
  'fillrandom',
  'fillrandom-settled',
  'fillbatch',
  'fillsync',
  'overwrite',
  'readrandom',
  'readmissing',
  'readseq',
  'readseq-entries',
  'readreverse',
  'seekrandom',
  'readwhilewriting',
];

/** A store of `share` times as many entries, since each is so much larger. */
function ofLargeValues(size: {
  readonly suffix: string;
  readonly valueSizeBytes: number;
  readonly share: number;
}): Workload[] {
  const { suffix, valueSizeBytes } = size;
  const fixed: Workload['fixed'] = ({ num }) => ({
    num: Math.max(1, Math.floor(num * size.share)),
    valueSizeBytes,
  });
  const text = `values of ${valueSizeBytes / KIB} KiB`;
  return [
    { ...fill('uniform'), name: `fill${suffix}`, summary: `fillrandom with ${text}`, fixed },
    { ...gets(), name: `read${suffix}`, summary: `readrandom with ${text}`, fixed },
  ];
}
