/**
 * Runs jobs on worker threads: one for flushes, one for compactions (or one for both).
 *
 * Its counters lie in shared memory, so `wait` can block this thread with `Atomics.wait` until a worker has answered
 * and then take the answer from the port, all without returning to the event loop.
 */
import { BackgroundWorker } from './background-worker.js';
import type { Executor, JobDone, Lane } from './executor.js';
import type { Job } from './job.js';
import type { WorkerEntry } from './worker-entry.js';
import {
  CLOSING_INDEX,
  COMPLETED_INDEX,
  FIRST_BEAT_INDEX,
  FIRST_THREAD_INDEX,
  SIGNAL_COUNT,
} from './worker-settings.js';

/** How often somebody who is blocked looks whether the threads are alive. */
const WATCH_INTERVAL_MS = 100;

/**
 * A worker that has not sent a heartbeat for this long while somebody waits for it is given up. It sends none while a disk
 * syncs, so this is longer than that may take.
 */
const HANG_TIMEOUT_MS = 10_000;

/** A worker that somebody waits for. */
interface WatchedWorker {
  readonly worker: BackgroundWorker;
  beatCount: number;
  silentMs: number;
}

export class WorkerExecutor implements Executor {
  readonly #signal = new Int32Array(
    new SharedArrayBuffer(SIGNAL_COUNT * Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #workers: readonly BackgroundWorker[];

  readonly threadCount: number;

  /** @param threadCount 1 or 2 */
  constructor(threadCount: number, entry: WorkerEntry) {
    this.threadCount = threadCount;
    const names = threadCount === 1 ? ['varve-background'] : ['varve-flush', 'varve-compact'];
    this.#workers = names.map(
      (name, index) =>
        new BackgroundWorker({
          name,
          entry,
          signal: this.#signal,
          beatIndex: FIRST_BEAT_INDEX + index,
          threadIndex: FIRST_THREAD_INDEX + index,
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
    const watched = this.#workers
      .filter((worker) => worker.pendingCount > 0)
      .map((worker) => ({ worker, beatCount: worker.beatCount, silentMs: 0 }));
    for (;;) {
      const completedCount = Atomics.load(this.#signal, COMPLETED_INDEX);
      if (this.#drain() > 0) return;
      const woken = Atomics.wait(this.#signal, COMPLETED_INDEX, completedCount, WATCH_INTERVAL_MS);
      if (woken === 'timed-out' && this.#giveUpLost(watched)) return;
    }
  }

  async close(): Promise<void> {
    Atomics.store(this.#signal, CLOSING_INDEX, 1);
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** Gives up threads that are gone or hang; tells whether that, or an answer that came last, was delivered. */
  #giveUpLost(watched: readonly WatchedWorker[]): boolean {
    const gone = watched.filter(({ worker }) => worker.isGone);
    // What a thread answered before it ended counts.
    if (gone.length > 0 && this.#drain() > 0) return true;
    for (const { worker } of gone)
      worker.abandon('Cannot finish a background job: its thread died');
    const hung = watched.filter((one) => hangs(one));
    for (const { worker } of hung)
      worker.abandon('Cannot finish a background job: its thread hangs');
    return gone.length + hung.length > 0;
  }

  #drain(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.drain(), 0);
  }
}

/** Called once per watch interval. */
function hangs(watched: WatchedWorker): boolean {
  const { beatCount } = watched.worker;
  watched.silentMs = beatCount === watched.beatCount ? watched.silentMs + WATCH_INTERVAL_MS : 0;
  watched.beatCount = beatCount;
  return watched.silentMs >= HANG_TIMEOUT_MS;
}
