/**
 * Runs jobs on worker threads: one for flushes, one for compactions (or one for both).
 *
 * Its counters lie in shared memory, so `wait` can block this thread with `Atomics.wait` until a worker has answered
 * and then take the answer from the port, all without returning to the event loop.
 */
import { BackgroundWorker } from './background-worker.js';
import type { Executor, JobDone, Lane } from './executor.js';
import type { Job } from './job.js';
import {
  CLOSING_INDEX,
  COMPLETED_INDEX,
  FIRST_BEAT_INDEX,
  SIGNAL_COUNT,
} from './worker-settings.js';

/** A worker that has not sent a heartbeat for this long while somebody waits for it is given up. */
const HANG_TIMEOUT_MS = 30_000;

export class WorkerExecutor implements Executor {
  readonly #signal = new Int32Array(
    new SharedArrayBuffer(SIGNAL_COUNT * Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #workers: readonly BackgroundWorker[];

  /** @param threadCount 1 or 2 */
  constructor(threadCount: number) {
    const names = threadCount === 1 ? ['varve-background'] : ['varve-flush', 'varve-compact'];
    this.#workers = names.map(
      (name, index) =>
        new BackgroundWorker({
          name,
          entry: workerEntry(),
          signal: this.#signal,
          beatIndex: FIRST_BEAT_INDEX + index,
        }),
    );
  }

  get pendingCount(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.pendingCount, 0);
  }

  submit(lane: Lane, job: Job, done: JobDone): void {
    const worker = lane === 'flush' ? this.#workers[0]! : this.#workers.at(-1)!;
    worker.submit(job, done);
  }

  poll(): void {
    this.#drain();
  }

  wait(): void {
    const busy = this.#workers.filter((worker) => worker.pendingCount > 0);
    const beatsBefore = busy.map((worker) => worker.beatCount);
    for (;;) {
      const completedCount = Atomics.load(this.#signal, COMPLETED_INDEX);
      if (this.#drain() > 0) return;
      const woken = Atomics.wait(this.#signal, COMPLETED_INDEX, completedCount, HANG_TIMEOUT_MS);
      if (woken !== 'timed-out') continue;
      const hung = busy.filter((worker, index) => worker.beatCount === beatsBefore[index]);
      for (const worker of hung) worker.abandon('Cannot finish a background job: its thread hangs');
      if (hung.length > 0) return;
      for (const [index, worker] of busy.entries()) beatsBefore[index] = worker.beatCount;
    }
  }

  async close(): Promise<void> {
    Atomics.store(this.#signal, CLOSING_INDEX, 1);
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #drain(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.drain(), 0);
  }
}

/** The built entry, also when this file itself is being run from source by a test runner. */
function workerEntry(): URL {
  const fromSource = import.meta.url.endsWith('.ts');
  return new URL(
    fromSource ? '../../dist/executor/worker-main.js' : './worker-main.js',
    import.meta.url,
  );
}
