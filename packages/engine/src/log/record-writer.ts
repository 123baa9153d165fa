// Turns bytes that already stand in memory into a record, without moving them.
//
// A commit group is encoded once, in the memtable's arena, behind room for a header. Sealing fills in that room, so the
// same bytes are the record in the log and the memtable's entries. It runs once per commit group and costs its checksum.
//
// Payloads over 256 bytes are copied into WebAssembly to be hashed. Out of shared memory V8 copies word by word only if
// the start is a multiple of 8, else byte by byte (measured for 4 KiB: 1.1 against 2.0 µs), so groups should start there.

import { assert, checksum32, writeU32 } from '@varve/base';
import {
  DURABLE_OFFSET_OFFSET,
  HEADER_CHECK_OFFSET,
  headerCheckOf,
  headerHash,
  LOG_SIZE_BYTES_MAX,
  PAYLOAD_LENGTH_OFFSET,
  RECORD_HEADER_SIZE_BYTES,
  type RecordType,
  TYPE_OFFSET,
} from './record-format.js';

/**
 * Writes the header of the record whose payload is `bytes[recordStart + RECORD_HEADER_SIZE_BYTES, + payloadLength)`.
 * Gives its checksum. `seed` is `recordSeed()` of where the record will stand in its log; there, and nowhere else, it is
 * valid. Requires: `durableOffset` is not beyond that place. `bytes` may be a view on shared memory.
 */
export function sealRecord(
  bytes: Uint8Array,
  recordStart: number,
  payloadLength: number,
  type: RecordType,
  seed: number,
  durableOffset: number,
): number {
  const payloadStart = recordStart + RECORD_HEADER_SIZE_BYTES;
  const payloadEnd = payloadStart + payloadLength;
  assert(recordStart >= 0, 'a record starts inside its buffer');
  assert(payloadLength >= 0, 'no payload has a negative length');
  assert(payloadEnd <= bytes.length, 'a record ends inside its buffer');
  assert(payloadEnd - recordStart <= LOG_SIZE_BYTES_MAX, 'a record is no longer than a log can be');
  const hash = headerHash(seed, payloadLength, type, durableOffset);
  const check = headerCheckOf(hash);
  writeU32(bytes, recordStart + PAYLOAD_LENGTH_OFFSET, payloadLength);
  bytes[recordStart + TYPE_OFFSET] = type;
  bytes[recordStart + HEADER_CHECK_OFFSET] = check;
  bytes[recordStart + HEADER_CHECK_OFFSET + 1] = check >>> 8;
  bytes[recordStart + HEADER_CHECK_OFFSET + 2] = check >>> 16;
  writeU32(bytes, recordStart + DURABLE_OFFSET_OFFSET, durableOffset);
  const checksum = checksum32(bytes, payloadStart, payloadEnd, hash);
  assert(checksum >>> 0 === checksum, 'the checksum of a record fits into its 4 bytes');
  writeU32(bytes, recordStart, checksum);
  return checksum;
}
