/** Counters of one database since it was opened, and the statistics made of them. All sizes in bytes, times in ms. */
import type { StallReason } from './events.js';

export class Metrics {
  flushCount = 0;
  flushedBytes = 0;
  flushMs = 0;
  compactionCount = 0;
  moveCount = 0;
  compactionReadBytes = 0;
  compactionWrittenBytes = 0;
  compactionMs = 0;
  /** Entries, as encoded, handed to the memtable. */
  userBytes = 0;
  readonly stallCounts: Record<StallReason, number> = {
    memtables: 0,
    level0: 0,
    compaction: 0,
    log: 0,
  };
  readonly stallMs: Record<StallReason, number> = {
    memtables: 0,
    level0: 0,
    compaction: 0,
    log: 0,
  };
}
