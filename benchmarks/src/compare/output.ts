/** Compared figures as text. */
import { renderTable, significant } from '../micro/output.js';
import type { ComparedFigure } from './interleave.js';

const HEAD = ['name', 'verdict', 'old ns', 'new ns', 'ratio', 'from', 'to'];

/** Gives compared figures as a table; ratios are new by old, so above 1 is slower. */
export function renderComparison(figures: readonly ComparedFigure[]): string {
  return renderTable(HEAD, { rows: figures.map(rowOf), textColumnCount: 2 });
}

function rowOf({ name, comparison }: ComparedFigure): string[] {
  if (comparison === null) return [name, 'not in both', '', '', '', '', ''];
  const { oldMedian, newMedian, ratio, ratioSpread, verdict } = comparison;
  const ratios = [ratio, ...ratioSpread].map((value) => value.toFixed(3));
  return [name, verdict, significant(oldMedian), significant(newMedian), ...ratios];
}

/** Gives compared figures as lines of JSON. */
export function jsonOf(figures: readonly ComparedFigure[]): string {
  return figures.map(({ name, comparison }) => JSON.stringify({ name, ...comparison })).join('\n');
}

/** Whether a figure is slower for certain, and by more than `ratio`. */
export function isSlowerBy(ratio: number, { comparison }: ComparedFigure): boolean {
  return comparison?.verdict === 'slower' && comparison.ratio > ratio;
}
