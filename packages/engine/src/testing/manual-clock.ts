// A clock that stands still until a test moves it. What is to be done soon is done in the next turn of the event loop.

import type { Clock, Timer } from '@varve/base';

interface WaitingTimer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** See the head of this file. */
export class ManualClock implements Clock {
  #nowMs = 1_000_000;
  readonly #timers = new Set<WaitingTimer>();

  wallMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  delay(ms: number, run: () => void): Timer {
    const timer = { dueMs: this.#nowMs + ms, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  soon(run: () => void): Timer {
    const handle = setImmediate(run);
    return { cancel: () => clearImmediate(handle) };
  }

  /** Timers that were set and have neither run nor been cancelled. */
  get timerCount(): number {
    return this.#timers.size;
  }

  /** Moves on, and runs what becomes due, in order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers]
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
    }
    this.#nowMs = endMs;
  }
}
