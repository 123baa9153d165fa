/** Figures of microbenchmarks as text for the terminal. */
import Table from 'cli-table3';
import type { MicroFigure } from './measure.js';

const NO_FRAME = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '', middle: '  ' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' },
};

/** Draws rows under headings, without a frame; all columns but the first `textColumnCount` go right. */
export function renderTable(
  head: readonly string[],
  {
    rows,
    textColumnCount,
  }: { readonly rows: readonly (readonly string[])[]; readonly textColumnCount: number },
): string {
  const table = new Table({
    chars: NO_FRAME,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colAligns: head.map((_, column) => (column < textColumnCount ? 'left' : 'right')),
    head: [...head],
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString().replace(/ +$/gm, '');
}

/** Gives the figures of microbenchmarks as a table. */
export function renderFigures(figures: readonly MicroFigure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    figure.operation,
    significant(figure.nsPerOperation),
    `±${significant(figure.spreadNs)}`,
    Math.round(figure.operationsPerSecond).toLocaleString('en'),
    figure.megabytesPerSecond === null ? '' : String(Math.round(figure.megabytesPerSecond)),
  ]);
  const head = ['name', 'per', 'ns', '±', 'per second', 'MB/s'];
  return renderTable(head, { rows, textColumnCount: 2 });
}

/** Gives names and questions in two columns. */
export function renderQuestions(
  questions: readonly { readonly name: string; readonly question: string }[],
): string {
  const rows = questions.map(({ name, question }) => [name, question]);
  return renderTable(['name', 'question'], { rows, textColumnCount: 2 });
}

/** Three significant digits, and no exponent. */
export function significant(value: number): string {
  if (value >= 100) return Math.round(value).toString();
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
