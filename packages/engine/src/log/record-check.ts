// Decides whether a record stands at an offset of a log: the counterpart of record-writer.ts.
//
// Offsets are those of the file; the buffer holds the file from its first byte. Two steps, because the first is cheap and
// says how much the second has to hash: `recordEndAt` judges the 16 bytes of the header, `isIntactRecord` the payload.
// No step trusts a length before it is known to lie inside the buffer.

import { assert, checksum32, readU32 } from '@varve/base';
import {
  DURABLE_OFFSET_OFFSET,
  HEADER_CHECK_OFFSET,
  headerCheckOf,
  headerHash,
  isRecordType,
  PAYLOAD_LENGTH_OFFSET,
  RECORD_HEADER_SIZE_BYTES,
  recordSeed,
  TYPE_OFFSET,
} from './record-format.js';

/**
 * Where the record at `offset` ends according to its header, or -1 if no header of this log stands there. An end beyond
 * the buffer is given as it is: the header is genuine, its payload is cut short.
 */
export function recordEndAt(bytes: Uint8Array, offset: number, logSeed: number): number {
  assert(offset >= 0, 'a record is looked for inside its log');
  if (offset + RECORD_HEADER_SIZE_BYTES > bytes.length) return -1;
  const type = recordTypeAt(bytes, offset);
  if (!isRecordType(type)) return -1;
  const durableOffset = durableOffsetAt(bytes, offset);
  if (durableOffset > offset) return -1;
  const payloadLength = readU32(bytes, offset + PAYLOAD_LENGTH_OFFSET);
  const hash = headerHash(recordSeed(logSeed, offset), payloadLength, type, durableOffset);
  if (headerCheckOf(hash) !== storedHeaderCheck(bytes, offset)) return -1;
  const end = offset + RECORD_HEADER_SIZE_BYTES + payloadLength;
  assert(end >= offset + RECORD_HEADER_SIZE_BYTES, 'a record does not end inside its header');
  return end;
}

/**
 * Whether the record `bytes[offset, end)`, whose header is genuine and gives this end, is whole and undamaged. Costs its
 * checksum.
 */
export function isIntactRecord(
  bytes: Uint8Array,
  offset: number,
  end: number,
  logSeed: number,
): boolean {
  assert(offset >= 0, 'a record starts inside its log');
  if (end > bytes.length) return false;
  const payloadStart = offset + RECORD_HEADER_SIZE_BYTES;
  assert(end >= payloadStart, 'a record is at least as long as its header');
  const type = recordTypeAt(bytes, offset);
  const durableOffset = durableOffsetAt(bytes, offset);
  const seed = recordSeed(logSeed, offset);
  const hash = headerHash(seed, end - payloadStart, type, durableOffset);
  return readU32(bytes, offset) === checksum32(bytes, payloadStart, end, hash);
}

/** The type of the record at `offset`. */
export function recordTypeAt(bytes: Uint8Array, offset: number): number {
  assertHeaderInside(bytes, offset);
  return bytes[offset + TYPE_OFFSET];
}

/** The attestation of the record at `offset`. */
export function durableOffsetAt(bytes: Uint8Array, offset: number): number {
  assertHeaderInside(bytes, offset);
  return readU32(bytes, offset + DURABLE_OFFSET_OFFSET);
}

function storedHeaderCheck(bytes: Uint8Array, offset: number): number {
  assertHeaderInside(bytes, offset);
  const start = offset + HEADER_CHECK_OFFSET;
  const check = bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16);
  assert(check >>> 24 === 0, 'a stored header check has 24 bits');
  return check;
}

/** Fields of a header are read only where a whole one can stand. */
function assertHeaderInside(bytes: Uint8Array, offset: number): void {
  assert(offset >= 0, 'the header of a record starts inside the buffer');
  assert(
    offset + RECORD_HEADER_SIZE_BYTES <= bytes.length,
    'the header of a record ends inside the buffer',
  );
}
