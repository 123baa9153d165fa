// What a long run prints: lines for people, or the same as JSON.

import { type SourceState, shareOf, type TierState } from './tier-state.js';

/** Whether lines are for people or for programs. */
export type PrintFormat = 'text' | 'json';

/** How the whole run stands. */
export interface RunStanding {
  readonly tier: 'nightly' | 'soak';
  readonly elapsedMs: number;
  readonly leftMs: number;
}

/** Prints how far the kind of test has come that was worked on. */
export function printProgress(
  { tier, leftMs }: RunStanding,
  { name, source }: { readonly name: string; readonly source: SourceState },
  format: PrintFormat,
): void {
  if (format === 'json') {
    console.log(JSON.stringify({ kind: 'progress', tier, name, ...source, leftMs }));
    return;
  }
  const { checkedCount, elapsedMs } = source;
  const rate = (checkedCount / (elapsedMs / 1000)).toFixed(1);
  const percent = Math.floor(shareOf(source) * 100);
  console.log(
    `${tier}: ${name} ${percent} %, ${checkedCount} checked, ${rate}/s; ${minutes(leftMs)} min left`,
  );
}

/** Prints what was found. */
export function printViolations(violations: readonly string[], format: PrintFormat): void {
  for (const text of violations) {
    console.log(format === 'json' ? JSON.stringify({ kind: 'violation', text }) : text);
  }
}

/** Prints how far each kind of test has come, over all starts, and one closing line. */
export function printClosing(
  { tier, elapsedMs }: RunStanding,
  state: TierState,
  { format, reason }: { readonly format: PrintFormat; readonly reason: string },
): void {
  const violationCount = state.violations.length;
  if (format === 'json') {
    console.log(JSON.stringify({ kind: 'end', tier, reason, ...state, elapsedMs, violationCount }));
    return;
  }
  for (const [name, source] of Object.entries(state.sources)) {
    const share = (shareOf(source) * 100).toFixed(1).padStart(5);
    const { doneCount, totalCount, checkedCount } = source;
    console.log(
      `  ${name.padEnd(16)} ${share} % (${doneCount} of ${totalCount} places), ${checkedCount} checked, ${minutes(source.elapsedMs)} min`,
    );
  }
  const checkedCount = Object.values(state.sources).reduce((sum, one) => sum + one.checkedCount, 0);
  console.log(
    `${tier} (seed ${state.seed}): ${checkedCount} checked in all, ${minutes(elapsedMs)} min now, ${violationCount} violations, ended by ${reason}, node ${process.version}`,
  );
}

function minutes(ms: number): string {
  return (ms / 60_000).toFixed(1);
}
