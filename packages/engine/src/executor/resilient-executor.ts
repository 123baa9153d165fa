/**
 * Survives dying threads: a job whose thread died is given to a new one. A job that three threads have died of runs inline,
 * and after as many deaths in a row, of whatever jobs, everything does from then on; at once where no thread can be
 * started. Slower, and it blocks the event loop while a job runs, but nothing stops.
 *
 * The log that is prepared when a database opens is prepared inline too: opening blocks anyway, and a database that is
 * closed again soon never starts a thread, which costs more than all the rest of opening and closing.
 */
import { isStorageError, type StorageError } from '@varve/base';
import type { Executor, JobDone, Lane } from './executor.js';
import type { Job } from './job.js';

/** Deaths that one job survives on threads; and deaths without a completed job between them that threads survive. */
const DEATH_COUNT_MAX = 3;

interface JobToRun {
  readonly lane: Lane;
  readonly job: Job;
  readonly done: JobDone;
  /** Threads that have died while they had it. */
  readonly deathCount: number;
}

export interface ResilientExecutorOptions {
  readonly threads: Executor;
  readonly inline: Executor;
  /** A thread died; its job is run again. */
  readonly onThreadLost: (error: Error) => void;
  /** From now on everything runs inline. */
  readonly onThreadsGivenUp: (error: Error) => void;
}

export class ResilientExecutor implements Executor {
  readonly #options: ResilientExecutorOptions;
  #deathCount = 0;
  #jobCount = 0;
  /** Of the newest death: all jobs of a thread fail with the same one. */
  #lastLoss: Error | null = null;

  constructor(options: ResilientExecutorOptions) {
    this.#options = options;
  }

  get pendingCount(): number {
    return this.#options.threads.pendingCount + this.#options.inline.pendingCount;
  }

  get threadCount(): number {
    return this.#isInline ? 0 : this.#options.threads.threadCount;
  }

  submit(lane: Lane, job: Job, done: JobDone): void {
    this.#jobCount += 1;
    if (this.#jobCount === 1 && job.kind === 'prepareLog') {
      this.#options.inline.submit(lane, job, done);
      return;
    }
    this.#run({ lane, job, done, deathCount: 0 });
  }

  #run({ lane, job, done, deathCount }: JobToRun): void {
    const { threads, inline } = this.#options;
    const executor = this.#isInline || deathCount >= DEATH_COUNT_MAX ? inline : threads;
    executor.submit(lane, job, (outcome) => {
      const isLost =
        !outcome.ok && isStorageError(outcome.error) && outcome.error.code === 'WORKER_FAILED';
      if (isLost && executor === threads) {
        this.#noteLoss(outcome.error);
        this.#run({ lane, job, done, deathCount: deathCount + 1 });
        return;
      }
      if (executor === threads && !this.#isInline) this.#deathCount = 0;
      done(outcome);
    });
  }

  poll(): void {
    this.#options.threads.poll();
  }

  wait(timeoutMs: number): void {
    const { threads, inline } = this.#options;
    if (inline.pendingCount > 0) inline.wait(timeoutMs);
    else threads.wait(timeoutMs);
  }

  async close(): Promise<void> {
    await Promise.all([this.#options.threads.close(), this.#options.inline.close()]);
  }

  #noteLoss(error: StorageError): void {
    if (error === this.#lastLoss || this.#isInline) return;
    this.#lastLoss = error;
    this.#deathCount = error.retryable ? this.#deathCount + 1 : DEATH_COUNT_MAX;
    this.#options.onThreadLost(error);
    if (this.#isInline) this.#options.onThreadsGivenUp(error);
  }

  /** Threads have been given up, for good. */
  get #isInline(): boolean {
    return this.#deathCount >= DEATH_COUNT_MAX;
  }
}
