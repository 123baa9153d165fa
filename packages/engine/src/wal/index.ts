/** The write-ahead log: one log file per memtable generation, chained in order. */
export { decodePredecessor, PREDECESSOR_SIZE_BYTES } from './predecessor-record.js';
export { type PrepareLogJob, prepareLog } from './prepare-log.js';
export {
  type BatchVisitor,
  readWalSync,
  type WalFile,
  type WalReadOptions,
  type WalSummary,
} from './wal-reader.js';
export { type WalEnd, WalWriter, type WalWriterOptions } from './wal-writer.js';
