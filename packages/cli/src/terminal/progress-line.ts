// The one line of text that shows how far a long step has come: a bar, the share, the count, the rate and the
// time left. Pure, so that what it says can be tested; progress.ts puts it on the screen.
//
//   Importing  ██████████░░░░░░░░░░░░░░  42.1 %  506,233 records  1.42 M/s  2.1 s left
//   Importing  506,233 records  1.42 M/s  0.4 s                (when the end is not known)

import { formatCount, formatDuration, formatRate, formatShare } from '../text/numbers.js';
import type { Palette } from '../text/palette.js';

const BAR_WIDTH_COLUMNS = 24;
const NARROW_BAR_WIDTH_COLUMNS = 10;
const NARROW_LINE_COLUMNS = 90;
/** Before this much is done, the time left would be a guess. */
const SHARE_FOR_ESTIMATE = 0.02;

/** How far a step has come. */
export interface ProgressState {
  /** What is being done: `Importing`. */
  readonly label: string;
  /** Things done so far, in `noun`. */
  readonly count: number;
  /** What is counted: `records`. */
  readonly noun: string;
  /** Done share of the whole, 0 to 1; undefined when the end is not known. */
  readonly share: number | undefined;
  readonly elapsedMs: number;
}

/** Draws the line for a window of the given width. */
export function progressLine(
  state: ProgressState,
  options: { palette: Palette; widthColumns: number },
): string {
  const { palette } = options;
  const parts = [palette.heading(state.label)];
  if (state.share !== undefined) {
    const barWidth =
      options.widthColumns < NARROW_LINE_COLUMNS ? NARROW_BAR_WIDTH_COLUMNS : BAR_WIDTH_COLUMNS;
    parts.push(bar(state.share, barWidth, palette), formatShare(state.share).padStart(7));
  }
  parts.push(`${formatCount(state.count)} ${state.noun}`);
  if (state.elapsedMs > 0) {
    parts.push(palette.accent(formatRate(state.count, state.elapsedMs)));
  }
  parts.push(palette.quiet(timeText(state)));
  return parts.join('  ');
}

function bar(share: number, widthColumns: number, palette: Palette): string {
  const filled = Math.round(Math.min(Math.max(share, 0), 1) * widthColumns);
  return palette.good('█'.repeat(filled)) + palette.quiet('░'.repeat(widthColumns - filled));
}

function timeText(state: ProgressState): string {
  if (state.share === undefined || state.share >= 1) {
    return formatDuration(state.elapsedMs);
  }
  if (state.share < SHARE_FOR_ESTIMATE) {
    return 'estimating';
  }
  const remainingMs = (state.elapsedMs * (1 - state.share)) / state.share;
  return `${formatDuration(remainingMs)} left`;
}
