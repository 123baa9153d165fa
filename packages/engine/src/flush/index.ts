/** The flush of a frozen memtable into tables of level 0. */
export { type FlushJob, type FlushResult, runFlushJob } from './flush-job.js';
