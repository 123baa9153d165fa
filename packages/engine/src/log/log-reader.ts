// Reads one log file: finds its valid records, and judges what stands behind the last of them.
//
//   1. Read the file into one buffer and check its header.
//   2. Walk the records from the first. The walk ends at an end-of-log record, at the end of the file, or at the first
//      offset X where no valid record stands.
//   3. Nothing but zeros from X on: the log ends there (preallocated space).
//   4. Otherwise look for records behind X. One that attests the log to have been on disk beyond X: synced bytes are
//      damaged, CORRUPTION. None: a torn tail, what a crash leaves of writes that were never synced; it is given up.
//
// Everything is verified before the first record is handed out, so nobody acts on a log that is then refused. Records
// are handed out as positions in the buffer: recovery walks their entries without a copy.

import { assert, readU32, StorageError } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import {
  corruptionPlace,
  decodeLogFileHeader,
  type ExpectedLog,
  LOG_FILE_HEADER_SIZE_BYTES,
  type LogFileHeader,
} from './log-file-header.js';
import { durableOffsetAt, isIntactRecord, recordEndAt, recordTypeAt } from './record-check.js';
import {
  hasContent,
  isRecordType,
  LOG_SIZE_BYTES_MAX,
  PAYLOAD_LENGTH_OFFSET,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
} from './record-format.js';
import { scanTail, type TailScan } from './tail-scan.js';

/** One system call reads at most 2 GiB, so longer files are read in pieces. */
const READ_SIZE_BYTES_MAX = 1 << 30;

/**
 * How a log stops. `'closed'`: with an end-of-log record. `'open'`: after its last record, whoever wrote it did not close
 * it. `'torn'`: as `'open'`, and records after it were given up because a crash cut into writes that were not synced.
 */
export type LogEnding = 'closed' | 'open' | 'torn';

/** The end of the content of a log: what the next log names to be its successor. */
export interface LogEnd {
  readonly logId: number;
  /** First byte after the last record with content; markers and an end record may follow. */
  readonly endOffset: number;
  /** Checksum of that record; 0 if there is none. */
  readonly checksum: number;
}

/** A verified log, and a cursor over its records that starts before the first. */
export class LogReader {
  /** The path the file was opened with. */
  readonly path: string;
  /** The whole file. Positions below are offsets in it and in the file alike. */
  readonly bytes: Uint8Array;
  /** What the file says it is. */
  readonly header: LogFileHeader;
  /** Where {@link LogReader.next} stops: first byte after the last valid record. */
  readonly endOffset: number;
  /** The last record with content. */
  readonly contentEnd: LogEnd;
  /** The highest attestation of any record; 0 if none attests anything. */
  readonly attestedOffset: number;
  /** How the log stops. */
  readonly ending: LogEnding;
  /**
   * Bytes of this log behind `endOffset` that were given up; not 0 only if `ending` is `'torn'`. In a new file all up to
   * the last that is not zero or belongs to a record; in a recycled one, where bytes of an older log follow anyway, only records recognized to
   * be of this log.
   */
  readonly discardedBytes: number;

  /** Type of the current record. Defined after {@link LogReader.next} gave true, as are the following. */
  type = 0;
  /** Where the current record starts. */
  recordOffset = 0;
  /** Where its payload starts. */
  payloadStart = 0;
  /** Where its payload, and the record, ends. */
  payloadEnd: number = LOG_FILE_HEADER_SIZE_BYTES;

  private constructor(path: string, bytes: Uint8Array, header: LogFileHeader) {
    assert(bytes.length >= LOG_FILE_HEADER_SIZE_BYTES, 'a decoded header lies inside the file');
    assert(bytes.length <= LOG_SIZE_BYTES_MAX, 'a log that is read is no longer than one can be');
    this.path = path;
    this.bytes = bytes;
    this.header = header;
    const walk = walkRecords(bytes, header.logSeed);
    this.endOffset = walk.endOffset;
    this.attestedOffset = walk.attestedOffset;
    const { contentEndOffset, contentChecksum } = walk;
    this.contentEnd = {
      logId: header.identity.logId,
      endOffset: contentEndOffset,
      checksum: contentChecksum,
    };
    this.discardedBytes = walk.closed ? 0 : this.#judgeTail();
    assert(this.discardedBytes >= 0, 'nothing in front of the last valid record is given up');
    assert(this.endOffset + this.discardedBytes <= bytes.length, 'what is given up is in the file');
    this.ending = walk.closed ? 'closed' : this.discardedBytes > 0 ? 'torn' : 'open';
  }

