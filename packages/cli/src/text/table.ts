// Tables for the terminal: a quiet heading, columns aligned, no frame; widths count what a terminal shows, so that
// accents, wide characters and colours line up.

import CliTable from 'cli-table3';
import type { Palette } from './palette.js';

/** One column. Numbers go right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const NO_FRAME = Object.fromEntries(
  [
    'top',
    'top-mid',
    'top-left',
    'top-right',
    'bottom',
    'bottom-mid',
    'bottom-left',
    'bottom-right',
    'left',
    'left-mid',
    'mid',
    'mid-mid',
    'right',
    'right-mid',
  ].map((part) => [part, '']),
);

/** Draws rows under headings. Gives lines without a line end after the last. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  palette: Palette,
): string {
  const table = new CliTable({
    chars: { ...NO_FRAME, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: columns.map((column) => column.align ?? 'left'),
    head: columns.map((column) => palette.quiet(column.title)),
  });
  table.push(...rows.map((row) => [...row]));
  return withoutTrailingSpace(table.toString());
}

/** Names and values in two columns: `path  ./data`. */
export function renderFacts(
  facts: readonly (readonly [name: string, value: string])[],
  palette: Palette,
): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return facts.map(([name, value]) => `${palette.quiet(name.padEnd(width))}  ${value}`).join('\n');
}

function withoutTrailingSpace(text: string): string {
  return text.replace(/[ ]+$/gm, '');
}
