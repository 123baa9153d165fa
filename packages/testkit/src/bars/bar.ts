// A bar: how much of one kind of test is wanted before a change is taken, and the programs that do it.

/** One line of JSON that a program printed. */
export type Line = Readonly<Record<string, unknown>>;

/** One program, as words after `node`, below the root of the workspace. */
export type Part = readonly string[];

/** What a bar's programs came to. */
export interface Tally {
  readonly count: number;
  readonly violationCount: number;
}

/** See the head of this file. */
export interface Bar {
  /** The row of the contract, such as `B7`. */
  readonly label: string;
  /** What is counted. */
  readonly what: string;
  readonly wantedCount: number;
  readonly parts: readonly Part[];
  /** What one line says; a line that says nothing counts as nothing. */
  readonly tallyOf: (line: Line) => Tally;
}

/** A bar that was run. */
export interface BarOutcome extends Tally {
  readonly bar: Bar;
  readonly seconds: number;
  /** Parts that ended with neither 0 nor 1, or printed nothing to count. */
  readonly brokenPartCount: number;
}

/** Whether a bar is met: everything counted, and nothing wrong. */
export function isMet({ bar, count, violationCount, brokenPartCount }: BarOutcome): boolean {
  return count >= bar.wantedCount && violationCount === 0 && brokenPartCount === 0;
}

/** The number in a field, or of the things in it; 0 for anything else. */
export function numberIn(line: Line, field: string): number {
  const value = line[field];
  if (Array.isArray(value)) return value.length;
  return typeof value === 'number' ? value : 0;
}