  /**
   * Reads and verifies `file`, which may be closed afterwards. Holds memory for the whole file, and needs about 1.5 ms
   * per MiB.
   *
   * @throws StorageError CORRUPTION with file and offset if it is damaged or not the log expected, UNSUPPORTED_FORMAT if
   * it is of a newer version, IO if it cannot be read.
   */
  static readSync(file: RandomAccessFile, expected: ExpectedLog): LogReader {
    const bytes = readWholeFileSync(file, expected);
    return new LogReader(file.path, bytes, decodeLogFileHeader(bytes, file.path, expected));
  }

  /** Moves to the next record; gives false after the last. Markers and the end record are records too. */
  next(): boolean {
    assert(this.payloadEnd >= LOG_FILE_HEADER_SIZE_BYTES, 'the cursor stands behind the header');
    if (this.payloadEnd >= this.endOffset) return false;
    this.recordOffset = this.payloadEnd;
    this.type = recordTypeAt(this.bytes, this.recordOffset);
    this.payloadStart = this.recordOffset + RECORD_HEADER_SIZE_BYTES;
    this.payloadEnd = nextRecordOffset(this.bytes, this.recordOffset);
    assert(isRecordType(this.type), 'a verified record has a type that exists');
    assert(this.payloadEnd >= this.payloadStart, 'a verified record ends behind its header');
    assert(this.payloadEnd <= this.endOffset, 'a verified record ends inside the log');
    return true;
  }

  /** Moves back before the first record. */
  rewind(): void {
    assert(this.endOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'the records stand behind the header');
    this.payloadEnd = LOG_FILE_HEADER_SIZE_BYTES;
  }

  /** Whether a record with content and this checksum ends at this offset. Costs a step per record. */
  hasContentEnd(end: LogEnd): boolean {
    if (end.logId !== this.header.identity.logId) return false;
    let offset = LOG_FILE_HEADER_SIZE_BYTES;
    while (offset < this.endOffset) {
      const next = nextRecordOffset(this.bytes, offset);
      assert(next > offset, 'every step leads to a later record');
      assert(next <= this.endOffset, 'every step ends inside the log');
      if (next === end.endOffset) {
        const content = hasContent(recordTypeAt(this.bytes, offset));
        return content && readU32(this.bytes, offset) === end.checksum;
      }
      offset = next;
    }
    assert(offset === this.endOffset, 'the steps end where the verified records end');
    return false;
  }

  /** Step 3 and 4. Gives how many bytes are given up. */
  #judgeTail(): number {
    const lastByte = lastNonZeroOffset(this.bytes, this.endOffset);
    if (lastByte < this.endOffset) return 0;
    assert(lastByte < this.bytes.length, 'the last byte that is not zero lies inside the file');
    const scan = scanTail(this.bytes, this.endOffset + 1, this.header.logSeed);
    assert(scan.endOffset <= this.bytes.length, 'a record behind the end lies inside the file');
    if (scan.outcome === 'abandoned' || scan.attestedOffset > this.endOffset) {
      throw this.#damage(scan);
    }
    const cutRecordEnd = recordEndAt(this.bytes, this.endOffset, this.header.logSeed);
    const lastByteEnd = this.header.origin === 'new' ? lastByte + 1 : this.endOffset;
    const discardedEnd = Math.max(cutRecordEnd, scan.endOffset, lastByteEnd);
    assert(discardedEnd >= this.endOffset, 'what is given up ends behind the last valid record');
    return Math.min(discardedEnd, this.bytes.length) - this.endOffset;
  }

  #damage(scan: TailScan): StorageError {
    assert(this.endOffset < this.bytes.length, 'damage is found inside the file');
    assert(
      scan.recordCount > 0 || scan.outcome === 'abandoned',
      'damage is proved by a record, or by records without end',
    );
    const { path: file, endOffset: offset } = this;
    const where = corruptionPlace(this.header.identity.kind);
    const proof =
      scan.outcome === 'abandoned'
        ? 'no valid record, and what follows is made to look like records without end'
        : `no valid record, but ${scan.recordCount} valid records after it attest that the log was on disk up to offset ${scan.attestedOffset}`;
    const message = `Cannot read record at offset ${offset} of ${file}: ${proof}`;
    return new StorageError('CORRUPTION', message, {
      file,
      offset,
      where,
      expected: 'a valid record',
      actual: `${scan.recordCount} valid records after it`,
    });
  }
}

