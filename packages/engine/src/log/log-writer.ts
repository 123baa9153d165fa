// Appends records to one log file, and knows how far the file is on disk.
//
// Every record attests what was durable when it was written, which is how a reader tells a torn tail from damage.
//
// Failures. After a sync failed, Linux may have dropped the dirty pages and will report success to the next sync, so
// nothing about the file can be known any more: the writer refuses everything from then on (DURABILITY_UNKNOWN). After a
// write failed, any part of the record may stand at the end of the file: nothing may be appended behind it (IO), but what
// was written before it has not been touched, and may still be synced once.
//
// Two file descriptions. Linux reports a failure of writeback once to each description that was open when it happened. A
// synchronous sync that overtakes an asynchronous one on the same description could consume the failure, or miss it
// because the other just consumed it. So a synchronous sync beside a running asynchronous one uses a second description.
// It is opened with the first: opened when needed, it could begin its life after a failure that was already reported,
// and an open that fails for want of descriptors would come after the records were written.

import { assert, isStorageError, StorageError } from '@varve/base';
import { type FileSystem, quietly, type RandomAccessFile } from '@varve/vfs';
import {
  decodeLogFileHeader,
  encodeLogFileHeader,
  LOG_FILE_HEADER_SIZE_BYTES,
  type LogIdentity,
  logSeedOf,
} from './log-file-header.js';
import type { LogEnd } from './log-reader.js';
import {
  hasContent,
  isRecordType,
  LOG_SIZE_BYTES_MAX,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
  recordSeed,
} from './record-format.js';
import { sealRecord } from './record-writer.js';
import { fillWithZerosSync } from './zero-fill.js';

/** Writer of one log file. Not shared between threads. */
export class LogWriter {
  /** Which log this is. */
  readonly identity: LogIdentity;
  readonly #file: RandomAccessFile;
  /** For a synchronous sync while an asynchronous one runs; see above. */
  readonly #secondFile: RandomAccessFile;
  readonly #logSeed: number;
  #positionBytes = LOG_FILE_HEADER_SIZE_BYTES;
  #durableBytes = 0;
  #allocatedBytes: number;
  #contentEndOffset = LOG_FILE_HEADER_SIZE_BYTES;
  #contentChecksum = 0;
  #lastAttestation = 0;
  #failure: Failure | null = null;
  /** The asynchronous sync in flight. */
  #running: Promise<void> | null = null;

  private constructor(files: LogFiles, header: Uint8Array, identity: LogIdentity) {
    assert(header.length === LOG_FILE_HEADER_SIZE_BYTES, 'a log is written behind a whole header');
    this.identity = identity;
    this.#file = files.file;
    this.#secondFile = files.secondFile;
    this.#logSeed = logSeedOf(header);
    this.#allocatedBytes = files.file.sizeSync();
  }

  /**
   * Creates the log file and writes its header. Nothing is durable before the first sync, and the name not before a sync
   * of the directory. Errors: those of `openSync` and `writeSync`; then no file is left open.
   */
  static createSync(fileSystem: FileSystem, path: string, identity: LogIdentity): LogWriter {
    const header = encodeLogFileHeader(identity, 'new');
    return withLogFilesSync(fileSystem, path, 'create', (files) => {
      files.file.writeSync(header, 0, header.length, 0);
      return new LogWriter(files, header, identity);
    });
  }

  /**
   * Opens a log file that has a durable header and no records: one made by `prepareLog`. The header is read and checked.
   * No record attests anything until {@link LogWriter.attest} is called. Errors: CORRUPTION, NOT_FOUND, and those of
   * `openSync`; then no file is left open.
   */
  static openPreparedSync(fileSystem: FileSystem, path: string, identity: LogIdentity): LogWriter {
    return withLogFilesSync(fileSystem, path, 'write', (files) => {
      const header = new Uint8Array(LOG_FILE_HEADER_SIZE_BYTES);
      const readBytes = files.file.readSync(header, 0, header.length, 0);
      assert(readBytes >= 0, 'a read gives no negative length');
      assert(readBytes <= header.length, 'a read gives no more than was asked for');
      decodeLogFileHeader(header.subarray(0, readBytes), path, identity);
      return new LogWriter(files, header, identity);
    });
  }

