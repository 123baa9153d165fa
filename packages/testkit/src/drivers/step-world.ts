// Time and order for one database, as simple as can be: what was asked for first happens first, timers when nothing else is
// left. Before every step, when every promise that could be settled has been, whoever drives may look at the world.

import type { Clock, Timer } from '@varve/base';
import type { FileCall, OperationScheduler } from '@varve/vfs';

/** Steps after which waiting for something is given up. */
const STEP_COUNT_MAX = 100_000;

interface PlannedStep extends Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Something was waited for that cannot come any more. */
export class DeadlockError extends Error {}

/** See the head of this file. */
export class StepWorld implements Clock, OperationScheduler {
  /** Is called before every step, when all is quiet. */
  onQuiet: () => Promise<void> | undefined = () => undefined;
  #nowMs = 1_000;
  readonly #ready: PlannedStep[] = [];
  readonly #timers: PlannedStep[] = [];

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  delay(ms: number, run: () => void): Timer {
    return plan(this.#timers, { dueMs: this.#nowMs + ms, run });
  }

  soon(run: () => void): Timer {
    return plan(this.#ready, { dueMs: 0, run });
  }

  schedule(_call: FileCall, run: () => void): void {
    plan(this.#ready, { dueMs: 0, run });
  }

  /** Takes steps until the promise is settled. Throws a DeadlockError if it never will be. */
  async settle<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    promise.then(note, note);
    for (let step = 0; step < STEP_COUNT_MAX; step++) {
      await quiet();
      if (isSettled) return promise;
      await this.onQuiet();
      if (!this.#step()) throw new DeadlockError('Nothing is under way that could settle it');
    }
    throw new DeadlockError(`It does not settle within ${STEP_COUNT_MAX} steps`);
  }

  #step(): boolean {
    const next = this.#ready.shift() ?? this.#nextTimer();
    next?.run();
    return next !== undefined;
  }

  #nextTimer(): PlannedStep | undefined {
    if (this.#timers.length === 0) return undefined;
    const dueMs = Math.min(...this.#timers.map((timer) => timer.dueMs));
    const index = this.#timers.findIndex((timer) => timer.dueMs === dueMs);
    this.#nowMs = Math.max(this.#nowMs, dueMs);
    return this.#timers.splice(index, 1)[0];
  }
}

function plan(list: PlannedStep[], { dueMs, run }: Pick<PlannedStep, 'dueMs' | 'run'>): Timer {
  const step: PlannedStep = {
    dueMs,
    run,
    cancel: () => {
      const index = list.indexOf(step);
      if (index >= 0) list.splice(index, 1);
    },
  };
  list.push(step);
  return step;
}

/** Resolves when every promise that could be settled without a step has been. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