interface Walk {
  readonly endOffset: number;
  readonly contentEndOffset: number;
  readonly contentChecksum: number;
  readonly attestedOffset: number;
  readonly closed: boolean;
}

/** Step 2. */
function walkRecords(bytes: Uint8Array, logSeed: number): Walk {
  let offset = LOG_FILE_HEADER_SIZE_BYTES;
  let contentEndOffset = offset;
  let contentChecksum = 0;
  let attestedOffset = 0;
  let closed = false;
  while (!closed) {
    const end = recordEndAt(bytes, offset, logSeed);
    if (end < 0 || !isIntactRecord(bytes, offset, end, logSeed)) break;
    assert(end > offset, 'a valid record makes the walk advance');
    const type = recordTypeAt(bytes, offset);
    attestedOffset = Math.max(attestedOffset, durableOffsetAt(bytes, offset));
    if (hasContent(type)) {
      contentEndOffset = end;
      contentChecksum = readU32(bytes, offset);
    }
    closed = type === RecordType.end;
    offset = end;
  }
  assert(offset <= bytes.length, 'the walk stays inside the file');
  assert(contentEndOffset <= offset, 'the last record with content is one that was walked over');
  assert(attestedOffset <= offset, 'no record attests more than stands before it');
  assert(!closed || offset > LOG_FILE_HEADER_SIZE_BYTES, 'it takes a record to close a log');
  return { endOffset: offset, contentEndOffset, contentChecksum, attestedOffset, closed };
}

/** Requires: the record at `offset` is verified. */
function nextRecordOffset(bytes: Uint8Array, offset: number): number {
  assert(offset >= LOG_FILE_HEADER_SIZE_BYTES, 'records stand behind the header of the file');
  assert(offset + RECORD_HEADER_SIZE_BYTES <= bytes.length, 'a verified record has a whole header');
  const next = offset + RECORD_HEADER_SIZE_BYTES + readU32(bytes, offset + PAYLOAD_LENGTH_OFFSET);
  assert(next <= bytes.length, 'a verified record lies inside the file');
  return next;
}

/** Offset of the last byte at or after `from` that is not zero, or less than `from` if all are. */
function lastNonZeroOffset(bytes: Uint8Array, from: number): number {
  assert(from >= 0, 'bytes are looked at from a place inside the file');
  assert(from <= bytes.length, 'bytes are looked at up to the end of the file');
  let offset = bytes.length - 1;
  while (offset >= from && bytes[offset] === 0) offset -= 1;
  assert(offset >= from - 1, 'no byte before the first one to be looked at is passed');
  return offset;
}

/** Gives what the file holds; the size is checked before anything is allocated. */
function readWholeFileSync(file: RandomAccessFile, expected: ExpectedLog): Uint8Array {
  const sizeBytes = file.sizeSync();
  if (sizeBytes > LOG_SIZE_BYTES_MAX) {
    const message = `Cannot open ${file.path}: its size ${sizeBytes} is more than a log can have`;
    throw new StorageError('CORRUPTION', message, {
      file: file.path,
      where: corruptionPlace(expected.kind),
      expected: LOG_SIZE_BYTES_MAX,
      actual: sizeBytes,
    });
  }
  const bytes = new Uint8Array(sizeBytes);
  let offset = 0;
  while (offset < sizeBytes) {
    const length = Math.min(sizeBytes - offset, READ_SIZE_BYTES_MAX);
    assert(length > 0, 'every read asks for something');
    const readBytes = file.readSync(bytes, offset, length, offset);
    assert(readBytes >= 0, 'a read gives no negative length');
    assert(readBytes <= length, 'a read gives no more than was asked for');
    if (readBytes === 0) return bytes.subarray(0, offset);
    offset += readBytes;
  }
  assert(offset === bytes.length, 'a file that was not cut short is read as a whole');
  return bytes;
}
