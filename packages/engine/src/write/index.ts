/** The write path: encode, log, index, publish. */
export { busyError, CommitQueue, type CommitQueueOptions, type WriteHost } from './commit-queue.js';
export { type Durability, durabilityRank, RANK_OS } from './durability.js';
export type { BatchOperation } from './encoded-batch.js';
export type { EntryFormat, ValueWriter } from './entry-encoder.js';
export { Generation } from './generation.js';
export { suspensionError } from './group-committer.js';
export type { WriteBoundary } from './waiting-writes.js';
