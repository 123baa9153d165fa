// Approach: made-up runs with one figure each that tells them apart.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RawFigures, RunSettings } from '../run/raw-figures.js';
import { combine, medianOf, skippedResult } from './combine.js';
import { JsonLinesFile, lineOf } from './json-lines.js';
import { renderWorkload } from './table.js';

const PLAIN = { bold: (text: string) => text, dim: (text: string) => text };
const SETTINGS: RunSettings = {
  workload: 'fillrandom-settled',
  engine: 'better-sqlite3',
  num: 1_000_000,
  operationCount: 1_000_000,
  keySizeBytes: 16,
  valueSizeBytes: 100,
  valueCompressibility: 0.5,
  batchSize: 1000,
  writers: 64,
  durability: 'always',
  cacheSizeBytes: 1,
  memtableSizeBytes: 1,
  filterBitsPerKey: 10,
  compression: 'lz4',
  seekNexts: 100,
  writesPerSecond: 10_000,
  durationSeconds: 60,
  seed: 1,
};
const CONTEXT = { settings: SETTINGS, overheadUs: 0.05 };

/** As one line of results must have them. */
const REQUIRED_FIELDS = [
  'workload engine num operationCount keySizeBytes valueSizeBytes settings opsPerSecond',
  'opsPerSecondSpread latencyUs latencyCurve cpuSeconds peakRssBytes writeAmplification',
  'readAmplification spaceAmplification eventLoopDelayMs timeline longestPauseMs repetitions',
].flatMap((line) => line.split(' '));

function runOf(elapsedSeconds: number): RawFigures {
  return {
    operationCount: 1_000_000,
    elapsedSeconds,
    latencyUs: { p50: 123.456789, p99: 12_345, p999: 123_456, max: elapsedSeconds * 1e6 },
    latencyCurve: [[50, 123.456789]],
    cpuSeconds: 123.4,
    peakRssBytes: 999 * 1024 * 1024,
    writtenBytes: 300,
    readBytes: null,
    userWrittenBytes: 100,
    userReadBytes: 0,
    storeBytes: 50,
    liveBytes: 100,
    eventLoopDelayMs: null,
    timeline: [[0, 1]],
    longestPauseMs: 1,
    isSettled: true,
    verifiedCount: 2000,
    settings: { cacheSizeBytes: 2, isCutByDuration: false },
  };
}

describe('medianOf', () => {
  test.each([
    [[3], 3],
    [[1, 9, 2], 2],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (numbers, median) => expect(medianOf(numbers)).toBe(median));
});

describe('combine', () => {
  const result = combine([runOf(4), runOf(1), runOf(2)], CONTEXT);

  test('takes the median rate, the spread over all, and the rest from the median run', () => {
    expect(result.opsPerSecond).toBe(500_000);
    expect(result.opsPerSecondSpread).toEqual([250_000, 1_000_000]);
    expect(result.repetitions).toEqual([250_000, 1_000_000, 500_000]);
    expect(result.latencyUs?.max).toBe(2e6);
  });

  test('divides bytes of files by bytes of the user, and leaves null what is not known', () => {
    expect(result.writeAmplification).toBe(3);
    expect(result.readAmplification).toBeNull();
    expect(result.spaceAmplification).toBe(0.5);
  });

  test('records what the engine ran with above what was asked for', () => {
    expect(result.settings).toMatchObject({ cacheSizeBytes: 2, settled: true, pageCache: 'warm' });
  });
});

describe('lineOf', () => {
  test.each([
    ['measured', combine([runOf(1)], CONTEXT)],
    ['skipped', skippedResult('not installed', CONTEXT)],
  ])('has every required field when %s', (_, result) => {
    const line = lineOf(result);
    expect(line.endsWith('}\n')).toBe(true);
    const parsed = JSON.parse(line);
    for (const field of REQUIRED_FIELDS) expect(parsed[field]).toBeDefined();
  });
});

describe('JsonLinesFile', () => {
  test('grows by a line per result', () => {
    const directory = mkdtempSync(join(tmpdir(), 'bench-json-'));
    const path = join(directory, 'results.json');
    const file = new JsonLinesFile(path);
    file.append([skippedResult('a', CONTEXT)]);
    file.append([skippedResult('b', CONTEXT), skippedResult('c', CONTEXT)]);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).skipped)).toEqual(['a', 'b', 'c']);
    rmSync(directory, { recursive: true });
  });
});

describe('renderWorkload', () => {
  test('fits 120 columns and names who was skipped', () => {
    const text = renderWorkload(
      [combine([runOf(4), runOf(1)], CONTEXT), skippedResult('not installed', CONTEXT)],
      PLAIN,
    );
    expect(text).toContain('better-sqlite3 skipped: not installed');
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('needs no engine with figures', () => {
    const text = renderWorkload([skippedResult('not installed', CONTEXT)], PLAIN);
    expect(text.split('\n')).toHaveLength(2);
  });
});
