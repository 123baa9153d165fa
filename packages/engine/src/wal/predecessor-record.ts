// The record that chains a write-ahead log to the one before it. Specification: docs/format/wal.md.
//
// It is the first record of every log, and names the last record with content of the previous one. So a previous log that
// lost records at its end, which by itself looks like a log that was never longer, is found out. Integers are
// little-endian.
//
//   +-------------------+-------------------------+------------------------+
//   | previousLogId (8) | previousEndOffset (4)   | previousChecksum (4)   |
//   +-------------------+-------------------------+------------------------+
//
//   previousLogId      0: there was no log whose content still counted, and the other fields are 0

import { assert, readU32, readU53, writeU32, writeU53 } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import {
  decodeLogFileHeader,
  type ExpectedLog,
  isIntactRecord,
  LOG_FILE_HEADER_SIZE_BYTES,
  LOG_SIZE_BYTES_MAX,
  type LogEnd,
  LogKind,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
  recordEndAt,
  recordTypeAt,
} from '../log/index.js';

const END_OFFSET_OFFSET = 8;
const CHECKSUM_OFFSET = END_OFFSET_OFFSET + 4;

/** Length of the payload. */
export const PREDECESSOR_SIZE_BYTES = CHECKSUM_OFFSET + 4;

assert(PREDECESSOR_SIZE_BYTES === 16, 'the payload of a predecessor record is 16 bytes');

/** Gives a record, not yet sealed, that names `predecessor`, or that there is none. */
export function encodePredecessorRecord(predecessor: LogEnd | null): Uint8Array {
  if (predecessor !== null) assertLogEnd(predecessor);
  const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + PREDECESSOR_SIZE_BYTES);
  const start = RECORD_HEADER_SIZE_BYTES;
  writeU53(record, start, predecessor?.logId ?? 0);
  writeU32(record, start + END_OFFSET_OFFSET, predecessor?.endOffset ?? 0);
  writeU32(record, start + CHECKSUM_OFFSET, predecessor?.checksum ?? 0);
  assert(
    readU53(record, start) === (predecessor?.logId ?? 0),
    'the id of the predecessor reads back as it was written',
  );
  return record;
}

/** What holds for the end of every log, also of one that has nothing but a header. */
export function assertLogEnd({ logId, endOffset, checksum }: LogEnd): void {
  assert(Number.isSafeInteger(logId), 'the id of a log that ended is a safe integer');
  assert(logId > 0, 'the id of a log that ended is positive');
  assert(endOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'a log does not end inside its header');
  assert(endOffset <= LOG_SIZE_BYTES_MAX, 'a log ends at its largest size at the latest');
  assert(checksum >>> 0 === checksum, 'the checksum of a record fits into 4 bytes');
  assert(
    endOffset > LOG_FILE_HEADER_SIZE_BYTES || checksum === 0,
    'a log that ends with its header names no record',
  );
}

/** Decodes the payload at `start`. `logId` is 0 if there is no predecessor, -1 if it is none that was ever written. */
export function decodePredecessor(bytes: Uint8Array, start: number): LogEnd {
  assert(start >= 0, 'the payload of a predecessor record starts inside the buffer');
  assert(
    start + PREDECESSOR_SIZE_BYTES <= bytes.length,
    'the payload of a predecessor record ends inside the buffer',
  );
  return {
    logId: readU53(bytes, start),
    endOffset: readU32(bytes, start + END_OFFSET_OFFSET),
    checksum: readU32(bytes, start + CHECKSUM_OFFSET),
  };
}

/**
 * Reads the predecessor record of a log without reading the log. Null if there is none that is whole: nothing was ever
 * appended, or a crash took it. Errors: CORRUPTION and UNSUPPORTED_FORMAT for the header of the file, IO.
 */
export function peekPredecessorSync(file: RandomAccessFile, expected: ExpectedLog): LogEnd | null {
  assert(expected.kind === LogKind.wal, 'only a write-ahead log continues another log');
  const recordStart = LOG_FILE_HEADER_SIZE_BYTES;
  const payloadStart = recordStart + RECORD_HEADER_SIZE_BYTES;
  const recordEnd = payloadStart + PREDECESSOR_SIZE_BYTES;
  const buffer = new Uint8Array(recordEnd);
  const readBytes = file.readSync(buffer, 0, recordEnd, 0);
  assert(readBytes >= 0, 'a read gives no negative length');
  assert(readBytes <= recordEnd, 'a read gives no more than was asked for');
  const bytes = buffer.subarray(0, readBytes);
  const { logSeed } = decodeLogFileHeader(bytes, file.path, expected);
  if (recordEndAt(bytes, recordStart, logSeed) !== recordEnd) return null;
  if (recordTypeAt(bytes, recordStart) !== RecordType.predecessor) return null;
  if (!isIntactRecord(bytes, recordStart, recordEnd, logSeed)) return null;
  assert(bytes.length === recordEnd, 'an intact record is among the bytes that were read');
  return decodePredecessor(bytes, payloadStart);
}
