// The engines of a report: their order, and a colour of its own for each.
//
// Colours are from the palette of Okabe and Ito, which people who cannot tell red from green can
// tell apart. The blues are kept for Varve, so its bars and lines stand out in every plot.

import type { BenchmarkResult } from '../../results/result.js';

/** An engine as the report shows it. */
export interface ReportEngine {
  readonly name: string;
  /** Place in the order of engines, and the number in its CSS names. */
  readonly index: number;
  readonly isVarve: boolean;
  /** A colour for plots: a reference to a CSS variable, since it depends on the reader's scheme. */
  readonly paint: string;
  /** On a light and on a dark page. */
  readonly colours: Colours;
}

/** A colour on a light and on a dark page. */
export interface Colours {
  readonly light: string;
  readonly dark: string;
}

const KNOWN: Readonly<Record<string, Colours>> = {
  'varve-sync': { light: '#005fa8', dark: '#3b9ef2' },
  'varve-async': { light: '#4fb0e8', dark: '#9bd6ff' },
  db_bench: { light: '#3a3a3a', dark: '#e4e4e4' },
  'rocksdb-node': { light: '#cf4f00', dark: '#ff7f3a' },
  'classic-level': { light: '#e0a100', dark: '#f3c043' },
  lmdb: { light: '#00916a', dark: '#25c797' },
  'better-sqlite3': { light: '#c15f95', dark: '#ee9bc7' },
  'memory-level': { light: '#949494', dark: '#8b8b8b' },
};
const OTHER_VARVE: readonly Colours[] = [
  { light: '#27348b', dark: '#8094ff' },
  { light: '#0e8fa8', dark: '#5fd8ee' },
];
const OTHERS: readonly Colours[] = [
  { light: '#7a5c2e', dark: '#c9a56a' },
  { light: '#8f2d56', dark: '#e2739f' },
  { light: '#6b7f1a', dark: '#b9d14a' },
  { light: '#5e4b8b', dark: '#b8a2ee' },
];

/** The engines that the results name, Varve's first, then those known, then others by name. */
export function enginesOf(results: readonly BenchmarkResult[]): readonly ReportEngine[] {
  const names = [...new Set(results.map((result) => result.engine))].sort(inOrder);
  const spare = { varve: [...OTHER_VARVE], others: [...OTHERS] };
  return names.map((name, index) => ({
    name,
    index,
    isVarve: isVarve(name),
    paint: `var(--engine-${index})`,
    colours: KNOWN[name] ?? nextOf(isVarve(name) ? spare.varve : spare.others),
  }));
}

function nextOf(spare: Colours[]): Colours {
  const colours = spare.shift()!;
  spare.push(colours); // more engines than colours: they come round again
  return colours;
}

function isVarve(name: string): boolean {
  return name.startsWith('varve');
}

function inOrder(left: string, right: string): number {
  return rankOf(left) - rankOf(right) || (left < right ? -1 : 1);
}

function rankOf(name: string): number {
  const known = Object.keys(KNOWN);
  const index = known.indexOf(name);
  if (index >= 0) return index;
  return isVarve(name) ? known.indexOf('varve-async') + 0.5 : known.length;
}
