/**
 * What two series of figures say about each other: the ratio of their medians, how sure it is, and a verdict.
 *
 * The figures are costs (less is better), measured in turn, so each pair was measured under about the same conditions.
 * The spread of the ratio is taken from the ratios within pairs: the interval between two of them, in order, that holds
 * the true median with at least 90 % probability whatever the noise looks like (with up to seven pairs: all of them).
 */

/** `'unsure'`: too few pairs to tell a difference from noise. */
export type Verdict = 'faster' | 'slower' | 'same' | 'unsure';

/** How the new figures compare with the old ones. */
export interface Comparison {
  readonly oldMedian: number;
  readonly newMedian: number;
  /** New median by old median: above 1 is slower. */
  readonly ratio: number;
  /** Interval of the ratio. */
  readonly ratioSpread: readonly [least: number, most: number];
  readonly verdict: Verdict;
}

/** Fewer pairs than this agree by accident too often. */
const PAIR_COUNT_MIN = 3;

/** Smaller differences are not worth a verdict, however sure: code that moves in memory makes as much. */
const RATIO_TOLERANCE = 0.02;

const CONFIDENCE = 0.9;

/** Compares figures that were measured in pairs. Requires: as many old ones as new ones, at least one, all above 0. */
export function compare(oldFigures: readonly number[], newFigures: readonly number[]): Comparison {
  const oldMedian = median(oldFigures);
  const newMedian = median(newFigures);
  const ratio = newMedian / oldMedian;
  const ratioSpread = medianInterval(newFigures.map((figure, pair) => figure / oldFigures[pair]));
  const verdict = oldFigures.length < PAIR_COUNT_MIN ? 'unsure' : verdictOf(ratio, ratioSpread);
  return { oldMedian, newMedian, ratio, ratioSpread, verdict };
}

/** The middle of `figures`; of an even number, halfway between the two in the middle. Requires: at least one. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The two of `figures` that enclose the median of what they are a sample of. Requires: at least one. */
export function medianInterval(figures: readonly number[]): readonly [number, number] {
  const sorted = figures.toSorted((a, b) => a - b);
  const outside = outsideCount(sorted.length);
  return [sorted[outside], sorted[sorted.length - 1 - outside]];
}

/** How many figures at each end may be left out: each figure is above the median like a tossed coin shows heads. */
function outsideCount(count: number): number {
  let binomial = 1;
  let tail = 1 / 2 ** count;
  let outside = 0;
  for (;;) {
    binomial = (binomial * (count - outside)) / (outside + 1);
    tail += binomial / 2 ** count;
    if (1 - 2 * tail < CONFIDENCE) return outside;
    outside += 1;
  }
}

function verdictOf(ratio: number, [least, most]: readonly [number, number]): Verdict {
  if (most < 1 && ratio < 1 - RATIO_TOLERANCE) return 'faster';
  if (least > 1 && ratio > 1 + RATIO_TOLERANCE) return 'slower';
  return 'same';
}
