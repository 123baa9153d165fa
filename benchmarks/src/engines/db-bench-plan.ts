/**
 * How the harness' workloads are run by db_bench: its benchmark, and the flags that give it the same sizes.
 *
 * Where db_bench differs, the flags make up for it: `fillsync` and `fillbatch` are written as `fillrandom --sync` and
 * `fillseq --batch_size`, because the shorthands change the number of operations or fix the size of a batch; `readhot`, which
 * it no longer has, is `readrandom` on the first hundredth of the keys, as it was.
 */

import type { RunSettings } from '../run/raw-figures.js';

/** A workload in the words of db_bench. */
export interface BenchmarkPlan {
  /** Name of the benchmark whose figures count. */
  readonly benchmark: string;
  /** Benchmark that is run first, untimed. */
  readonly warmUp?: string;
  /** What the operations do; decides which flag holds their number. */
  readonly kind: 'fill' | 'read' | 'write' | 'delete';
  /** Share of the keys that is used, from the first on. @defaultValue 1 */
  readonly keyShare?: number;
  /** Time is taken until compactions have ended. */
  readonly isSettled?: boolean;
}

const FILL_SEQUENTIAL: BenchmarkPlan = { benchmark: 'fillseq', kind: 'fill' };
const FILL_RANDOM: BenchmarkPlan = { benchmark: 'fillrandom', kind: 'fill' };
const OVERWRITE: BenchmarkPlan = { benchmark: 'overwrite', kind: 'write' };
const READ_RANDOM = reading('readrandom');

const PLANS: Readonly<Record<string, BenchmarkPlan>> = {
  fillseq: FILL_SEQUENTIAL,
  fillrandom: FILL_RANDOM,
  filluniquerandom: { benchmark: 'filluniquerandom', kind: 'fill' },
  'fillseq-settled': { ...FILL_SEQUENTIAL, isSettled: true },
  'fillrandom-settled': { ...FILL_RANDOM, isSettled: true },
  fillbatch: FILL_SEQUENTIAL,
  fillsync: FILL_RANDOM,
  'fillsync-64': FILL_RANDOM,
  fill4k: FILL_RANDOM,
  fill64k: FILL_RANDOM,
  overwrite: OVERWRITE,
  'overwrite-settled': { ...OVERWRITE, isSettled: true },
  deleterandom: { benchmark: 'deleterandom', kind: 'delete' },
  readrandom: READ_RANDOM,
  'readrandom-cold': READ_RANDOM,
  read4k: READ_RANDOM,
  read64k: READ_RANDOM,
  readmissing: reading('readmissing'),
  readhot: { ...READ_RANDOM, keyShare: 1 / 100 },
  readseq: reading('readseq'),
  readreverse: reading('readreverse'),
  seekrandom: reading('seekrandom'),
  readwhilewriting: { ...READ_RANDOM, benchmark: 'readwhilewriting' },
};

/** The plan for a workload, or undefined if db_bench has nothing like it. */
export function planOf(workload: string): BenchmarkPlan | undefined {
  return PLANS[workload];
}

/** Flags of the timed run. */
export function runFlags(plan: BenchmarkPlan, settings: RunSettings): string[] {
  const { benchmark, warmUp, isSettled, kind, keyShare = 1 } = plan;
  const names = [warmUp, benchmark, isSettled && 'waitforcompaction'].filter(Boolean);
  return [
    `--benchmarks=${names.join(',')}`,
    `--use_existing_db=${Number(kind !== 'fill')}`,
    ...storeFlags({ ...settings, num: Math.ceil(settings.num * keyShare) }),
    ...loadFlags(plan, settings),
  ];
}

/**
 * Flags that fill a store with every key once, in random order (`fillrandom` would leave out 37 % of them), and compact it
 * into one level: the best state RocksDB can be read in.
 */
export function prepareFlags(settings: RunSettings): string[] {
  return ['--benchmarks=filluniquerandom,compact', ...storeFlags(settings), '--batch_size=1000'];
}

function storeFlags(settings: RunSettings): string[] {
  return [
    `--num=${settings.num}`,
    `--key_size=${settings.keySizeBytes}`,
    `--value_size=${settings.valueSizeBytes}`,
    `--compression_ratio=${1 - settings.valueCompressibility}`,
    `--compression_type=${settings.compression}`,
    `--bloom_bits=${settings.filterBitsPerKey}`,
    `--cache_size=${settings.cacheSizeBytes}`,
    `--write_buffer_size=${settings.memtableSizeBytes}`,
    `--seed=${settings.seed}`,
  ];
}

function loadFlags({ kind }: BenchmarkPlan, settings: RunSettings): string[] {
  const countPerThread = Math.max(1, Math.floor(settings.operationCount / settings.writers));
  const countFlag = { fill: 'writes', write: 'writes', read: 'reads', delete: 'deletes' }[kind];
  const bytesPerSecond =
    settings.writesPerSecond * (settings.keySizeBytes + settings.valueSizeBytes);
  return [
    `--${countFlag}=${countPerThread}`,
    `--threads=${settings.writers}`,
    `--batch_size=${settings.batchSize}`,
    `--seek_nexts=${settings.seekNexts}`,
    `--sync=${Number(settings.durability === 'always')}`,
    `--disable_wal=${Number(settings.durability === 'none')}`,
    ...(settings.workload === 'readwhilewriting'
      ? [`--benchmark_write_rate_limit=${Math.round(bytesPerSecond)}`]
      : []),
  ];
}

function reading(benchmark: string): BenchmarkPlan {
  // A second round of the same is the warm-up; it draws other keys.
  const warmUp = benchmark === 'readwhilewriting' ? 'readrandom' : benchmark;
  return { benchmark, warmUp, kind: 'read' };
}
