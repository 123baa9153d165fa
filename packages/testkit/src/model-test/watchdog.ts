// Ends the process when the main thread hangs: an endless loop, also one of promises, keeps every timer from running.
//
// A worker thread looks at a counter that every operation of the test raises. When it stands still for too long, the
// worker asks the debugger where the main thread is, prints that with what was being run, and kills the process.

import { Worker } from 'node:worker_threads';

/** How long one operation may take. */
const PATIENCE_MS = 30_000;

/** What the worker is started with. */
export interface WatchdogData {
  readonly counter: Int32Array;
  readonly patienceMs: number;
}

/** See the head of this file. One for the whole process. */
export class Watchdog {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(patienceMs = PATIENCE_MS) {
    const workerData: WatchdogData = { counter: this.#counter, patienceMs };
    this.#worker = new Worker(new URL('./watchdog-worker.js', import.meta.url), { workerData });
    this.#worker.unref();
  }

  /** Says what is run from now on, for the report. */
  announce(text: string): void {
    this.#worker.postMessage(text);
    this.beat();
  }

  /** An operation has begun. */
  beat(): void {
    Atomics.add(this.#counter, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
