// A results file made up for tests and for looking at the report: plausible, and the same each time.

import type { BenchmarkResult } from '../../results/result.js';

/** What a made-up engine is like. */
interface Character {
  readonly name: string;
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
  /** How much throughput falls with each tenfold number of entries. */
  readonly decay: number;
  readonly writeAmplification: number | null;
}

const ENGINES: readonly Character[] = [
  {
    name: 'varve-sync',
    writesPerSecond: 1.31e6,
    readsPerSecond: 1.06e6,
    decay: 0.9,
    writeAmplification: 4.1,
  },
  {
    name: 'varve-async',
    writesPerSecond: 590e3,
    readsPerSecond: 480e3,
    decay: 0.9,
    writeAmplification: 4.1,
  },
  {
    name: 'db_bench',
    writesPerSecond: 610e3,
    readsPerSecond: 560e3,
    decay: 0.82,
    writeAmplification: 5.3,
  },
  {
    name: 'rocksdb-node',
    writesPerSecond: 72e3,
    readsPerSecond: 61e3,
    decay: 0.88,
    writeAmplification: null,
  },
  {
    name: 'classic-level',
    writesPerSecond: 84e3,
    readsPerSecond: 79e3,
    decay: 0.8,
    writeAmplification: 8.7,
  },
  {
    name: 'lmdb',
    writesPerSecond: 310e3,
    readsPerSecond: 1.21e6,
    decay: 0.72,
    writeAmplification: 21,
  },
  {
    name: 'better-sqlite3',
    writesPerSecond: 148e3,
    readsPerSecond: 215e3,
    decay: 0.76,
    writeAmplification: 6.2,
  },
  {
    name: 'memory-level',
    writesPerSecond: 205e3,
    readsPerSecond: 240e3,
    decay: 0.6,
    writeAmplification: null,
  },
];
const WRITES = ['fillseq', 'fillrandom', 'overwrite', 'fillbatch', 'fillsync'];
const READS = ['readrandom', 'readmissing', 'readseq', 'seekrandom', 'readwhilewriting', 'ycsb-a'];
const PACE: Readonly<Record<string, number>> = {
  fillsync: 0.003,
  fillbatch: 1.8,
  readseq: 4.2,
  seekrandom: 0.08,
};

/** Results of all known engines in a dozen workloads, some of them with several numbers of entries. */
export function sampleResults(nums: readonly number[] = [100_000, 1_000_000, 10_000_000]) {
  const random = pseudoRandom();
  return nums.flatMap((num) =>
    [...WRITES, ...READS]
      .filter((workload) => num === 1_000_000 || !workload.startsWith('fills'))
      .flatMap((workload) => ENGINES.map((engine) => resultOf(engine, { workload, num, random }))),
  );
}

/** A result without any figure, of an engine that was skipped. */
export function skippedResult(engine: string, skipped: string): BenchmarkResult {
  return { ...emptyResult(engine), num: 1_000_000, workload: 'fillsync', skipped };
}

/** A result in which everything that may be null is null. */
export function emptyResult(engine: string): BenchmarkResult {
  return {
    workload: 'fillrandom',
    engine,
    num: 1000,
    operationCount: 1000,
    keySizeBytes: 16,
    valueSizeBytes: 100,
    settings: { durability: null },
    opsPerSecond: 0,
    opsPerSecondSpread: [0, 0],
    latencyUs: null,
    latencyCurve: null,
    cpuSeconds: 0,
    peakRssBytes: 0,
    writeAmplification: null,
    readAmplification: null,
    spaceAmplification: null,
    eventLoopDelayMs: null,
    timeline: null,
    longestPauseMs: null,
    repetitions: [],
  };
}

interface Work {
  readonly workload: string;
  readonly num: number;
  readonly random: () => number;
}

function resultOf(engine: Character, work: Work): BenchmarkResult {
  const { workload, num, random } = work;
  if (workload === 'fillsync' && engine.name === 'memory-level') {
    return skippedResult(engine.name, 'keeps nothing on disk');
  }
  const isWrite = WRITES.includes(workload);
  const pace = isWrite ? engine.writesPerSecond : engine.readsPerSecond;
  const speed = pace * (PACE[workload] ?? 1) * engine.decay ** (Math.log10(num) - 5);
  const repetitions = Array.from({ length: 5 }, () => speed * (0.93 + 0.14 * random()));
  const sorted = [...repetitions].sort((left, right) => left - right);
  return {
    ...emptyResult(engine.name),
    workload,
    num,
    operationCount: num,
    settings: settingsOf(engine, workload),
    opsPerSecond: sorted[2]!,
    opsPerSecondSpread: [sorted[0]!, sorted[4]!],
    repetitions,
    ...latencyOf(1e6 / speed, random),
    ...timelineOf(num / speed, { speed, random, isWrite }),
    cpuSeconds: (num / speed) * (1.1 + random()),
    peakRssBytes: (90 + 160 * random()) * 2 ** 20,
    writeAmplification: isWrite ? engine.writeAmplification : null,
    readAmplification: isWrite ? null : 0.3 + 2 * random(),
    spaceAmplification: engine.name === 'memory-level' ? null : 1.02 + 0.5 * random(),
    eventLoopDelayMs:
      engine.name === 'db_bench' ? null : { p50: 0.1 + random(), p99: 1 + 9 * random() },
  };
}

function settingsOf(engine: Character, workload: string): BenchmarkResult['settings'] {
  return {
    cpu: 'Example processor, 2.4 GHz',
    cores: 8,
    nodeVersion: 'v20.20.2',
    commandLine: 'pnpm bench --num 1000000 --repeat 5 --json results.jsonl',
    compression: 'lz4',
    valueCompressibility: 0.5,
    pageCache: 'warm',
    settled: 'unsettled',
    durability: workload === 'fillsync' ? 'always' : 'os',
    [`${engine.name}.cacheSizeBytes`]: 64 * 2 ** 20,
    [`${engine.name}.filterBitsPerKey`]: 10,
    batch: workload === 'fillbatch' ? 1000 : 1,
  };
}

function latencyOf(meanUs: number, random: () => number) {
  const at = (rest: number) => meanUs * 0.85 * (1 + (0.25 + random() * 0.05) * rest ** -0.42 * 0.2);
  const curve = Array.from({ length: 36 }, (_, index) => 10 ** (-index / 6));
  let highest = 0;
  const rising = curve.map((rest) => (highest = Math.max(highest, at(rest))));
  const latencyCurve = curve.map((rest, index) => [100 - 100 * rest, rising[index]!] as const);
  const latencyUs = { p50: rising[2]!, p99: rising[12]!, p999: rising[18]!, max: highest };
  return { latencyCurve: [...latencyCurve, [100, highest] as const], latencyUs };
}

interface Pace {
  readonly speed: number;
  readonly random: () => number;
  readonly isWrite: boolean;
}

function timelineOf(durationSeconds: number, { speed, random, isWrite }: Pace) {
  const count = Math.max(8, Math.min(400, Math.round(durationSeconds * 10)));
  const step = durationSeconds / count;
  const timeline = Array.from({ length: count }, (_, index) => {
    const stall = isWrite && random() < 0.04 ? 0.05 + 0.3 * random() : 1;
    return [(index + 1) * step, speed * stall * (0.85 + 0.25 * random())] as const;
  });
  return { timeline, longestPauseMs: isWrite ? 4 + 140 * random() ** 3 : 0.4 + 3 * random() };
}

/** Numbers from 0 to 1, the same in every run. */
function pseudoRandom(): () => number {
  let state = 20_260_101;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
}
