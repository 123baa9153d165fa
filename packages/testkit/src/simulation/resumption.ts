// Once nothing fails any more, writing must go on by itself (rows I5, I6): within some seconds the database is open again, and
// a write that is tried again and again is acknowledged. Not a database that has failed, which nothing but opening it mends.
//
// Time alone does not tell, since it jumps, nor do steps alone, since most of them may be somebody else's: it takes both.

import { isStorageError } from '@varve/base';
import { errorText } from '../drivers/image-check.js';
import type { RunContext } from './run-context.js';

/** What is tried, and in which process. */
export interface Resumption {
  /** Writes once. */
  readonly attempt: () => Promise<'acknowledged' | 'rejected'>;
  /** Whether the process is still there. */
  readonly isCurrent: () => boolean;
}

/** How far a run has come. */
interface Moment {
  readonly nowMs: number;
  readonly stepCount: number;
}

const LIMIT_MS = 5_000;
const LIMIT_STEP_COUNT = 400;
const PAUSE_MS = 50;
/** What comes back by itself is looked for twice a second; other obstacles, such as a disk that failed, once a minute. */
const LACK_CODES: readonly string[] = ['NO_SPACE', 'TOO_MANY_FILES'];

/** Resolves when writing goes on, or need not any more; tells the run when it takes too long. */
export async function untilResumed(run: RunContext, resumption: Resumption): Promise<void> {
  const { faultCount } = run.machine;
  const start = momentOf(run);
  const mayExpect = (): boolean => run.machine.faultCount === faultCount && isExpected(run);
  while (resumption.isCurrent() && mayExpect()) {
    const outcome = await resumption.attempt();
    if (!resumption.isCurrent() || !mayExpect()) return;
    run.violate(refuteDelay(run, start));
    if (outcome === 'acknowledged' && run.store.database.state === 'open') return;
    await new Promise<void>((resolve) => run.scheduler.delay(PAUSE_MS, resolve));
  }
}

function isExpected({ phase, store }: RunContext): boolean {
  const { state, failure } = store.database;
  if (phase !== 'running' || state === 'failed') return false;
  return !isStorageError(failure) || LACK_CODES.includes(failure.code);
}

function refuteDelay(run: RunContext, start: Moment): string | null {
  const { nowMs, stepCount } = momentOf(run);
  const tookMs = nowMs - start.nowMs;
  const tookSteps = stepCount - start.stepCount;
  if (tookMs <= LIMIT_MS || tookSteps <= LIMIT_STEP_COUNT) return null;
  const { state, failure } = run.store.database;
  return `writing does not go on ${Math.round(tookMs)} ms and ${tookSteps} steps after nothing fails any more (I5, I6): ${state}, ${errorText(failure)}`;
}

function momentOf({ scheduler: { nowMs, stepCount } }: RunContext): Moment {
  return { nowMs, stepCount };
}
