/** From the repetitions of one workload on one engine to its line in the results. */
import { machineFacts } from '../measure/machine.js';
import type { RawFigures, RunSettings } from '../run/raw-figures.js';
import type { BenchmarkResult } from './result.js';

/** What belongs to a result besides the figures. */
export interface ResultContext {
  readonly settings: RunSettings;
  /** Cost of making keys and values and of the loop, in microseconds per operation; null where nobody measured it. */
  readonly overheadUs: number | null;
}

/** The median of some numbers: between the middle two when they are even in number. Requires: at least one. */
export function medianOf(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The result of all repetitions: medians and spread of the rate, and everything else from the median run. */
export function combine(runs: readonly RawFigures[], context: ResultContext): BenchmarkResult {
  const rates = runs.map(rateOf);
  const middle = medianRunOf(runs);
  return {
    ...identityOf(context.settings),
    operationCount: middle.operationCount,
    settings: settingsOf(middle, context),
    opsPerSecond: medianOf(rates),
    opsPerSecondSpread: [Math.min(...rates), Math.max(...rates)],
    latencyUs: middle.latencyUs,
    latencyCurve: middle.latencyCurve,
    cpuSeconds: middle.cpuSeconds,
    peakRssBytes: middle.peakRssBytes,
    writeAmplification: ratioOf(middle.writtenBytes, middle.userWrittenBytes),
    readAmplification: ratioOf(middle.readBytes, middle.userReadBytes),
    spaceAmplification: ratioOf(middle.storeBytes, middle.liveBytes),
    eventLoopDelayMs: middle.eventLoopDelayMs,
    timeline: middle.timeline,
    longestPauseMs: middle.longestPauseMs,
    repetitions: rates,
  };
}

/** A result that only says why there is none. */
export function skippedResult(reason: string, context: ResultContext): BenchmarkResult {
  return {
    ...identityOf(context.settings),
    operationCount: 0,
    settings: { ...recordedSettings(context) },
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
    skipped: reason,
  };
}

function rateOf({ operationCount, elapsedSeconds }: RawFigures): number {
  return operationCount / elapsedSeconds;
}

/** The run in the middle; of an even number the slower of the middle two. */
function medianRunOf(runs: readonly RawFigures[]): RawFigures {
  const sorted = [...runs].sort((a, b) => rateOf(a) - rateOf(b));
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function identityOf({ workload, engine, num, keySizeBytes, valueSizeBytes }: RunSettings) {
  return { workload, engine, num, keySizeBytes, valueSizeBytes };
}

function recordedSettings({ settings, overheadUs }: ResultContext): BenchmarkResult['settings'] {
  const { workload, engine, num, keySizeBytes, valueSizeBytes, ...others } = settings;
  return { ...others, overheadUsPerOperation: overheadUs, pageCache: 'warm', ...machineFacts() };
}

function settingsOf(run: RawFigures, context: ResultContext): BenchmarkResult['settings'] {
  return {
    ...recordedSettings(context),
    // What the engine really ran with stands above what it was asked for.
    ...run.settings,
    settled: run.isSettled,
    elapsedSeconds: run.elapsedSeconds,
    verifiedCount: run.verifiedCount,
    writtenBytes: run.writtenBytes,
    readBytes: run.readBytes,
    storeBytes: run.storeBytes,
  };
}

function ratioOf(sizeBytes: number | null, userBytes: number): number | null {
  return sizeBytes === null || userBytes === 0 ? null : sizeBytes / userBytes;
}
