// Reads a results file: JSON lines, one BenchmarkResult each.

import { readFile } from 'node:fs/promises';
import type { BenchmarkResult, Latency } from '../../results/result.js';
import * as field from './fields.js';
import { ResultsFileError } from './results-file-error.js';

/**
 * Gives the results of a file in their order; lines of white space are passed over.
 *
 * Throws a `ResultsFileError` with file and line at the first line that is no result.
 */
export async function readResults(file: string): Promise<BenchmarkResult[]> {
  return parseResults(await readFile(file, 'utf8'), file);
}

/** As `readResults`, of a text; `path` is what messages name. */
export function parseResults(text: string, path: string): BenchmarkResult[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    return [parseLine(line, { path, lineNumber: index + 1 })];
  });
}

function parseLine(line: string, place: { path: string; lineNumber: number }): BenchmarkResult {
  try {
    return resultOf(field.objectOf(JSON.parse(line), 'line'));
  } catch (error) {
    if (error instanceof field.FieldError) throw new ResultsFileError(error.message, place);
    if (error instanceof SyntaxError) throw new ResultsFileError('not JSON', place);
    throw error;
  }
}

function resultOf(fields: field.Fields): BenchmarkResult {
  const opsPerSecond = field.requiredFigureOf(fields, 'opsPerSecond');
  return {
    workload: field.textOf(fields, 'workload'),
    engine: field.textOf(fields, 'engine'),
    num: field.requiredFigureOf(fields, 'num'),
    operationCount: field.figureOf(fields, 'operationCount'),
    keySizeBytes: field.requiredFigureOf(fields, 'keySizeBytes'),
    valueSizeBytes: field.requiredFigureOf(fields, 'valueSizeBytes'),
    settings: settingsOf(fields),
    opsPerSecond,
    opsPerSecondSpread: spreadOf(fields, opsPerSecond),
    repetitions: field.figuresOf(fields, 'repetitions'),
    ...timesOf(fields),
    ...resourcesOf(fields),
    ...(fields['skipped'] == null ? {} : { skipped: field.textOf(fields, 'skipped') }),
  };
}

function timesOf(fields: field.Fields) {
  return {
    latencyUs: latencyOf(fields),
    latencyCurve: field.pairsOf(fields, 'latencyCurve'),
    eventLoopDelayMs: eventLoopDelayOf(fields),
    timeline: field.pairsOf(fields, 'timeline'),
    longestPauseMs: field.nullableFigureOf(fields, 'longestPauseMs'),
  };
}

function resourcesOf(fields: field.Fields) {
  return {
    cpuSeconds: field.figureOf(fields, 'cpuSeconds'),
    peakRssBytes: field.figureOf(fields, 'peakRssBytes'),
    writeAmplification: field.nullableFigureOf(fields, 'writeAmplification'),
    readAmplification: field.nullableFigureOf(fields, 'readAmplification'),
    spaceAmplification: field.nullableFigureOf(fields, 'spaceAmplification'),
  };
}

function settingsOf(fields: field.Fields): BenchmarkResult['settings'] {
  const settings = field.objectOf(fields['settings'] ?? {}, 'settings');
  for (const [name, value] of Object.entries(settings)) {
    if (value !== null && typeof value === 'object') {
      throw new field.FieldError(`"settings.${name}" must be text, a number, a boolean or null`);
    }
  }
  return settings as BenchmarkResult['settings'];
}

function spreadOf(fields: field.Fields, opsPerSecond: number): readonly [number, number] {
  const spread = fields['opsPerSecondSpread'];
  return spread == null ? [opsPerSecond, opsPerSecond] : field.pairIn(spread, 'opsPerSecondSpread');
}

function latencyOf(fields: field.Fields): Latency | null {
  if (fields['latencyUs'] == null) return null;
  const latency = field.objectOf(fields['latencyUs'], 'latencyUs');
  const at = (name: string) => field.figureOf(latency, name);
  return { p50: at('p50'), p99: at('p99'), p999: at('p999'), max: at('max') };
}

function eventLoopDelayOf(fields: field.Fields): BenchmarkResult['eventLoopDelayMs'] {
  if (fields['eventLoopDelayMs'] == null) return null;
  const delay = field.objectOf(fields['eventLoopDelayMs'], 'eventLoopDelayMs');
  return { p50: field.figureOf(delay, 'p50'), p99: field.figureOf(delay, 'p99') };
}
