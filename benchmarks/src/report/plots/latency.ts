// The latency curve in the manner of HdrHistogram: each nine of the percentile gets the same width.

import type { BenchmarkResult } from '../../results/result.js';
import type { ReportEngine } from '../data/engines.js';
import { isFigure, microsecondsText } from '../data/numbers.js';
import { drawLines, type EngineLine } from './lines.js';

/** A result with the engine that made it. */
export interface EngineResult {
  readonly engine: ReportEngine;
  readonly result: BenchmarkResult;
}

/** Percentile and microseconds. */
type CurvePoint = readonly [number, number];

const NINES_MAX = 7;
/** How far the maximum, which has no place on the axis, stands from the last percentile. */
const DISTANCE_OF_MAXIMUM = 0.3;

/** Curves of the engines that timed single operations; null if none did. */
export function drawLatency(results: readonly EngineResult[], label: string): string | null {
  const lines = results.map(curveOf).filter((curve) => curve.points.length > 0);
  if (lines.length === 0) return null;
  const nines = Math.max(...lines.flatMap(({ points }) => points.map(({ x }) => x)));
  const options = { label, xTicks: ticksUpTo(nines), yFormat: microsecondsText };
  return drawLines(lines, { ...options, points: 'plain' });
}

function curveOf({ engine, result }: EngineResult): EngineLine {
  const curve = sampled(result.latencyCurve ?? pointsOf(result.latencyUs));
  const places = curve.map(([percentile]) => ninesOf(percentile)).filter(isFigure);
  const end = Math.max(0, ...places) + DISTANCE_OF_MAXIMUM;
  const points = curve.map(([percentile, latency]) => ({
    x: percentile < 100 ? ninesOf(percentile) : end,
    y: latency,
    title: `${engine.name}, ${percentileText(percentile)}: ${microsecondsText(latency)}`,
  }));
  return { engine, points };
}

/** The curve as far as samples reach: percentiles finer than that repeat the largest sample. */
function sampled(curve: readonly CurvePoint[]): readonly CurvePoint[] {
  const sorted = curve
    .filter(([percentile, latency]) => percentile >= 0 && isFigure(latency) && latency > 0)
    .toSorted(([left], [right]) => left - right);
  const finest = sorted.filter(([percentile]) => percentile < 100).at(-1)?.[1];
  return sorted.filter(
    ([percentile, latency], index) =>
      percentile >= 100 || latency !== finest || sorted[index - 1]?.[1] !== finest,
  );
}

/** The curve through the four figures every engine with latencies has. */
function pointsOf(latency: BenchmarkResult['latencyUs']): readonly CurvePoint[] {
  if (latency === null) return [];
  return [
    [50, latency.p50],
    [99, latency.p99],
    [99.9, latency.p999],
    [100, latency.max],
  ];
}

/** 0 for 0, 1 for 90, 2 for 99, …; infinite for 100. */
function ninesOf(percentile: number): number {
  return Math.min(-Math.log10(1 - percentile / 100), percentile < 100 ? NINES_MAX : Infinity);
}

function ticksUpTo(nines: number): ReadonlyMap<number, string> {
  const ticks: [number, string][] = [[Math.log10(2), '50']];
  for (let count = 1; count <= Math.max(1, Math.floor(nines + 0.05)); count++) {
    // From four nines on the names are so wide that only every second one finds room.
    const isNamed = count < 4 || count % 2 === 0;
    ticks.push([count, isNamed ? percentText(100 - 100 / 10 ** count) : '']);
  }
  return new Map(ticks);
}

function percentileText(percentile: number): string {
  return percentile >= 100 ? 'maximum' : `${percentText(percentile)}\u202f%`;
}

function percentText(percentile: number): string {
  return String(Number(percentile.toFixed(6)));
}
