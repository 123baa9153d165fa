// The write-ahead log of one memtable generation: a log file in the chain of logs.
//
// Life of a log: prepared (prepare-log.ts) -> opened, which appends the predecessor record -> batches and markers ->
// end record -> closed -> deleted or recycled once a durable manifest no longer counts it live.
//
// Order of durability. A log's records are worth nothing if the log before it has lost some, so that log must be on disk
// first. The owner sees to it and says so with `confirmPredecessor()`; until then records of this log attest nothing and
// a sync is refused as a bug. To a reader, therefore, any attestation in a log means that all logs before it were whole.

import { assert } from '@varve/base';
import { type FileSystem, freeBytesAt, quietly } from '@varve/vfs';
import {
  LOG_FILE_HEADER_SIZE_BYTES,
  LOG_SIZE_BYTES_MAX,
  type LogEnd,
  LogKind,
  LogWriter,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
} from '../log/index.js';
import {
  assertLogEnd,
  encodePredecessorRecord,
  PREDECESSOR_SIZE_BYTES,
} from './predecessor-record.js';

/** How much is allocated at once where space is allocated ahead. */
const ALLOCATION_STEP_BYTES = 1024 * 1024;

/** Syncs that cover less than this on average are frequent: each costs more in a file that grows than zeros written ahead. */
const FREQUENT_SYNC_SIZE_BYTES = 64 * 1024;

/** So many syncs in a row tell how frequent they are; what was written before them says nothing of what comes. */
const SYNC_WINDOW_COUNT = 16;

/** Nothing is allocated ahead of what would leave less than this on the disk. */
const SPACE_LEFT_BYTES = 4 * ALLOCATION_STEP_BYTES;

/** Where the first batch of every log stands: behind the predecessor record. */
const FIRST_BATCH_OFFSET =
  LOG_FILE_HEADER_SIZE_BYTES + RECORD_HEADER_SIZE_BYTES + PREDECESSOR_SIZE_BYTES;

assert(FIRST_BATCH_OFFSET < ALLOCATION_STEP_BYTES, 'the first step has room for batches');

/** Where a log ended, and whether all of it, and of the logs before it, is on disk. */
export interface WalEnd extends LogEnd {
  readonly durable: boolean;
}

/** How to open a {@link WalWriter}. */
export interface WalWriterOptions {
  /** A file made by `prepareLog`, which nobody has written to since. */
  readonly path: string;
  /** As given to `prepareLog`. */
  readonly logId: number;
  /** As given to `prepareLog`. */
  readonly databaseId: Uint8Array;
  /**
   * `'steps'`: zeros are written ahead 1 MiB at a time, which makes each sync cheaper (measured: 128 against 191-244 µs)
   * for 1 MiB more to write per MiB; for durable modes. `'onDemand'`: the same once syncs turn out to be frequent, because
   * single writes ask for them; else the file grows with its records.
   */
  readonly allocation: 'steps' | 'onDemand';
  /** The log before this one, which must have ended: `WalWriter.end`, or what recovery found; null if none is live. */
  readonly predecessor: WalEnd | null;
}

/** Writer of one write-ahead log. Not shared between threads. */
export class WalWriter {
  readonly #log: LogWriter;
  readonly #fileSystem: FileSystem;
  /** The disk has no space for a step: a record may still find some. */
  #isSpaceShort = false;
  readonly #allocation: WalWriterOptions['allocation'];
  #predecessorConfirmed = false;
  #finished = false;
  /** Syncs since the window began, and where the log ended then. */
  #windowSyncCount = 0;
  #windowStartBytes = 0;
  /** Whether those of the last whole window were. */
  #areSyncsFrequent = false;

  private constructor(
    log: LogWriter,
    fileSystem: FileSystem,
    allocation: WalWriterOptions['allocation'],
  ) {
    assert(log.identity.kind === LogKind.wal, 'batches are written to a write-ahead log');
    assert(log.positionBytes === LOG_FILE_HEADER_SIZE_BYTES, 'a log is opened without records');
    this.#log = log;
    this.#fileSystem = fileSystem;
    this.#allocation = allocation;
  }

