/**
 * Runs jobs on worker threads: one for flushes, one for compactions (or one for both).
 *
 * Its counters lie in shared memory, so `wait` can block this thread with `Atomics.wait` until a worker has answered
 * and then take the answer from the port, all without returning to the event loop.
 */
import type { Clock, Timer } from '@varve/base';
import type { FileOperation } from '@varve/vfs';
import { BackgroundWorker } from './background-worker.js';
import type { Executor, JobDone, Lane } from './executor.js';
import type { Job } from './job.js';
import { Silence } from './silence.js';
import type { WorkerEntry } from './worker-entry.js';
import {
  CLOSING_INDEX,
  COMPLETED_INDEX,
  FIRST_BEAT_INDEX,
  FIRST_OPERATION_INDEX,
  FIRST_THREAD_INDEX,
  SIGNAL_COUNT,
} from './worker-settings.js';

/** How often somebody who is blocked looks whether the threads are alive. */
const BLOCKED_WATCH_INTERVAL_MS = 100;
/** How often that is looked at from the event loop, while there are jobs. */
const WATCH_INTERVAL_MS = 1000;

/** A worker that is watched. */
interface WatchedWorker {
  readonly worker: BackgroundWorker;
  readonly silence: Silence;
}

export interface WorkerExecutorOptions {
  /** 1 or 2. */
  readonly threadCount: number;
  readonly entry: WorkerEntry;
  readonly clock: Pick<Clock, 'delay'>;
  /** Told at every look that a thread has waited for the file system since the last one, and for how long. */
  readonly onWaiting?: (operation: FileOperation, waitedMs: number) => void;
}

export class WorkerExecutor implements Executor {
  readonly #signal = new Int32Array(
    new SharedArrayBuffer(SIGNAL_COUNT * Int32Array.BYTES_PER_ELEMENT),
  );
  readonly #workers: readonly BackgroundWorker[];
  readonly #watched: readonly WatchedWorker[];
  readonly #options: WorkerExecutorOptions;
  #watchTimer: Timer | null = null;

  readonly threadCount: number;

  constructor(options: WorkerExecutorOptions) {
    this.#options = options;
    const { threadCount, entry } = options;
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
          operationIndex: FIRST_OPERATION_INDEX + index,
        }),
    );
    this.#watched = this.#watchAll();
  }

  get pendingCount(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.pendingCount, 0);
  }

  submit(lane: Lane, job: Job, done: JobDone): void {
    const worker = lane === 'flush' ? this.#workers[0]! : this.#workers.at(-1)!;
    worker.submit(job, done);
    this.#watchLater();
  }

  poll(): void {
    this.#drain();
  }

  wait(timeoutMs: number): void {
    const watched = this.#watchAll().filter(({ worker }) => worker.pendingCount > 0);
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += BLOCKED_WATCH_INTERVAL_MS) {
      const completedCount = Atomics.load(this.#signal, COMPLETED_INDEX);
      if (this.#drain() > 0) return;
      const intervalMs = Math.min(BLOCKED_WATCH_INTERVAL_MS, timeoutMs - waitedMs);
      const woken = Atomics.wait(this.#signal, COMPLETED_INDEX, completedCount, intervalMs);
      if (woken === 'timed-out' && this.#giveUpLost(watched, intervalMs)) return;
    }
  }

  async close(): Promise<void> {
    this.#watchTimer?.cancel();
    Atomics.store(this.#signal, CLOSING_INDEX, 1);
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  /** Gives up threads that are gone or hang; tells whether that, or an answer that came last, was delivered. */
  #giveUpLost(watched: readonly WatchedWorker[], passedMs: number): boolean {
    const gone = watched.filter(({ worker }) => worker.isGone);
    // What a thread answered before it ended counts.
    if (gone.length > 0 && this.#drain() > 0) return true;
    for (const { worker } of gone)
      worker.abandon('Cannot finish a background job: its thread died');
    return this.#giveUpHung(watched, passedMs) || gone.length > 0;
  }

  #giveUpHung(watched: readonly WatchedWorker[], passedMs: number): boolean {
    for (const { silence } of watched) silence.look(passedMs);
    const hung = watched.filter(({ silence }) => silence.isHang);
    for (const { worker } of hung)
      worker.abandon('Cannot finish a background job: its thread hangs');
    return hung.length > 0;
  }

  #watchAll(): readonly WatchedWorker[] {
    return this.#workers.map((worker) => ({ worker, silence: new Silence(worker) }));
  }

  /** For as long as there are jobs. The event loop hears of threads that end; of those that hang it has to ask. */
  #watchLater(): void {
    this.#watchTimer ??= this.#options.clock.delay(WATCH_INTERVAL_MS, () => {
      this.#watchTimer = null;
      this.#drain();
      this.#giveUpHung(this.#watched, WATCH_INTERVAL_MS);
      this.#tellWaiting();
      if (this.pendingCount > 0) this.#watchLater();
    });
  }

  #tellWaiting(): void {
    for (const { worker, silence } of this.#watched) {
      const { operation } = worker;
      if (operation === null || silence.silentMs === 0) continue;
      this.#options.onWaiting?.(operation, silence.silentMs);
    }
  }

  #drain(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.drain(), 0);
  }
}
