// Lines of engines over a common axis, both axes logarithmic in their own way, named at their ends.

import { axisY, dot, gridX, gridY, line, ruleY, text } from '@observablehq/plot';
import type { ReportEngine } from '../data/engines.js';
import { drawPlot, FAINT, INK, PAPER } from './draw.js';
import { spreadEnds } from './line-labels.js';

/** The line of one engine. `x` is a place on the axis, `y` a figure above zero. */
export interface EngineLine {
  readonly engine: ReportEngine;
  readonly points: readonly LinePoint[];
}

/** A point, with what it says when pointed at. */
export interface LinePoint {
  readonly x: number;
  readonly y: number;
  readonly title: string;
}

/** How a panel of lines reads. */
export interface LinesOptions {
  /** For a screen reader. */
  readonly label: string;
  /** Places of ticks along x, with their names. */
  readonly xTicks: ReadonlyMap<number, string>;
  /** Writes a value of y. */
  readonly yFormat: (value: number) => string;
  /** Whether points are few enough to be marked. */
  readonly points: 'marked' | 'plain';
}

const HEIGHT = 230;
const MARGINS = { marginTop: 8, marginBottom: 26, marginLeft: 50, marginRight: 96 };
const LABEL_HEIGHT = 13;
/** In places along the x axis. */
const DISTANCE_POINTED_AT = 0.3;

/** Lines over a logarithmic y axis, Varve's thicker and above the others. */
export function drawLines(lines: readonly EngineLine[], options: LinesOptions): string {
  const [low, high] = decadesOf(lines);
  const ticks = ticksOf(low, high);
  return drawPlot(options.label, {
    height: HEIGHT,
    ...MARGINS,
    x: xAxis(lines, options),
    y: { type: 'log', domain: [low, high], axis: null },
    marks: [
      gridY(ticks, { stroke: FAINT, strokeOpacity: 1 }),
      axisY(ticks, { text: options.yFormat, tickSize: 0, label: null }),
      gridX({ ticks: [...options.xTicks.keys()], stroke: FAINT, strokeOpacity: 1 }),
      ruleY([low], { stroke: INK }),
      ...[...lines].reverse().flatMap((item) => marksOf(item, options)),
      labelsOf(lines, [low, high]),
    ],
  });
}

function marksOf({ engine, points }: EngineLine, options: LinesOptions) {
  const place = { x: 'x', y: 'y', title: 'title' };
  const dots = { ...place, fill: engine.paint, r: 3.2, stroke: PAPER, strokeWidth: 0.8 };
  return [
    line(points, { x: 'x', y: 'y', stroke: engine.paint, strokeWidth: engine.isVarve ? 2.6 : 1.5 }),
    // Invisible dots carry what a point says when pointed at.
    options.points === 'marked'
      ? dot(points, dots)
      : dot(apart(points), { ...place, r: 4, fill: 'transparent' }),
  ];
}

/** Points so far from each other that one can be pointed at, the last one always. */
function apart(points: readonly LinePoint[]): readonly LinePoint[] {
  let previous = Number.NEGATIVE_INFINITY;
  return points.filter(({ x }, index) => {
    const isKept = x - previous >= DISTANCE_POINTED_AT || index === points.length - 1;
    if (isKept) previous = x;
    return isKept;
  });
}

function xAxis(lines: readonly EngineLine[], { xTicks }: LinesOptions) {
  const places = [...xTicks.keys(), ...lines.flatMap(({ points }) => points.map(({ x }) => x))];
  return {
    domain: [Math.min(...places), Math.max(...places)],
    ticks: [...xTicks.keys()],
    tickFormat: (place: number) => xTicks.get(place) ?? '',
    tickSize: 3,
    label: null,
  };
}

/** The half decades around all figures. */
function decadesOf(lines: readonly EngineLine[]): readonly [number, number] {
  const heights = lines.flatMap(({ points }) => points.map(({ y }) => Math.log10(y)));
  const step = 0.5;
  const low = Math.floor(Math.min(...heights) / step) * step;
  const high = Math.ceil(Math.max(...heights) / step) * step;
  return [10 ** low, 10 ** (high > low ? high : low + step)];
}

/** Round figures from low to high: only powers of ten where there are many of them. */
function ticksOf(low: number, high: number): readonly number[] {
  const digits = Math.log10(high / low) > 2.1 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    ticks.push(...digits.map((digit) => digit * 10 ** power));
  }
  return ticks.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

function labelsOf(lines: readonly EngineLine[], [low, high]: readonly [number, number]) {
  const plotHeight = HEIGHT - MARGINS.marginTop - MARGINS.marginBottom;
  const ends = lines.map(({ engine, points }) => ({
    engine,
    height: Math.log10(points[points.length - 1]!.y),
  }));
  const [lowest, highest] = [Math.log10(low), Math.log10(high)];
  const gap = (LABEL_HEIGHT * (highest - lowest)) / plotHeight;
  return text(spreadEnds(ends, { gap, lowest, highest }), {
    y: (end) => 10 ** end.height,
    frameAnchor: 'right',
    textAnchor: 'start',
    dx: 6,
    text: (end) => end.engine.name,
    fill: (end) => end.engine.paint,
    fontWeight: 500,
    clip: false,
  });
}
