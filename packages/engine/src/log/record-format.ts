// A record of a log: the framing shared by the write-ahead log and the manifest. Specification: docs/format/wal.md.
//
// Records follow the 64-byte file header without gaps or alignment and are never split. Integers are little-endian.
//
//   +--------------+-------------------+----------+------------------+-------------------+---------+
//   | checksum (4) | payloadLength (4) | type (1) | headerCheck (3)  | durableOffset (4) | payload |
//   +--------------+-------------------+----------+------------------+-------------------+---------+
//
//   checksum       XXH32 of the payload. Its seed is a hash of the other header fields, the log and the record's offset, so
//                  a record is valid in one log at one offset only: a stale, copied or misdirected one is not.
//   headerCheck    The upper 24 bits of that hash. It lets a reader that looks for records in damaged bytes dismiss nearly
//                  every offset without hashing the payload a chance length would name.
//   durableOffset  The log was known to be on disk up to here when this record was written: an attestation. What is
//                  damaged below the highest attestation was acknowledged and lost; what is damaged above it was not.
//                  0: nothing is attested.

import { assert } from '@varve/base';

const CHECKSUM_SIZE_BYTES = 4;
const PAYLOAD_LENGTH_SIZE_BYTES = 4;
const TYPE_SIZE_BYTES = 1;
const HEADER_CHECK_SIZE_BYTES = 3;
const DURABLE_OFFSET_SIZE_BYTES = 4;

/** Where each field stands, counted from the first byte of the record. The checksum is at 0. */
export const PAYLOAD_LENGTH_OFFSET = CHECKSUM_SIZE_BYTES;
/** See {@link PAYLOAD_LENGTH_OFFSET}. */
export const TYPE_OFFSET = PAYLOAD_LENGTH_OFFSET + PAYLOAD_LENGTH_SIZE_BYTES;
/** See {@link PAYLOAD_LENGTH_OFFSET}. */
export const HEADER_CHECK_OFFSET = TYPE_OFFSET + TYPE_SIZE_BYTES;
/** See {@link PAYLOAD_LENGTH_OFFSET}. */
export const DURABLE_OFFSET_OFFSET = HEADER_CHECK_OFFSET + HEADER_CHECK_SIZE_BYTES;

/** Bytes in front of every payload. Whoever builds a record in place leaves this much room before its payload. */
export const RECORD_HEADER_SIZE_BYTES = DURABLE_OFFSET_OFFSET + DURABLE_OFFSET_SIZE_BYTES;

/** A log ends before this: offsets are stored in 4 bytes. Its owner starts a new log in time. */
export const LOG_SIZE_BYTES_MAX = 0xffff_ffff;

assert(RECORD_HEADER_SIZE_BYTES === 16, 'the header of a record is 16 bytes');
assert(DURABLE_OFFSET_OFFSET === 12, 'the attestation ends the header of a record');
assert(HEADER_CHECK_SIZE_BYTES * 8 === 24, 'the header check holds 24 bits of a hash');
assert(LOG_SIZE_BYTES_MAX < 2 ** 32, 'every offset of a log fits into 4 bytes');

/** What a record holds. A new type needs a new format version: this one takes it for damage. */
export const RecordType = {
  /** One commit group of the write-ahead log (docs/format/write-batch.md). */
  batch: 1,
  /** Nothing but an attestation, written when a log falls idle. Empty payload. */
  marker: 2,
  /** Where the previous write-ahead log ends. The first record of every write-ahead log, and nowhere else. */
  predecessor: 3,
  /** The log was closed in order; nothing follows. Empty payload. */
  end: 4,
  /** One edit of the manifest (docs/format/manifest.md). */
  edit: 5,
} as const;
/** See {@link RecordType}. */
export type RecordType = (typeof RecordType)[keyof typeof RecordType];

const RECORD_TYPE_MAX = RecordType.edit;

assert(RECORD_TYPE_MAX < 1 << (8 * TYPE_SIZE_BYTES), 'every type of a record fits into its field');

/** Whether a byte is one of {@link RecordType}. */
export function isRecordType(type: number): type is RecordType {
  return type >= RecordType.batch && type <= RECORD_TYPE_MAX;
}

/**
 * Whether a record carries state, as opposed to a statement about the file. Logs are chained by their last record with
 * content, so that losing an unsynced marker or end record is never a loss.
 */
export function hasContent(type: number): boolean {
  assert(isRecordType(type), 'only a record of a type that exists has content or not');
  return type !== RecordType.marker && type !== RecordType.end;
}

/** Where a record stands, in 32 bits: different at every offset of a log. Unsigned, as all 32-bit results here. */
export function recordSeed(logSeed: number, recordOffset: number): number {
  assert(logSeed >>> 0 === logSeed, 'the seed of a log is an unsigned 32-bit number');
  assert(recordOffset >>> 0 === recordOffset, 'the offset of a record fits into 4 bytes');
  return mix(logSeed, recordOffset);
}

/** A hash of where a record stands and of its header: the seed of its checksum. */
export function headerHash(
  seed: number,
  payloadLength: number,
  type: number,
  durableOffset: number,
): number {
  assert(seed >>> 0 === seed, 'the seed of a record is an unsigned 32-bit number');
  assert(payloadLength >>> 0 === payloadLength, 'the length of a payload fits into 4 bytes');
  assert((type & 0xff) === type, 'the type of a record fits into a byte');
  assert(durableOffset >>> 0 === durableOffset, 'an attestation fits into 4 bytes');
  return mix(mix(mix(seed, payloadLength), type), durableOffset);
}

/** The 24 bits of a header's hash that are stored as `headerCheck`. */
export function headerCheckOf(hash: number): number {
  assert(hash >>> 0 === hash, 'the hash of a header is an unsigned 32-bit number');
  const check = hash >>> 8;
  assert(check >>> 24 === 0, 'a header check fits into its 24 bits');
  return check;
}

/** Folds a 32-bit value into a 32-bit state: one-to-one in each of them, with the finalizer of MurmurHash3. */
function mix(state: number, value: number): number {
  let hash = state ^ Math.imul(value, 0x9e37_79b1);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
