// Does units of work, of whichever kind is the least far, until the time is over, all are done or too much was found.

import type { Clock } from '@varve/base';
import { type SourceState, shareOf, stateOf, type TierState } from './tier-state.js';
import type { WorkSource } from './work-source.js';

/** How a run is done. */
export interface TierRunOptions {
  readonly sources: readonly WorkSource[];
  readonly state: TierState;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** When to stop, by that clock. The unit under way is finished. */
  readonly endMs: number;
  /** Violations, those of earlier starts included, after which it stops. */
  readonly violationCountMax: number;
  /** Is told after every unit; the place to save the state. */
  readonly onUnit: (unit: UnitOutcome) => void;
}

/** A unit that is done. */
export interface UnitOutcome {
  readonly name: string;
  readonly source: SourceState;
  readonly violations: readonly string[];
}

/** See the head of this file. Says why it ended. */
export async function runTier(options: TierRunOptions): Promise<'time' | 'done' | 'violations'> {
  const { sources, state, clock, endMs } = options;
  for (;;) {
    if (state.violations.length >= options.violationCountMax) return 'violations';
    const next = leastDone(sources, state);
    if (next === undefined) return 'done';
    if (clock.monotonicMs() >= endMs) return 'time';
    await runUnit(next, options);
  }
}

async function runUnit(
  source: WorkSource,
  { state, clock, onUnit }: TierRunOptions,
): Promise<void> {
  const own = stateOf(state, source.name);
  const startMs = clock.monotonicMs();
  const result = await source.run(own.doneCount, state.seed);
  own.elapsedMs += clock.monotonicMs() - startMs;
  own.doneCount += result.placeCount;
  own.totalCount = result.totalCount;
  own.checkedCount += result.checkedCount;
  state.violations.push(...result.violations);
  onUnit({ name: source.name, source: own, violations: result.violations });
}

/** Of those that are not done, the one that had the least time: so each has its share, however long it is. */
function leastDone(sources: readonly WorkSource[], state: TierState): WorkSource | undefined {
  const open = sources.filter(({ name }) => shareOf(stateOf(state, name)) < 1);
  const timeOf = ({ name }: WorkSource): number => stateOf(state, name).elapsedMs;
  return open.sort((a, b) => timeOf(a) - timeOf(b))[0];
}