  /**
   * Opens a prepared log and appends its predecessor record, unsynced. Errors: NOT_FOUND, CORRUPTION, TOO_MANY_FILES and
   * those of `appendSync`; then no file is left open.
   */
  static openSync(fileSystem: FileSystem, options: WalWriterOptions): WalWriter {
    const { path, logId, databaseId, allocation, predecessor } = options;
    assert(predecessor === null || predecessor.logId < logId, 'log ids ascend along the chain');
    const identity = { kind: LogKind.wal, logId, databaseId };
    const writer = new WalWriter(
      LogWriter.openPreparedSync(fileSystem, path, identity),
      fileSystem,
      allocation,
    );
    try {
      if (predecessor === null || predecessor.durable) writer.confirmPredecessor();
      const record = encodePredecessorRecord(predecessor);
      writer.#appendSync(record, 0, PREDECESSOR_SIZE_BYTES, RecordType.predecessor);
      assert(writer.positionBytes === FIRST_BATCH_OFFSET, 'batches follow the predecessor record');
    } catch (error) {
      quietly(() => writer.closeSync());
      throw error;
    }
    return writer;
  }

  /** The path of the file. */
  get path(): string {
    return this.#log.path;
  }

  /** Which log this is. */
  get logId(): number {
    return this.#log.identity.logId;
  }

  /** Where the next record will stand. */
  get positionBytes(): number {
    const { positionBytes } = this.#log;
    assert(positionBytes >= LOG_FILE_HEADER_SIZE_BYTES, 'records stand behind the header');
    assert(positionBytes <= LOG_SIZE_BYTES_MAX, 'a log ends before its largest size');
    return positionBytes;
  }

  /** The log is known to be on disk up to here; 0 while its predecessor is not confirmed. */
  get durableBytes(): number {
    const { durableBytes } = this.#log;
    assert(
      durableBytes === 0 || this.#predecessorConfirmed,
      'a log is not durable before its predecessor',
    );
    return durableBytes;
  }

  /** Whether all batches appended so far, here and in the logs before, are on disk. */
  get isDurable(): boolean {
    return this.#predecessorConfirmed && this.#log.isDurable;
  }

  /** Where this log ends now: what its successor is opened with after {@link WalWriter.finishSync}. */
  get end(): WalEnd {
    const { contentEnd } = this.#log;
    assertLogEnd(contentEnd);
    return { ...contentEnd, durable: this.isDurable };
  }

  /** What made this log refuse further batches; undefined while it takes them. */
  get failure(): unknown {
    return this.#log.failure;
  }

  /**
   * States that the log before this one is durable to its end, or no longer needed according to a durable manifest. Must
   * come before the first sync; what is appended before it attests nothing.
   */
  confirmPredecessor(): void {
    assert(
      this.#predecessorConfirmed || this.#log.durableBytes === 0,
      'nothing is durable before what it continues',
    );
    this.#predecessorConfirmed = true;
    this.#log.attest();
    assert(
      this.#log.durableBytes >= LOG_FILE_HEADER_SIZE_BYTES,
      'a log whose predecessor is confirmed attests its header',
    );
  }

  /**
   * Appends one commit group, whose payload is `bytes[recordStart + RECORD_HEADER_SIZE_BYTES, + payloadLength)`; the
   * record's header is written in front of it, into `bytes`. Survives the process when it returns. Costs a checksum and
   * a system call. Requires: it ends before the largest size of a log.
   *
   * @throws StorageError NO_SPACE or IO if the write fails: the group may or may not be found by recovery, and the log
   * takes no more (IO). DURABILITY_UNKNOWN after a sync failed.
   */
  appendBatchSync(bytes: Uint8Array, recordStart: number, payloadLength: number): void {
    assert(payloadLength > 0, 'a batch is not empty');
    this.#appendSync(bytes, recordStart, payloadLength, RecordType.batch);
  }

