// Reads the chain of live write-ahead logs in order and hands out their batches.
//
//   1. Take the logs by ascending id. One without records was prepared and never started: step over it.
//   2. Each started log names where the one before it ended. If that record is there, hand out the batches up to it;
//      anything behind it is a write that failed, and whose sequence numbers were given again.
//   3. If it is not there, the log before lost its end. An attestation in any log from here on means that the loss was on
//      disk: CORRUPTION wal.hole. Otherwise neither the loss nor what follows it ever was: the chain ends at the loss.
//   4. A log that is named, is not older than the oldest live one, and does not exist: CORRUPTION wal.missing.
//
// Within one log the rules of log-reader.ts apply. The result is always a prefix of what was committed that contains all
// that was acknowledged as durable, or a refusal; and since reading changes nothing, it is the same each time.

import { assert, isStorageError, StorageError } from '@varve/base';
import { type FileSystem, type RandomAccessFile, usingFileSync } from '@varve/vfs';
import {
  DATABASE_ID_SIZE_BYTES,
  type ExpectedLog,
  LOG_FILE_HEADER_SIZE_BYTES,
  type LogEnd,
  type LogEnding,
  LogKind,
  LogReader,
  RecordType,
} from '../log/index.js';
import {
  assertLogEnd,
  decodePredecessor,
  PREDECESSOR_SIZE_BYTES,
  peekPredecessorSync,
} from './predecessor-record.js';
import type { WalEnd } from './wal-writer.js';

/** A log that must exist. */
export interface WalFile {
  readonly logId: number;
  readonly path: string;
}

/** Which logs to read. */
export interface WalReadOptions {
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
  /** Logs with lower ids are not needed any more, whether their files exist or not. */
  readonly minimumLogId: number;
  /**
   * By ascending id, none below the minimum: every log the manifest says is live, and every other one whose file exists.
   */
  readonly logs: readonly WalFile[];
}

/** What the chain held. */
export interface WalSummary {
  /** Batches handed out. */
  readonly batchCount: number;
  /** Bytes of records that were given up because a crash cut into writes never synced; see `LogReader.discardedBytes`. */
  readonly discardedBytes: number;
  /** How the last log of the chain stops; `'closed'` after an orderly close, also if there are no logs. */
  readonly ending: LogEnding;
  /**
   * What the next log is opened with, unless a durable manifest has made all of these logs obsolete by then; null if
   * there were none. Never durable: what was read may still be in the system's cache only.
   */
  readonly end: WalEnd | null;
}

/**
 * Is given a cursor that stands on a batch: its payload is `bytes[payloadStart, payloadEnd)`. Must not move it. What it
 * throws ends the reading.
 */
export type BatchVisitor = (batch: LogReader) => void;

/**
 * Reads the logs and visits their batches in the order they were committed. Holds one log in memory at a time, two where
 * the chain is broken. Changes nothing on disk.
 *
 * @throws StorageError CORRUPTION (`wal`, `wal.hole`, `wal.missing`) if something acknowledged is lost, with file and
 * offset; UNSUPPORTED_FORMAT; IO. Some batches may have been visited by then.
 */
export function readWalSync(
  fileSystem: FileSystem,
  options: WalReadOptions,
  visit: BatchVisitor,
): WalSummary {
  return new WalChain(fileSystem, options).read(visit);
}

/** A log and what its predecessor record says; null if it was never started. */
interface ChainedLog extends WalFile {
  readonly predecessor: LogEnd | null;
}

class WalChain {
  readonly #fileSystem: FileSystem;
  readonly #options: WalReadOptions;
  readonly #logs: readonly ChainedLog[];
  #batchCount = 0;
  #discardedBytes = 0;
  #ending: LogEnding = 'closed';
  #end: WalEnd | null = null;

