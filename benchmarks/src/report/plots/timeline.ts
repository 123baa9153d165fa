// Throughput over the run, one strip per engine.
//
// Each strip has its own scales, since a stall is a stall relative to the engine's own pace: the
// width is the engine's whole run, the height its fastest interval.

import { areaY, dot, line, ruleY, text } from '@observablehq/plot';
import type { BenchmarkResult } from '../../results/result.js';
import type { ReportEngine } from '../data/engines.js';
import { countText, isFigure, millisecondsText, secondsText } from '../data/numbers.js';
import { drawPlot, INK, PAPER } from './draw.js';
import type { EngineResult } from './latency.js';

interface Point {
  readonly engine: ReportEngine;
  /** Share of the run, 0 to 1. */
  readonly place: number;
  /** Share of the fastest interval, 0 to 1. */
  readonly pace: number;
}

interface Strip {
  readonly engine: ReportEngine;
  readonly points: readonly Point[];
  readonly fastest: number;
  readonly durationSeconds: number;
  readonly longestPauseMs: number | null;
}

const WIDTH = 640;
const STRIP_HEIGHT = 34;
const POINT_COUNT_MAX = 150;
/** A pause shorter than this is not worth a mark. */
const PAUSE_SHOWN_MS = 1;

/** Strips of the engines that have a timeline; null if none has. */
export function drawTimeline(results: readonly EngineResult[], label: string): string | null {
  const strips = results.map(stripOf).filter((strip) => strip !== null);
  if (strips.length === 0) return null;
  return drawPlot(label, {
    width: WIDTH,
    height: strips.length * STRIP_HEIGHT + 6,
    marginLeft: 104,
    marginRight: 176,
    marginTop: 4,
    marginBottom: 2,
    x: { domain: [0, 1], axis: null },
    y: { domain: [0, 1.05], axis: null },
    fy: { domain: strips.map(({ engine }) => engine.name), label: null, padding: 0.24 },
    marks: [ruleY([0], { stroke: INK, strokeOpacity: 0.5 }), ...marksOf(strips)],
  });
}

function marksOf(strips: readonly Strip[]) {
  const points = strips.flatMap((strip) => strip.points);
  const place = { x: 'place', y: 'pace', fy: nameOf, z: nameOf };
  const pauses = strips.filter((strip) => (strip.longestPauseMs ?? 0) >= PAUSE_SHOWN_MS);
  return [
    areaY(points, { ...place, fill: paintOf, fillOpacity: 0.28, curve: 'step-after' }),
    line(points, { ...place, stroke: paintOf, strokeWidth: 1.1, curve: 'step-after' }),
    dot(pauses.map(slowestOf), {
      x: 'place',
      y: 'pace',
      fy: nameOf,
      symbol: 'triangle',
      r: 3.6,
      fill: INK,
      stroke: PAPER,
    }),
    text(strips, {
      fy: nameOf,
      frameAnchor: 'right',
      textAnchor: 'start',
      dx: 8,
      text: noteOf,
      fill: INK,
    }),
  ];
}

function noteOf({ fastest, durationSeconds, longestPauseMs }: Strip): string {
  const main = `peak ${countText(fastest)}/s, ${secondsText(durationSeconds)}`;
  return longestPauseMs === null ? main : `${main}\n▲ ${millisecondsText(longestPauseMs)}`;
}

function stripOf({ engine, result }: EngineResult): Strip | null {
  const timeline = thinned((result.timeline ?? []).filter((pair) => pair.every(isFigure)));
  const fastest = Math.max(0, ...timeline.map(([, opsPerSecond]) => opsPerSecond));
  if (fastest === 0) return null;
  const [startSeconds, durationSeconds] = spanOf(timeline, result);
  const points = timeline.map(([seconds, opsPerSecond]) => ({
    engine,
    place: (seconds - startSeconds) / durationSeconds,
    pace: opsPerSecond / fastest,
  }));
  // Each point holds until the next; the last one needs an end.
  const end = { ...points[points.length - 1]!, place: 1 };
  const { longestPauseMs } = result;
  return { engine, points: [...points, end], fastest, durationSeconds, longestPauseMs };
}

/** When the first interval begins and how long all of them are, the last as long as others are. */
function spanOf(
  timeline: readonly (readonly [number, number])[],
  { operationCount, opsPerSecond }: BenchmarkResult,
): readonly [number, number] {
  const [first, last] = [timeline[0]![0], timeline[timeline.length - 1]![0]];
  if (last > first) return [first, ((last - first) * timeline.length) / (timeline.length - 1)];
  const seconds = operationCount / opsPerSecond;
  return [first, seconds > 0 && isFigure(seconds) ? seconds : 1];
}

/** At most so many points as there are pixels for; of several the slowest, which is the stall. */
function thinned(timeline: readonly (readonly [number, number])[]) {
  const step = Math.ceil(timeline.length / POINT_COUNT_MAX);
  return timeline.flatMap((_, start) => {
    if (start % step !== 0) return [];
    const some = timeline.slice(start, start + step);
    return [some.reduce((slowest, point) => (point[1] < slowest[1] ? point : slowest))];
  });
}

/**
 * Where the longest pause is taken to be: the middle of the slowest interval. The last interval does
 * not count if there are others, since the end of the run cuts it short.
 */
function slowestOf({ points }: Strip): Point {
  const starts = points.slice(0, Math.max(1, points.length - 2));
  const slowest = starts.reduce((low, point) => (point.pace < low.pace ? point : low));
  const next = points[points.indexOf(slowest) + 1]!;
  return { ...slowest, place: (slowest.place + next.place) / 2 };
}

const nameOf = ({ engine }: { engine: ReportEngine }) => engine.name;
const paintOf = ({ engine }: { engine: ReportEngine }) => engine.paint;
