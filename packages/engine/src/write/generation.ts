/**
 * A generation: one memtable and the log that holds the same entries.
 *
 * Both are replaced together when the memtable is full, and the log is needed until the memtable's tables are durable.
 */
import type { Memtable } from '../memtable/index.js';
import type { WalWriter } from '../wal/index.js';

export class Generation {
  readonly logNumber: number;
  readonly memtable: Memtable;
  readonly log: WalWriter;
  /** The memtable's memory, as the encodings write it. */
  readonly arenaBuffer: Buffer;
  /** Groups encoded here and not yet visible: a flush has to wait for them. */
  unpublishedGroupCount = 0;
  /** Whether it holds groups that are in no log, and in no table yet either. */
  hasUnloggedWrites = false;

  constructor(logNumber: number, memtable: Memtable, log: WalWriter) {
    this.logNumber = logNumber;
    this.memtable = memtable;
    this.log = log;
    this.arenaBuffer = Buffer.from(memtable.arena.buffer);
  }
}