  constructor(fileSystem: FileSystem, options: WalReadOptions) {
    const { databaseId, minimumLogId } = options;
    assert(databaseId.length === DATABASE_ID_SIZE_BYTES, 'all logs of a chain are of one database');
    assert(Number.isSafeInteger(minimumLogId), 'the id of the oldest live log is a safe integer');
    assert(minimumLogId > 0, 'the id 0, which stands for no log, is below the oldest live one');
    this.#fileSystem = fileSystem;
    this.#options = options;
    assertAscending(options);
    this.#logs = options.logs.map((file) => this.#readPredecessorSync(file));
    for (const log of this.#logs) this.#checkPredecessorExists(log);
  }

  read(visit: BatchVisitor): WalSummary {
    let logIndex = this.#startIndex();
    while (logIndex < this.#logs.length) {
      const nextIndex = this.#readNext(logIndex, visit);
      assert(nextIndex > logIndex, 'reading a log leads to a later one');
      logIndex = nextIndex;
    }
    assert(logIndex === this.#logs.length, 'reading stops behind the last log');
    assert(this.#logs.length === 0 || this.#end !== null, 'a chain that has logs has an end');
    assert(this.#discardedBytes >= 0, 'what is given up of each log adds up');
    return {
      batchCount: this.#batchCount,
      discardedBytes: this.#discardedBytes,
      ending: this.#ending,
      end: this.#end,
    };
  }

  /** Where reading starts: 0, or behind the last log if the first one to be started has lost the log before it. */
  #startIndex(): number {
    const first = this.#nextStarted(0);
    const named = first?.predecessor?.logId ?? 0;
    if (named < this.#options.minimumLogId) return 0;
    assert(first !== undefined, 'only a log that was started names another');
    const lost = this.#find(named) ?? this.#logs[0];
    assert(lost !== undefined, 'where a log was started there are logs');
    this.#end = endOf({ logId: lost.logId, endOffset: LOG_FILE_HEADER_SIZE_BYTES, checksum: 0 });
    return this.#giveUpFrom(0, lost, LOG_FILE_HEADER_SIZE_BYTES);
  }

  /** Reads one log, visits its batches, and gives the index of the log to go on with. */
  #readNext(logIndex: number, visit: BatchVisitor): number {
    assertLogIndex(logIndex, this.#logs.length);
    assert(logIndex < this.#logs.length, 'only a log that exists is read');
    const log = this.#logs[logIndex];
    const reader = this.#readLogSync(log);
    assert(reader.header.identity.logId === log.logId, 'a reader reads the log it was asked for');
    this.#discardedBytes += reader.discardedBytes;
    if (log.predecessor === null) {
      if (reader.ending === 'torn') this.#ending = 'torn';
      this.#end ??= endOf(reader.contentEnd);
      return logIndex + 1;
    }
    this.#ending = reader.ending;
    const successor = this.#nextStarted(logIndex + 1);
    assert(
      successor === undefined || successor.logId > log.logId,
      'the next log that was started is a later one',
    );
    const link = successor?.predecessor ?? reader.contentEnd;
    const whole = reader.hasContentEnd(link);
    const end = whole ? link : reader.contentEnd;
    assert(end.endOffset <= reader.contentEnd.endOffset, 'a log is not read beyond its content');
    this.#discardedBytes += reader.contentEnd.endOffset - end.endOffset;
    const next = whole ? logIndex + 1 : this.#breakBehind(logIndex, end, link);
    this.#end = endOf(end);
    this.#visitBatches(reader, end.endOffset, visit);
    return next;
  }

  #visitBatches(reader: LogReader, endOffset: number, visit: BatchVisitor): void {
    assertAtStart(reader);
    assert(endOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'batches end behind the header of their log');
    assert(endOffset <= reader.endOffset, 'batches end with the verified records at the latest');
    while (reader.next() && reader.payloadEnd <= endOffset) {
      if (reader.type !== RecordType.batch) continue;
      this.#batchCount += 1;
      const { payloadEnd } = reader;
      visit(reader);
      assert(reader.payloadEnd === payloadEnd, 'a visitor does not move the cursor');
    }
  }

  /** The log at `logIndex` ends at `end`, but the next one continues at `link`. Gives the index behind the last log. */
  #breakBehind(logIndex: number, end: LogEnd, link: LogEnd): number {
    assertLogIndex(logIndex, this.#logs.length);
    assert(logIndex < this.#logs.length, 'only a log that exists is followed by a break');
    const log = this.#logs[logIndex];
    const named = this.#find(link.logId);
    // A log between the two that lost all its records looks as if it had never been started.
    return named === undefined || named.logId <= log.logId
      ? this.#giveUpFrom(logIndex + 1, log, end.endOffset)
      : this.#giveUpFrom(logIndex + 1, named, LOG_FILE_HEADER_SIZE_BYTES);
  }

  /**
   * The log `broken` lost what stood at `offset`: gives up all logs from `logIndex` on, unless one of them attests that it
   * was on disk. Gives the index behind the last log.
   */
  #giveUpFrom(logIndex: number, broken: WalFile, offset: number): number {
    assertLogIndex(logIndex, this.#logs.length);
    assert(offset >= LOG_FILE_HEADER_SIZE_BYTES, 'what a log lost stood behind its header');
    for (const log of this.#logs.slice(logIndex)) {
      const reader = this.#readLogSync(log);
      assert(reader.endOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'no header is given up');
      if (reader.attestedOffset > 0) throw holeError(broken, offset, log);
      this.#discardedBytes += reader.endOffset - LOG_FILE_HEADER_SIZE_BYTES;
      this.#discardedBytes += reader.discardedBytes;
    }
    this.#ending = 'torn';
    return this.#logs.length;
  }

  #find(logId: number): ChainedLog | undefined {
    return this.#logs.find((log) => log.logId === logId);
  }

  #nextStarted(logIndex: number): ChainedLog | undefined {
    assertLogIndex(logIndex, this.#logs.length);
    return this.#logs.slice(logIndex).find((log) => log.predecessor !== null);
  }

  #checkPredecessorExists(log: ChainedLog): void {
    const named = log.predecessor?.logId ?? 0;
    if (named < this.#options.minimumLogId || named >= log.logId) return;
    assert(named > 0, 'the id 0 names no log that could be missing');
    if (this.#find(named) !== undefined) return;
    const message = `Cannot read ${log.path}: log ${named}, which it continues, does not exist`;
    throw new StorageError('CORRUPTION', message, {
      file: log.path,
      where: 'wal.missing',
      expected: named,
    });
  }

  #readLogSync(log: WalFile): LogReader {
    return this.#withFileSync(log, (file) => {
      const reader = LogReader.readSync(file, this.#expected(log));
      checkRecordTypes(reader);
      return reader;
    });
  }

  /** Reads the first record only, so that a log is read as a whole once, and alone. */
  #readPredecessorSync(log: WalFile): ChainedLog {
    return this.#withFileSync(log, (file) => {
      const predecessor = peekPredecessorSync(file, this.#expected(log));
      assert(file.path === log.path, 'the log that was asked for is read');
      return { ...log, predecessor };
    });
  }

  #expected(log: WalFile): ExpectedLog {
    assert(log.logId >= this.#options.minimumLogId, 'no log is read that is not needed any more');
    return { kind: LogKind.wal, logId: log.logId, databaseId: this.#options.databaseId };
  }

  #withFileSync<Result>(log: WalFile, use: (file: RandomAccessFile) => Result): Result {
    return usingFileSync(openLiveLogSync(this.#fileSystem, log), use);
  }
}

function assertAscending({ logs, minimumLogId }: WalReadOptions): void {
  let previousLogId = minimumLogId - 1;
  for (const { logId } of logs) {
    assert(Number.isSafeInteger(logId), 'the id of a log to read is a safe integer');
    assert(logId > previousLogId, 'logs to read ascend from the oldest live one');
    previousLogId = logId;
  }
}

/** One behind the last log is where a search or a loop over the logs ends. */
function assertLogIndex(logIndex: number, logCount: number): void {
  assert(logIndex >= 0, 'no log stands before the first one');
  assert(logIndex <= logCount, 'nothing is looked for further than one behind the last log');
}

/** A log is gone through as a whole, so its cursor has not been moved before. */
function assertAtStart(reader: LogReader): void {
  assert(reader.payloadEnd === LOG_FILE_HEADER_SIZE_BYTES, 'the cursor is before the first record');
}

function endOf(end: LogEnd): WalEnd {
  assertLogEnd(end);
  return { ...end, durable: false };
}

function openLiveLogSync(fileSystem: FileSystem, log: WalFile): RandomAccessFile {
  try {
    return fileSystem.openSync(log.path, 'read');
  } catch (cause) {
    if (!isStorageError(cause) || cause.code !== 'NOT_FOUND') throw cause;
    const message = `Cannot open ${log.path}: the log is live, but the file does not exist`;
    throw new StorageError('CORRUPTION', message, { cause, file: log.path, where: 'wal.missing' });
  }
}

/** A log starts with its predecessor record and has no other; nothing but batches, markers and an end may follow. */
function checkRecordTypes(reader: LogReader): void {
  assertAtStart(reader);
  while (reader.next()) {
    assert(reader.recordOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'records stand behind the header');
    const isFirst = reader.recordOffset === LOG_FILE_HEADER_SIZE_BYTES;
    const isPredecessor = reader.type === RecordType.predecessor;
    if (isFirst !== isPredecessor || reader.type === RecordType.edit) {
      throw recordError(reader, `a record of type ${reader.type} does not belong there`);
    }
    if (isPredecessor && !isPredecessorPayload(reader)) {
      throw recordError(reader, 'it names no log');
    }
  }
  assert(reader.payloadEnd === reader.endOffset, 'every verified record has been checked');
  reader.rewind();
}

function isPredecessorPayload({ bytes, payloadStart, payloadEnd }: LogReader): boolean {
  assert(payloadStart <= payloadEnd, 'a payload does not end before it starts');
  assert(payloadEnd <= bytes.length, 'the payload of a verified record lies inside the file');
  if (payloadEnd - payloadStart !== PREDECESSOR_SIZE_BYTES) return false;
  return decodePredecessor(bytes, payloadStart).logId >= 0;
}

function recordError(reader: LogReader, reason: string): StorageError {
  const { path: file, recordOffset: offset } = reader;
  assert(offset < reader.endOffset, 'a record that is refused is one that was verified');
  const message = `Cannot read record at offset ${offset} of ${file}: ${reason}`;
  return new StorageError('CORRUPTION', message, { file, offset, where: 'wal' });
}

function holeError(broken: WalFile, offset: number, witness: WalFile): StorageError {
  assert(offset >= LOG_FILE_HEADER_SIZE_BYTES, 'what a log lost stood behind its header');
  const file = broken.path;
  const lost = `what followed is lost, but ${witness.path} attests that it was on disk`;
  const message = `Cannot read ${file} beyond offset ${offset}: ${lost}`;
  return new StorageError('CORRUPTION', message, { file, offset, where: 'wal.hole' });
}