  /** The path of the file. */
  get path(): string {
    return this.#file.path;
  }

  /** Where the next record will stand. */
  get positionBytes(): number {
    return this.#positionBytes;
  }

  /** The log is known to be on disk up to here. */
  get durableBytes(): number {
    return this.#durableBytes;
  }

  /** How long the file is: its records, and the space allocated for more. */
  get allocatedBytes(): number {
    return this.#allocatedBytes;
  }

  /** The last record with content. */
  get contentEnd(): LogEnd {
    assertPositions(this.#durableBytes, this.#contentEndOffset, this.#positionBytes);
    assert(
      this.#contentEndOffset > LOG_FILE_HEADER_SIZE_BYTES || this.#contentChecksum === 0,
      'a log without content has no checksum of it',
    );
    return {
      logId: this.identity.logId,
      endOffset: this.#contentEndOffset,
      checksum: this.#contentChecksum,
    };
  }

  /** Whether every record with content is on disk; markers and an end record do not count. */
  get isDurable(): boolean {
    return this.#durableBytes >= this.#contentEndOffset;
  }

  /** What made this writer refuse further records; undefined while it takes them. */
  get failure(): unknown {
    return this.#failure?.cause;
  }

  /** Whether a record with this payload still fits into the log. */
  hasRoomFor(payloadLength: number): boolean {
    assert(payloadLength >= 0, 'room is asked for a payload whose length is not negative');
    return this.#positionBytes + RECORD_HEADER_SIZE_BYTES + payloadLength <= LOG_SIZE_BYTES_MAX;
  }

  /**
   * Seals the record whose payload is `bytes[recordStart + RECORD_HEADER_SIZE_BYTES, + payloadLength)` and appends it with
   * one system call; its header is written into `bytes`. Survives the process when it returns.
   * Requires: {@link LogWriter.hasRoomFor} the payload.
   *
   * @throws StorageError NO_SPACE or IO if the write fails, after which the record may or may not be in the log. Later
   * calls: IO, or DURABILITY_UNKNOWN if it was a sync that failed.
   */
  appendSync(
    bytes: Uint8Array,
    recordStart: number,
    payloadLength: number,
    type: RecordType,
  ): void {
    this.#refuseAfterFailure('append to');
    assert(this.hasRoomFor(payloadLength), 'a record must end before the largest size of a log');
    assert(isRecordType(type), 'a record of another type would be taken for damage');
    assert(hasContent(type) || payloadLength === 0, 'a record without content has no payload');
    const position = this.#positionBytes;
    const seed = recordSeed(this.#logSeed, position);
    const durable = this.#durableBytes;
    assert(durable >= this.#lastAttestation, 'no record attests less than the one before it');
    const checksum = sealRecord(bytes, recordStart, payloadLength, type, seed, durable);
    const length = RECORD_HEADER_SIZE_BYTES + payloadLength;
    try {
      this.#file.writeSync(bytes, recordStart, length, position);
    } catch (cause) {
      this.#failure = { of: 'write', cause };
      throw cause;
    }
    this.#lastAttestation = durable;
    this.#positionBytes = position + length;
    this.#allocatedBytes = Math.max(this.#allocatedBytes, this.#positionBytes);
    assertPositions(this.#durableBytes, this.#contentEndOffset, this.#positionBytes);
    assert(this.#positionBytes <= this.#allocatedBytes, 'the records of a log lie inside its file');
    if (!hasContent(type)) return;
    this.#contentEndOffset = this.#positionBytes;
    this.#contentChecksum = checksum;
  }

  /**
   * Appends a marker if more is durable than the last record attests, and tells whether it did. It is not synced: it
   * reaches the disk when the system writes the file back. Errors: as `appendSync`.
   */
  appendMarkerSync(): boolean {
    if (this.#lastAttestation === this.#durableBytes) return false;
    assert(this.#lastAttestation < this.#durableBytes, 'what is durable only grows');
    this.#appendEmptySync(RecordType.marker);
    assert(this.#lastAttestation === this.#durableBytes, 'a marker attests all that is durable');
    return true;
  }

  /** Appends the end record: the last of a log. Not synced, since losing it loses nothing. Errors: as `appendSync`. */
  appendEndSync(): void {
    this.#appendEmptySync(RecordType.end);
    assert(this.#contentEndOffset < this.#positionBytes, 'an end record is no content');
  }

  /**
   * Allocates space in the file up to `to` by writing zeros over `[from, to)`, or the part of it beyond the file's end.
   * Requires: the caller fills the bytes before `from` itself. False when the disk has no space for that much: what was
   * written is zeros behind the last record, which harm nothing. Other errors: as `appendSync`.
   */
  allocateSync(from: number, to: number): boolean {
    this.#refuseAfterFailure('append to');
    assert(to <= LOG_SIZE_BYTES_MAX, 'no space is allocated that a log cannot use');
    if (to <= this.#allocatedBytes) return true;
    assert(from >= this.#positionBytes, 'no record is overwritten with zeros');
    assert(from <= to, 'the bytes that the caller fills end inside the allocated space');
    try {
      fillWithZerosSync(this.#file, Math.max(from, this.#allocatedBytes), to);
    } catch (cause) {
      if (isStorageError(cause) && cause.code === 'NO_SPACE') return false;
      this.#failure = { of: 'write', cause };
      throw cause;
    }
    this.#allocatedBytes = to;
    assert(this.#allocatedBytes >= this.#positionBytes, 'allocating makes no log shorter');
    return true;
  }

  /**
   * From now on records attest what is durable, starting with the header. For a log that continues others this states
   * that those are on disk as well.
   */
  attest(): void {
    this.#durableBytes = Math.max(this.#durableBytes, LOG_FILE_HEADER_SIZE_BYTES);
    assertPositions(this.#durableBytes, this.#contentEndOffset, this.#positionBytes);
  }

  /**
   * Returns once every record appended so far is on disk; at once if it is. Blocks for the disk. May be called while
   * {@link LogWriter.sync} runs.
   *
   * @throws StorageError DURABILITY_UNKNOWN if it or any earlier sync failed; `cause` is the first failure.
   */
  syncSync(): void {
    this.#refuseAfterFailedSync();
    if (this.isDurable) return;
    const target = this.#positionBytes;
    assert(target > this.#durableBytes, 'something is synced that is not durable yet');
    const file = this.#running === null ? this.#file : this.#secondFile;
    try {
      file.syncDataSync();
    } catch (cause) {
      throw this.#failSync(cause);
    }
    this.#durableBytes = Math.max(this.#durableBytes, target);
    assertPositions(this.#durableBytes, this.#contentEndOffset, this.#positionBytes);
    assert(this.#durableBytes >= this.#contentEndOffset, 'a sync leaves no content behind');
  }

  /**
   * As {@link LogWriter.syncSync}, on another thread, for the records appended before the call. One runs at a time; a
   * second waits for the first, and shares its failure without touching the file again.
   */
  async sync(): Promise<void> {
    const target = this.#contentEndOffset;
    while (this.#running !== null) await this.#running;
    this.#refuseAfterFailedSync();
    if (this.#durableBytes >= target) return;
    this.#running = this.#runSync();
    try {
      await this.#running;
    } finally {
      this.#running = null;
    }
    assert(this.#durableBytes >= target, 'a sync covers what was appended before the call');
  }

  /** Closes the file; a second call does nothing. A sync in flight ends first. Does not sync and appends nothing. */
  closeSync(): void {
    try {
      this.#file.closeSync();
    } finally {
      this.#secondFile.closeSync();
    }
  }

  async #runSync(): Promise<void> {
    assert(this.#running === null, 'one asynchronous sync runs at a time');
    const target = this.#positionBytes;
    assert(target > this.#durableBytes, 'a sync is run for what is not durable yet');
    try {
      await this.#file.syncData();
    } catch (cause) {
      throw this.#failSync(cause);
    }
    this.#refuseAfterFailedSync();
    this.#durableBytes = Math.max(this.#durableBytes, target);
    assertPositions(this.#durableBytes, this.#contentEndOffset, this.#positionBytes);
  }

  #appendEmptySync(type: RecordType): void {
    assert(!hasContent(type), 'a record with content is not empty');
    this.appendSync(new Uint8Array(RECORD_HEADER_SIZE_BYTES), 0, 0, type);
  }

  #failSync(cause: unknown): StorageError {
    if (this.#failure?.of !== 'sync') this.#failure = { of: 'sync', cause };
    return this.#durabilityUnknown('sync', cause);
  }

  #refuseAfterFailedSync(): void {
    if (this.#failure?.of !== 'sync') return;
    throw this.#durabilityUnknown('sync', this.#failure.cause);
  }

  #refuseAfterFailure(action: string): void {
    if (this.#failure === null) return;
    const { of, cause } = this.#failure;
    if (of === 'sync') throw this.#durabilityUnknown(action, cause);
    const message = `Cannot ${action} ${this.path}: an earlier write failed`;
    throw new StorageError('IO', message, { cause, file: this.path, retryable: false });
  }

  #durabilityUnknown(action: string, cause: unknown): StorageError {
    assert(this.#failure?.of === 'sync', 'only a sync that failed makes durability unknown');
    const message = `Cannot ${action} ${this.path}: a sync failed, so what is on disk is unknown`;
    return new StorageError('DURABILITY_UNKNOWN', message, { cause, file: this.path });
  }
}

/** The first write that failed, or the first sync: the graver of the two. */
interface Failure {
  readonly of: 'write' | 'sync';
  readonly cause: unknown;
}

interface LogFiles {
  readonly file: RandomAccessFile;
  readonly secondFile: RandomAccessFile;
}

/** What holds between any two calls, whatever has failed. */
function assertPositions(
  durableBytes: number,
  contentEndOffset: number,
  positionBytes: number,
): void {
  assert(durableBytes <= positionBytes, 'no more is durable than was written');
  assert(
    durableBytes === 0 || durableBytes >= LOG_FILE_HEADER_SIZE_BYTES,
    'the header of a log is the first of it to be durable',
  );
  assert(contentEndOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'content stands behind the header');
  assert(contentEndOffset <= positionBytes, 'the last record with content ends inside the log');
  assert(positionBytes <= LOG_SIZE_BYTES_MAX, 'a log does not outgrow its largest size');
}

/** Opens both descriptions and hands them to `use`; closes them if anything fails. */
function withLogFilesSync(
  fileSystem: FileSystem,
  path: string,
  mode: 'create' | 'write',
  use: (files: LogFiles) => LogWriter,
): LogWriter {
  const opened: RandomAccessFile[] = [];
  const open = (how: 'create' | 'write'): RandomAccessFile => {
    const file = fileSystem.openSync(path, how);
    opened.push(file);
    return file;
  };
  try {
    const files = { file: open(mode), secondFile: open('write') };
    assert(opened.length === 2, 'a log is written through two descriptions');
    assert(files.file !== files.secondFile, 'the two descriptions of a log are not the same one');
    assert(files.file.path === files.secondFile.path, 'both descriptions are of the same file');
    return use(files);
  } catch (error) {
    for (const file of opened) quietly(() => file.closeSync());
    throw error;
  }
}
