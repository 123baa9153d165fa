// A leg: something that only a real system can do to a database, done again and again, and counted.

import type { Random } from '@varve/base';

/** How a leg is run. */
export interface LegOptions {
  readonly random: Random;
  /** How often; each leg says what a round is. */
  readonly roundCount: number;
  /** Is told after every round. */
  readonly onRound?: (doneCount: number) => void;
}

/** What came of it. */
export interface LegReport {
  roundCount: number;
  /** Figures by name, in the order they are shown. */
  readonly figures: Record<string, number>;
  /** What must not be, in words; empty when all is well. */
  readonly violations: string[];
  /** Why the leg was not run; null when it was. */
  readonly skipped: string | null;
}

/** Runs a leg. */
export type Leg = (options: LegOptions) => Promise<LegReport>;

/** A report to begin with. */
export function emptyReport(skipped: string | null = null): LegReport {
  return { roundCount: 0, figures: {}, violations: [], skipped };
}

/** The largest of what was measured so far under a name. */
export function noteLargest({ figures }: LegReport, name: string, value: number): void {
  figures[name] = Math.max(figures[name] ?? 0, Math.round(value * 10) / 10);
}

/** Adds to a count. */
export function count({ figures }: LegReport, name: string, more = 1): void {
  figures[name] = (figures[name] ?? 0) + more;
}

/** Does rounds until there are enough or one went wrong. */
export async function runRounds(
  options: LegOptions,
  report: LegReport,
  round: (index: number) => Promise<void> | void,
): Promise<void> {
  while (report.roundCount < options.roundCount && report.violations.length === 0) {
    await round(report.roundCount);
    report.roundCount += 1;
    options.onRound?.(report.roundCount);
  }
}
