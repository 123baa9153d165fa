/**
 * Runs jobs on the calling thread: in simulation, on file systems a worker cannot open, and when workers keep dying.
 *
 * Jobs and results pass through `structuredClone`, as they would on their way to a worker, so that accidental sharing
 * shows in tests. A job runs in a timer turn of its own, or inside `wait`.
 */
import type { Clock, Timer } from '@varve/base';
import type { FileSystem } from '@varve/vfs';
import type { Executor, JobDone, JobOutcome, Lane } from './executor.js';
import { type Job, runJob } from './job.js';

const NO_PROGRESS = { beat: (): void => {} };

interface QueuedJob {
  readonly job: Job;
  readonly done: JobDone;
}

export class InlineExecutor implements Executor {
  readonly threadCount = 0;
  readonly #fileSystem: FileSystem;
  readonly #clock: Clock;
  readonly #queues: Record<Lane, QueuedJob[]> = { flush: [], compact: [] };
  #timer: Timer | null = null;

  constructor(fileSystem: FileSystem, clock: Clock) {
    this.#fileSystem = fileSystem;
    this.#clock = clock;
  }

  get pendingCount(): number {
    return this.#queues.flush.length + this.#queues.compact.length;
  }

  submit(lane: Lane, job: Job, done: JobDone): void {
    this.#queues[lane].push({ job: structuredClone(job), done });
    this.#schedule();
  }

  poll(): void {
    // Nothing runs beside this thread, so nothing can have arrived.
  }

  wait(_timeoutMs?: number): void {
    this.#runNext();
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    this.#queues.flush.length = 0;
    this.#queues.compact.length = 0;
  }

  #schedule(): void {
    if (this.#timer !== null || this.pendingCount === 0) return;
    this.#timer = this.#clock.soon(() => {
      this.#timer = null;
      this.#runNext();
      this.#schedule();
    });
  }

  #runNext(): void {
    const next = this.#queues.flush.shift() ?? this.#queues.compact.shift();
    if (next === undefined) return;
    next.done(this.#run(next.job));
  }

  #run(job: Job): JobOutcome {
    try {
      const startMs = this.#clock.monotonicMs();
      const result = structuredClone(runJob(this.#fileSystem, job, NO_PROGRESS));
      return { ok: true, result, durationMs: this.#clock.monotonicMs() - startMs };
    } catch (error) {
      return { ok: false, error: error as Error };
    }
  }
}
