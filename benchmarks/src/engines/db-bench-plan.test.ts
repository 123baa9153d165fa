import { describe, expect, test } from 'vitest';
import type { RunSettings } from '../run/raw-figures.js';
import { planOf, prepareFlags, runFlags } from './db-bench-plan.js';
import { trafficOf } from './db-bench-traffic.js';

const SETTINGS: RunSettings = {
  workload: 'readrandom',
  engine: 'db_bench',
  num: 1000,
  operationCount: 640,
  keySizeBytes: 16,
  valueSizeBytes: 100,
  valueCompressibility: 0.5,
  batchSize: 1,
  writers: 1,
  durability: 'os',
  cacheSizeBytes: 1 << 20,
  memtableSizeBytes: 1 << 16,
  filterBitsPerKey: 10,
  compression: 'lz4',
  seekNexts: 100,
  writesPerSecond: 10,
  durationSeconds: 1,
  seed: 7,
};

describe('runFlags()', () => {
  test.each([
    ['readrandom', ['--benchmarks=readrandom,readrandom', '--reads=640', '--use_existing_db=1']],
    ['readhot', ['--benchmarks=readrandom,readrandom', '--num=10', '--reads=640']],
    [
      'readwhilewriting',
      ['--benchmarks=readrandom,readwhilewriting', '--benchmark_write_rate_limit=1160'],
    ],
    ['fillrandom', ['--benchmarks=fillrandom', '--writes=640', '--use_existing_db=0']],
    ['fillrandom-settled', ['--benchmarks=fillrandom,waitforcompaction']],
    ['deleterandom', ['--benchmarks=deleterandom', '--deletes=640', '--use_existing_db=1']],
  ])('gives %s its benchmarks and counts', (workload, expected) => {
    expect(flagsOf({ workload })).toEqual(expect.arrayContaining(expected));
  });

  test('gives the same sizes to every workload', () => {
    expect(flagsOf({})).toEqual(
      expect.arrayContaining([
        '--key_size=16',
        '--value_size=100',
        '--compression_ratio=0.5',
        '--compression_type=lz4',
        '--bloom_bits=10',
        `--cache_size=${1 << 20}`,
        `--write_buffer_size=${1 << 16}`,
        '--seed=7',
      ]),
    );
  });

  test('divides the operations among the writers', () => {
    const flags = flagsOf({ workload: 'fillsync-64', writers: 64, durability: 'always' });
    expect(flags).toEqual(expect.arrayContaining(['--threads=64', '--writes=10', '--sync=1']));
  });

  test('leaves out the log when nothing must be durable', () => {
    expect(flagsOf({ workload: 'fillrandom', durability: 'none' })).toContain('--disable_wal=1');
  });
});

test('prepareFlags() writes every key', () => {
  expect(prepareFlags(SETTINGS)[0]).toBe('--benchmarks=filluniquerandom,compact');
});

test('planOf() has none for what db_bench cannot do', () => {
  expect(planOf('ycsb-a')).toBeUndefined();
  expect(planOf('readseq-entries')).toBeUndefined();
});

describe('trafficOf()', () => {
  test.each([
    ['fillseq', { userWrittenBytes: 640 * 116, userReadBytes: 0, liveBytes: 640 * 116 }],
    ['overwrite', { userWrittenBytes: 640 * 116, userReadBytes: 0, liveBytes: 116_000 }],
    ['readrandom', { userWrittenBytes: 0, userReadBytes: 640 * 116, liveBytes: 116_000 }],
    ['readmissing', { userWrittenBytes: 0, userReadBytes: 0, liveBytes: 116_000 }],
    ['seekrandom', { userWrittenBytes: 0, userReadBytes: 64_000 * 116, liveBytes: 116_000 }],
    ['readwhilewriting', { userWrittenBytes: 2320, userReadBytes: 640 * 116, liveBytes: 116_000 }],
  ])('counts the keys and values of %s', (workload, expected) => {
    expect(traffic(workload)).toEqual(expected);
  });

  test('expects repeats among random keys', () => {
    const differentCount = 1000 * (1 - Math.exp(-0.64));
    expect(traffic('fillrandom').liveBytes).toBeCloseTo(differentCount * 116);
    expect(traffic('deleterandom').liveBytes).toBeCloseTo((1000 - differentCount) * 116);
    expect(traffic('deleterandom').userWrittenBytes).toBe(640 * 16);
  });
});

function flagsOf(changes: Partial<RunSettings>): string[] {
  const settings = { ...SETTINGS, ...changes };
  return runFlags(planOf(settings.workload)!, settings);
}

function traffic(workload: string) {
  return trafficOf({ ...SETTINGS, workload }, { operationCount: 640, elapsedSeconds: 2 });
}
