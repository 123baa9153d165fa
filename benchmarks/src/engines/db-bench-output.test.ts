import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { lastBackgroundWorkMs } from './db-bench-log.js';
import { isReportLine, parseReports, parseWarnings } from './db-bench-output.js';

const READ_WHILE_WRITING = captured('db-bench-readwhilewriting.txt');
const FILL_SEQUENTIAL = captured('db-bench-fillseq.txt');

describe('parseReports()', () => {
  test('gives one report per benchmark, in their order', () => {
    const names = parseReports(READ_WHILE_WRITING).map(({ benchmark }) => benchmark);
    expect(names).toEqual(['readrandom', 'readwhilewriting']);
  });

  test('reads counts, times and keys found', () => {
    const [readRandom, readWhileWriting] = parseReports(READ_WHILE_WRITING);
    expect(readRandom).toMatchObject({
      operationCount: 10_000,
      found: { count: 10_000, of: 10_000 },
    });
    expect(readRandom!.elapsedSeconds).toBeCloseTo(10_000 / 95_384, 6);
    expect(readWhileWriting!.threadSeconds).toBeCloseTo(0.04464, 6);
  });

  test('reads percentiles and buckets from the histogram of its own benchmark', () => {
    const [readRandom, readWhileWriting] = parseReports(READ_WHILE_WRITING);
    expect(readRandom!.latencyUs).toEqual({ p50: 1, p99: 8.84, p999: 28, max: 46_710 });
    expect(readWhileWriting!.latencyUs).toEqual({ p50: 1.11, p99: 3.19, p999: 11.67, max: 12_055 });
    expect(readRandom!.latencyCurve!.slice(0, 2)).toEqual([
      [57.5, 1],
      [95.26, 2],
    ]);
    expect(readRandom!.latencyCurve!.at(-1)).toEqual([100, 50_000]);
  });

  test('has no latencies without a histogram', () => {
    expect(parseReports(FILL_SEQUENTIAL)).toMatchObject([
      { benchmark: 'fillseq', latencyUs: null, latencyCurve: null, found: null },
    ]);
  });

  test('gives nothing for output without reports', () => {
    expect(parseReports('Initializing RocksDB Options\n')).toEqual([]);
  });
});

test('parseWarnings() tells that assertions are enabled', () => {
  expect(parseWarnings(FILL_SEQUENTIAL)).toEqual([
    'Assertions are enabled; benchmarks unnecessarily slow',
  ]);
});

test('isReportLine() knows lines of benchmarks from others', () => {
  expect(FILL_SEQUENTIAL.split('\n').filter(isReportLine)).toHaveLength(1);
});

describe('lastBackgroundWorkMs()', () => {
  test('gives the time of the last flush or compaction that ended', () => {
    const log = [
      '2026/01/02 EVENT_LOG_v1 {"time_micros": 5000, "job": 8, "event": "flush_finished", "x": 1}',
      '2026/01/02 EVENT_LOG_v1 {"time_micros": 7500, "job": 9, "event": "compaction_finished"}',
      '2026/01/02 EVENT_LOG_v1 {"time_micros": 9000, "job": 9, "event": "table_file_deletion"}',
    ];
    expect(lastBackgroundWorkMs(log.join('\n'))).toBe(7.5);
  });

  test('gives null when there was none', () => {
    expect(lastBackgroundWorkMs('Shutdown complete')).toBeNull();
  });
});

function captured(name: string): string {
  return readFileSync(new URL(`testdata/${name}`, import.meta.url), 'utf8');
}
