/** Reads what db_bench prints. */

import type { Latency } from '../results/result.js';

/** One benchmark of a run. */
export interface Report {
  readonly benchmark: string;
  readonly operationCount: number;
  /** From the start of the first thread, with its start-up, to the end of the last. */
  readonly elapsedSeconds: number;
  /** Sum over the threads that did the operations: without start-up, and without threads beside them. */
  readonly threadSeconds: number;
  /** Keys that were found and keys that were looked for, where it says so. */
  readonly found: { readonly count: number; readonly of: number } | null;
  /** With `--histogram`. */
  readonly latencyUs: Latency | null;
  /** [percentile 0..100, microseconds], ascending; with `--histogram`. */
  readonly latencyCurve: readonly (readonly [number, number])[] | null;
}

const REPORT_LINE =
  /^(\w+) +: +([\d.]+) micros\/op (\d+) ops\/sec ([\d.]+) seconds (\d+) operations;(.*)$/;
const FOUND = /\((\d+) of (\d+) found\)/;
const HISTOGRAM_HEAD = /^Microseconds per /;
const PERCENTILES = /^Percentiles: P50: ([\d.]+) .*P99: ([\d.]+) P99\.9: ([\d.]+)/;
const MAX = /^Min: \d+ +Median: [\d.]+ +Max: (\d+)/;
const BUCKET = /^[[(] *\d+, +(\d+) \] +\d+ +[\d.]+% +([\d.]+)%/;
const WARNING = /^WARNING: (.+)$/;

/** True for the line that db_bench prints at the end of a benchmark. */
export function isReportLine(line: string): boolean {
  return REPORT_LINE.test(line);
}

/** All benchmarks of a run in their order. */
export function parseReports(output: string): Report[] {
  const lines = output.split('\n');
  const starts = lines.flatMap((line, index) => (isReportLine(line) ? [index] : []));
  return starts.map((start, index) => parseReport(lines.slice(start, starts[index + 1])));
}

/** What db_bench warns of, such as a build with assertions. */
export function parseWarnings(output: string): string[] {
  return output.split('\n').flatMap((line) => WARNING.exec(line)?.[1] ?? []);
}

function parseReport(lines: readonly string[]): Report {
  const [, benchmark, micros, perSecond, seconds, operations, rest] = REPORT_LINE.exec(lines[0]!)!;
  const found = FOUND.exec(rest!);
  const operationCount = Number(operations);
  return {
    benchmark: benchmark!,
    operationCount,
    // Seconds have three decimals, the rate has none: each is the more exact one on its side of a second.
    elapsedSeconds: Number(seconds) >= 1 ? Number(seconds) : operationCount / Number(perSecond),
    threadSeconds: (operationCount * Number(micros)) / 1e6,
    found: found && { count: Number(found[1]), of: Number(found[2]) },
    ...parseHistogram(lines),
  };
}

function parseHistogram(lines: readonly string[]): Pick<Report, 'latencyUs' | 'latencyCurve'> {
  const heads = lines.flatMap((line, index) => (HISTOGRAM_HEAD.test(line) ? [index] : []));
  if (heads.length === 0) return { latencyUs: null, latencyCurve: null };
  // Readers and writers have one each, in this order.
  const histogram = lines.slice(heads[0], heads[1]);
  const [, max] = firstMatch(histogram, MAX);
  const [, p50, p99, p999] = firstMatch(histogram, PERCENTILES);
  return {
    latencyUs: { p50: Number(p50), p99: Number(p99), p999: Number(p999), max: Number(max) },
    latencyCurve: histogram.flatMap(parseBucket),
  };
}

function parseBucket(line: string): [number, number][] {
  const match = BUCKET.exec(line);
  return match ? [[Number(match[2]), Number(match[1])]] : [];
}

function firstMatch(lines: readonly string[], pattern: RegExp): RegExpExecArray {
  for (const line of lines) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  throw new Error(`Cannot read the histogram of db_bench: no line like ${pattern}`);
}
