/** Where background jobs run: on worker threads, or inline. */
export type { Executor, JobDone, JobOutcome, Lane } from './executor.js';
export type { Job, JobResult } from './job.js';
export { makeExecutor } from './make-executor.js';
export { locateWorkerEntry, type WorkerEntry } from './worker-entry.js';
