/** Where background jobs run: on worker threads, or inline. */
export type { Executor, JobDone, JobOutcome, Lane } from './executor.js';
export { InlineExecutor } from './inline-executor.js';
export type { Job, JobResult } from './job.js';
export { ResilientExecutor, type ResilientExecutorOptions } from './resilient-executor.js';
export { locateWorkerEntry, type WorkerEntry } from './worker-entry.js';
export { WorkerExecutor } from './worker-executor.js';
