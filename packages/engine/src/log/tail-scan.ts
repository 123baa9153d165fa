// Looks for records of a log behind its first invalid one: what tells a torn tail from damage.
//
// A crash may leave the bytes that were never synced in any state, so an invalid record alone proves nothing. But a whole
// record behind it which attests that the log was on disk beyond it does: those bytes were once good. Every offset is
// tried, since damage may have hit a length. Chance hits do not matter: 24 bits of header check and 32 of checksum, both
// seeded by log and offset.
//
// Work is bounded. One pass looks at four fields per offset; hashing, which forged headers could provoke again and again
// over the same bytes, is limited to a multiple of the file's size.

import { assert } from '@varve/base';
import { durableOffsetAt, isIntactRecord, recordEndAt } from './record-check.js';
import { isRecordType, RECORD_HEADER_SIZE_BYTES, TYPE_OFFSET } from './record-format.js';

/** How many times the size of the file may be hashed before the search gives up. Honest bytes need less than one. */
const HASHED_SIZE_FACTOR_MAX = 4;

/** What stands behind the first invalid record. */
export interface TailScan {
  /** Whole records found. */
  readonly recordCount: number;
  /** The highest attestation among them; 0 without any. */
  readonly attestedOffset: number;
  /** Where the last of them ends; 0 without any. */
  readonly endOffset: number;
  /** Bytes hashed: at most four times the size of the file. */
  readonly hashedSizeBytes: number;
  /** `'abandoned'`: the bytes are made to look like records without end; nothing can be concluded. */
  readonly outcome: 'complete' | 'abandoned';
}

/** Searches `bytes[from, …)` of a log, whose file starts at byte 0 of the buffer. Costs about 2 ms per MiB. */
export function scanTail(bytes: Uint8Array, from: number, logSeed: number): TailScan {
  assert(from >= 0, 'the search begins inside the file or behind it');
  const hashedSizeBytesMax = bytes.length * HASHED_SIZE_FACTOR_MAX;
  const scan = { recordCount: 0, attestedOffset: 0, endOffset: 0, hashedSizeBytes: 0 };
  let offset = nextTypeOffset(bytes, from);
  while (offset >= 0) {
    const end = recordEndAt(bytes, offset, logSeed);
    if (end < 0 || end > bytes.length) {
      offset = nextTypeOffset(bytes, offset + 1);
      continue;
    }
    if (scan.hashedSizeBytes + (end - offset) > hashedSizeBytesMax) {
      return { ...scan, outcome: 'abandoned' };
    }
    assert(end > offset, 'a record that was found makes the search advance');
    scan.hashedSizeBytes += end - offset;
    if (!isIntactRecord(bytes, offset, end, logSeed)) {
      offset = nextTypeOffset(bytes, offset + 1);
      continue;
    }
    assert(offset >= scan.endOffset, 'records that are found do not overlap');
    scan.recordCount += 1;
    scan.attestedOffset = Math.max(scan.attestedOffset, durableOffsetAt(bytes, offset));
    assert(scan.attestedOffset <= offset, 'no record attests more than stands before it');
    scan.endOffset = end;
    offset = nextTypeOffset(bytes, end);
  }
  assert(scan.endOffset <= bytes.length, 'records that were found lie inside the file');
  assert(scan.attestedOffset <= scan.endOffset, 'records attest nothing behind the last of them');
  assert(scan.hashedSizeBytes <= hashedSizeBytesMax, 'the work of a search is bounded');
  return { ...scan, outcome: 'complete' };
}

/** The next offset where a whole header can stand and has a type that exists, or -1: what nearly all offsets lack. */
function nextTypeOffset(bytes: Uint8Array, from: number): number {
  assert(from >= 0, 'a type is looked for inside the file or behind it');
  const lastTypeOffset = bytes.length - RECORD_HEADER_SIZE_BYTES + TYPE_OFFSET;
  for (let offset = from + TYPE_OFFSET; offset <= lastTypeOffset; offset += 1) {
    if (!isRecordType(bytes[offset])) continue;
    const start = offset - TYPE_OFFSET;
    assert(start >= from, 'the search for a type does not go back');
    assert(start + RECORD_HEADER_SIZE_BYTES <= bytes.length, 'a whole header can stand there');
    return start;
  }
  return -1;
}
