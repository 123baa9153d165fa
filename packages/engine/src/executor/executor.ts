/**
 * Where background jobs run. Two implementations: worker threads, and inline.
 *
 * Completions reach their callbacks in two ways: from the event loop, and from `poll`/`wait`, which a caller uses that
 * never returns to the event loop (a loop of `putSync`). Either way a completion is delivered once, on this thread.
 */
import type { Job, JobResult } from './job.js';

/** Jobs of one lane run one after the other; lanes run beside each other. Flushes never wait behind compactions. */
export type Lane = 'flush' | 'compact';

export type JobDone = (outcome: JobOutcome) => void;

export type JobOutcome =
  /** `durationMs`: from the job's first step to its last, without what it waited for before and after. */
  | { readonly ok: true; readonly result: JobResult; readonly durationMs: number }
  | { readonly ok: false; readonly error: Error };

export interface Executor {
  /** Queues a job. `done` is called later, never from inside this call. */
  submit(lane: Lane, job: Job, done: JobDone): void;
  /** Delivers completions that have arrived, without waiting. */
  poll(): void;
  /**
   * Blocks this thread until a completion was delivered, or about as long as it may where other threads do the work.
   * Requires: a job is under way.
   */
  wait(timeoutMs: number): void;
  /** Jobs submitted and not yet delivered. */
  readonly pendingCount: number;
  /** Worker threads that jobs run on; 0: this thread. */
  readonly threadCount: number;
  /** Stops for good. Jobs under way are finished or abandoned, and not delivered. */
  close(): Promise<void>;
}
