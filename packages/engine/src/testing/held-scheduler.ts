// Decides when the asynchronous operations of a MemoryFileSystem happen: those that a test holds wait until it lets them go,
// the others happen in the next microtask.

import type { FileCall, OperationScheduler } from '@varve/vfs';

interface HeldOperation {
  readonly call: FileCall;
  readonly run: () => void;
}

/** See the head of this file. Lets everything through until `holds` is set. */
export class HeldScheduler implements OperationScheduler {
  /** Which operations wait. */
  holds: (call: FileCall) => boolean = () => false;
  readonly #held: HeldOperation[] = [];

  schedule(call: FileCall, run: () => void): void {
    if (this.holds(call)) this.#held.push({ call, run });
    else queueMicrotask(run);
  }

  /** The operations that wait, as `syncData /db/000001.log`. */
  get waiting(): string[] {
    return this.#held.map(({ call }) => `${call.operation} ${call.path}`);
  }

  /** How many operations wait. */
  get waitingCount(): number {
    return this.#held.length;
  }

  /** Lets the waiting operation at `index` happen, by default the oldest. */
  release(index = 0): void {
    const [operation] = this.#held.splice(index, 1);
    operation?.run();
  }

  /** Lets all that wait happen, and from now on everything. */
  releaseAll(): void {
    this.holds = () => false;
    while (this.#held.length > 0) this.release();
  }
}

/** Resolves when nothing is left to do in this turn of the event loop, nor in those that it leads to at once. */
export async function quiescence(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