  /**
   * Attests what is durable, when the log falls idle and no batch will: without it, damage to the last batches could not
   * be told from a torn tail. Appends 16 bytes, unsynced; does nothing and gives false if the last record attests as much.
   * Errors: as `appendBatchSync`.
   */
  appendMarkerSync(): boolean {
    assert(!this.#finished, 'a finished log takes no more records');
    const isAppended = this.#log.appendMarkerSync();
    assert(
      !isAppended || this.#predecessorConfirmed,
      'nothing is attested while the previous log may lose records',
    );
    return isAppended;
  }

  /**
   * Returns once every batch appended so far is on disk; at once if it is. Requires: the predecessor is confirmed.
   *
   * @throws StorageError DURABILITY_UNKNOWN if this or an earlier sync failed; there is no second attempt.
   */
  syncSync(): void {
    this.#assertPredecessorConfirmed();
    this.#countSync();
    this.#log.syncSync();
    assert(this.#log.isDurable, 'a sync covers every batch appended before it');
  }

  /** As {@link WalWriter.syncSync}, on another thread, for the batches appended before the call. */
  async sync(): Promise<void> {
    this.#assertPredecessorConfirmed();
    this.#countSync();
    await this.#log.sync();
    assert(this.#log.durableBytes >= LOG_FILE_HEADER_SIZE_BYTES, 'a sync covers the header too');
  }

  /**
   * Appends the end record, unsynced: on rotation and on an orderly close. Afterwards the log can still be synced.
   * Errors: as `appendBatchSync`.
   */
  finishSync(): void {
    assert(!this.#finished, 'a log is finished once');
    this.#log.appendEndSync();
    assert(this.#log.durableBytes < this.#log.positionBytes, 'the end record is not synced');
    this.#finished = true;
  }

  /** Closes the file; a second call does nothing. Does not sync and appends nothing. */
  closeSync(): void {
    this.#log.closeSync();
    assert(!this.#predecessorConfirmed || this.durableBytes > 0, 'closing takes nothing back');
  }

  #appendSync(
    bytes: Uint8Array,
    recordStart: number,
    payloadLength: number,
    type: RecordType,
  ): void {
    assert(!this.#finished, 'a finished log takes no more records');
    const isFirst = this.#log.positionBytes === LOG_FILE_HEADER_SIZE_BYTES;
    assert(isFirst === (type === RecordType.predecessor), 'the first record names another log');
    const recordEnd = this.#log.positionBytes + RECORD_HEADER_SIZE_BYTES + payloadLength;
    assert(recordStart >= 0, 'a record to append starts inside its buffer');
    assert(
      recordStart + RECORD_HEADER_SIZE_BYTES + payloadLength <= bytes.length,
      'a record to append ends inside its buffer',
    );
    assert(recordEnd <= LOG_SIZE_BYTES_MAX, 'a log ends before its largest size');
    if (recordEnd > this.#log.allocatedBytes && this.#allocatesAhead) {
      this.#allocateSync(recordEnd);
    }
    this.#log.appendSync(bytes, recordStart, payloadLength, type);
    assert(this.#log.positionBytes === recordEnd, 'a record ends where it was expected to');
    assert(this.#log.allocatedBytes >= recordEnd, 'a record lies inside the file of its log');
  }

  #countSync(): void {
    assert(this.#windowSyncCount >= 0, 'syncs are counted from 0 in every window');
    assert(this.#windowSyncCount < SYNC_WINDOW_COUNT, 'a window of syncs ends when it is full');
    this.#windowSyncCount += 1;
    if (this.#windowSyncCount < SYNC_WINDOW_COUNT) return;
    const { positionBytes } = this.#log;
    assert(positionBytes >= this.#windowStartBytes, 'a log has not become shorter in a window');
    const averageBytes = (positionBytes - this.#windowStartBytes) / SYNC_WINDOW_COUNT;
    this.#areSyncsFrequent = averageBytes < FREQUENT_SYNC_SIZE_BYTES;
    this.#windowSyncCount = 0;
    this.#windowStartBytes = positionBytes;
  }

  get #allocatesAhead(): boolean {
    assert(this.#windowSyncCount < SYNC_WINDOW_COUNT, 'a window of syncs ends when it is full');
    if (this.#isSpaceShort) return false;
    if (this.#allocation === 'steps') return true;
    return this.#areSyncsFrequent;
  }

  /** On a disk that is nearly full the last of it is left to what cannot do without. */
  #allocateSync(recordEnd: number): void {
    assert(!this.#isSpaceShort, 'nothing is allocated ahead once the disk lacked space for it');
    assert(recordEnd > this.#log.allocatedBytes, 'space is allocated for a record that lacks it');
    const steps = Math.ceil(recordEnd / ALLOCATION_STEP_BYTES);
    const target = Math.min(steps * ALLOCATION_STEP_BYTES, LOG_SIZE_BYTES_MAX);
    assert(target >= recordEnd, 'the steps that are allocated hold the record');
    const freeBytes = freeBytesAt(this.#fileSystem, this.path);
    const isRoomy = freeBytes >= target - this.#log.allocatedBytes + SPACE_LEFT_BYTES;
    if (!isRoomy || !this.#log.allocateSync(recordEnd, target)) this.#isSpaceShort = true;
    assert(
      this.#isSpaceShort || this.#log.allocatedBytes >= recordEnd,
      'the record has its space unless the disk lacks it',
    );
  }

  #assertPredecessorConfirmed(): void {
    assert(this.#predecessorConfirmed, 'the previous log is durable before the next is synced');
  }
}
