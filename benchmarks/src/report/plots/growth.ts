// How the throughput of a workload depends on the number of entries.

import type { ReportEngine } from '../data/engines.js';
import { countText, isFigure } from '../data/numbers.js';
import { drawLines, type EngineLine } from './lines.js';

/** Throughput of one engine at several numbers of entries. */
export interface Growth {
  readonly engine: ReportEngine;
  readonly points: readonly { readonly num: number; readonly opsPerSecond: number }[];
}

/** Lines of the engines with figures, both axes logarithmic; null if nothing can be drawn. */
export function drawGrowth(growths: readonly Growth[], label: string): string | null {
  const lines = growths.map(lineOf).filter(({ points }) => points.length > 0);
  const places = new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)));
  if (places.size < 2) return null;
  const xTicks = new Map([...places].map((place) => [place, countText(Math.round(10 ** place))]));
  return drawLines(lines, { label, xTicks, yFormat: countText, points: 'marked' });
}

function lineOf({ engine, points }: Growth): EngineLine {
  const drawn = points.filter(
    ({ num, opsPerSecond }) => isFigure(opsPerSecond) && opsPerSecond > 0 && num > 0,
  );
  return {
    engine,
    points: drawn
      .map(({ num, opsPerSecond }) => ({
        x: Math.log10(num),
        y: opsPerSecond,
        title: `${engine.name}, ${countText(num)} entries: ${countText(opsPerSecond)} ops/s`,
      }))
      .sort((left, right) => left.x - right.x),
  };
}
