// One bar for each engine, with the spread of the repetitions where there is one.

import { barX, dot, ruleX, ruleY, text, tickX } from '@observablehq/plot';
import type { ReportEngine } from '../data/engines.js';
import { drawPlot, INK, PAPER } from './draw.js';

/** What one engine reached. */
export interface Bar {
  readonly engine: ReportEngine;
  readonly value: number;
  /** Slowest and fastest repetition. */
  readonly spread?: readonly [number, number];
  readonly repetitions?: readonly number[];
}

/** How a panel of bars reads. */
export interface BarsOptions {
  /** For a screen reader. */
  readonly label: string;
  /** Writes a value. */
  readonly format: (value: number) => string;
  /** A value worth a line across, such as 1 for amplification. */
  readonly reference?: number;
  /** Whether round figures are those of people, or of bytes; of people when missing. */
  readonly base?: 2 | 10;
}

const ROW_HEIGHT = 21;
const AXIS_HEIGHT = 24;
const DASHED = { stroke: INK, strokeDasharray: '2 3' };

/** Bars from zero, one row per engine in the order given, with values at their ends. */
export function drawBars(bars: readonly Bar[], options: BarsOptions): string {
  return drawPlot(options.label, {
    height: bars.length * ROW_HEIGHT + AXIS_HEIGHT,
    marginLeft: 104,
    marginRight: 62,
    marginTop: 2,
    marginBottom: AXIS_HEIGHT - 2,
    x: axisOf(bars, options),
    y: { domain: bars.map(nameOf), label: null, tickSize: 0, padding: 0.28 },
    marks: [
      barsOf(bars, options),
      ruleX(referencesOf(bars, options), DASHED),
      ...spreadOf(bars),
      ruleX([0], { stroke: INK }),
      valuesOf(bars, options),
    ],
  });
}

function axisOf(bars: readonly Bar[], { format, base }: BarsOptions) {
  const longest = longestOf(bars);
  return {
    domain: [0, longest],
    ticks: base === 2 ? binaryTicks(longest) : 4,
    tickSize: 0,
    tickFormat: (value: number) => (value === 0 ? '0' : format(value)),
    grid: true,
    label: null,
  };
}

/** The end of the axis; 1 where all bars are empty. */
function longestOf(bars: readonly Bar[]): number {
  return Math.max(...bars.map(endOf)) || 1;
}

/** About four multiples of a power of two. */
function binaryTicks(longest: number): readonly number[] {
  const step = 2 ** Math.ceil(Math.log2(longest / 4));
  return Array.from({ length: Math.floor(longest / step) + 1 }, (_, index) => index * step);
}

/** None where the axis does not reach it. */
function referencesOf(bars: readonly Bar[], { reference }: BarsOptions): readonly number[] {
  return reference === undefined || reference > longestOf(bars) ? [] : [reference];
}

function barsOf(bars: readonly Bar[], { format }: BarsOptions) {
  return barX(bars, {
    x: 'value',
    y: nameOf,
    fill: paintOf,
    title: (bar: Bar) => titleOf(bar, format),
  });
}

function titleOf({ engine, value, spread, repetitions }: Bar, format: BarsOptions['format']) {
  const main = `${engine.name}: ${format(value)}`;
  if (spread === undefined) return main;
  const runs = repetitions?.length ? ` (${repetitions.map(format).join(', ')})` : '';
  return `${main}, ${format(spread[0])} to ${format(spread[1])}${runs}`;
}

function spreadOf(bars: readonly Bar[]) {
  const spread = bars.filter((bar) => bar.spread !== undefined);
  const runs = bars.flatMap((bar) => (bar.repetitions ?? []).map((value) => ({ ...bar, value })));
  const ends = spread.flatMap((bar) => bar.spread!.map((value) => ({ ...bar, value })));
  const whisker = {
    y: nameOf,
    x1: (bar: Bar) => bar.spread![0],
    x2: (bar: Bar) => bar.spread![1],
  };
  return [
    ruleY(spread, { ...whisker, stroke: PAPER, strokeWidth: 3.4 }), // seen on a dark bar, too
    ruleY(spread, { ...whisker, stroke: INK, strokeWidth: 1.2 }),
    tickX(ends, { x: 'value', y: nameOf, stroke: INK, strokeWidth: 1.2, inset: 3.5 }),
    dot(runs, { x: 'value', y: nameOf, r: 2, fill: PAPER, stroke: INK, strokeWidth: 0.9 }),
  ];
}

function valuesOf(bars: readonly Bar[], { format }: BarsOptions) {
  return text(bars, {
    x: endOf,
    y: nameOf,
    text: (bar: Bar) => format(bar.value),
    textAnchor: 'start',
    dx: 7,
    fill: INK,
    stroke: PAPER,
    strokeWidth: 3,
  });
}

const nameOf = (bar: Bar) => bar.engine.name;
const paintOf = (bar: Bar) => bar.engine.paint;
const endOf = (bar: Bar) => Math.max(bar.value, bar.spread?.[1] ?? 0, ...(bar.repetitions ?? []));
