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

import { readU32, readU53, writeU32, writeU53 } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import {
  decodeLogFileHeader,
  type ExpectedLog,
  isIntactRecord,
  LOG_FILE_HEADER_SIZE_BYTES,
  type LogEnd,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
  recordEndAt,
  recordTypeAt,
} from '../log/index.js';

const END_OFFSET_OFFSET = 8;
const CHECKSUM_OFFSET = END_OFFSET_OFFSET + 4;

/** Length of the payload. */
export const PREDECESSOR_SIZE_BYTES = CHECKSUM_OFFSET + 4;

/** Gives a record, not yet sealed, that names `predecessor`, or that there is none. */
export function encodePredecessorRecord(predecessor: LogEnd | null): Uint8Array {
  const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + PREDECESSOR_SIZE_BYTES);
  const start = RECORD_HEADER_SIZE_BYTES;
  writeU53(record, start, predecessor?.logId ?? 0);
  writeU32(record, start + END_OFFSET_OFFSET, predecessor?.endOffset ?? 0);
  writeU32(record, start + CHECKSUM_OFFSET, predecessor?.checksum ?? 0);
  return record;
}

/** Decodes the payload at `start`. `logId` is 0 if there is no predecessor, -1 if it is none that was ever written. */
export function decodePredecessor(bytes: Uint8Array, start: number): LogEnd {
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
  const recordStart = LOG_FILE_HEADER_SIZE_BYTES;
  const payloadStart = recordStart + RECORD_HEADER_SIZE_BYTES;
  const recordEnd = payloadStart + PREDECESSOR_SIZE_BYTES;
  const buffer = new Uint8Array(recordEnd);
  const bytes = buffer.subarray(0, file.readSync(buffer, 0, recordEnd, 0));
  const { logSeed } = decodeLogFileHeader(bytes, file.path, expected);
  if (recordEndAt(bytes, recordStart, logSeed) !== recordEnd) return null;
  if (recordTypeAt(bytes, recordStart) !== RecordType.predecessor) return null;
  if (!isIntactRecord(bytes, recordStart, recordEnd, logSeed)) return null;
  return decodePredecessor(bytes, payloadStart);
}
