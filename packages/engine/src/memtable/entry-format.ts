// Encoding of the payload of a commit group; see docs/format/write-batch.md.
//
// The same bytes are the memory of the memtable and the payload of a log record. Integers of fixed width are
// little-endian; varints are LEB128 in their shortest form, and here always below 2^31.
//
//   payload   +---------------------+------------------+-------+-----+
//             | first sequence (8)  | batch count (4)  | batch | ... |
//   batch     +---------------------+------------------+-------+-----+
//             | entry count (varint)        | entry | ...            |
//   entry     +----------+----------------------+---------------------+------------------------+-----+---------+
//             | kind (1) | keyspace id (varint) | key length (varint) | [value length (varint)] | key | [value] |
//             +----------+----------------------+---------------------+------------------------+-----+---------+
//
// The fields in brackets are there only if the kind is put. Entry i of a payload, counted over all its batches from 0,
// has the sequence `first sequence + i`.
//
// The functions here trust the bytes: they are for entries that this process wrote, or that payload-walk.ts has checked.

import {
  assert,
  copyBytes,
  EntryKind,
  MAX_KEY_SIZE_BYTES,
  MAX_VALUE_SIZE_BYTES,
  readVarint,
  varintLength,
  writeU32,
  writeU53,
  writeVarint,
} from '@varve/base';

const FIRST_SEQUENCE_SIZE_BYTES = 8;
const BATCH_COUNT_SIZE_BYTES = 4;
const KIND_SIZE_BYTES = 1;

/** Where the batch count stands in a payload. */
export const BATCH_COUNT_OFFSET = FIRST_SEQUENCE_SIZE_BYTES;

/** Size of what precedes the first batch. */
export const PAYLOAD_HEADER_SIZE_BYTES = FIRST_SEQUENCE_SIZE_BYTES + BATCH_COUNT_SIZE_BYTES;

/** The highest id of a keyspace. */
export const MAX_KEYSPACE_ID = 2 ** 31 - 1;

/** Size of the longest entry without its key and value. */
export const ENTRY_HEADER_SIZE_BYTES_MAX =
  KIND_SIZE_BYTES +
  varintLength(MAX_KEYSPACE_ID) +
  varintLength(MAX_KEY_SIZE_BYTES) +
  varintLength(MAX_VALUE_SIZE_BYTES);

assert(MAX_VALUE_SIZE_BYTES < 2 ** 31, 'lengths must be 32-bit integers');

/** What an entry holds: filled by {@link decodeEntry}, and used again for the next. */
export class EntrySlots {
  /** `EntryKind.put` or `EntryKind.delete`. */
  kind = 0;
  keyspaceId = 0;
  /** Offset of the first byte of the key. */
  keyStart = 0;
  keyEnd = 0;
  /** Offset of the first byte of the value; of a delete, the end of the entry. */
  valueStart = 0;
  /** End of the value and of the entry. */
  valueEnd = 0;
}

/** How many bytes an entry takes. `valueLength` counts only for a put. */
export function entrySize(
  kind: number,
  keyspaceId: number,
  keyLength: number,
  valueLength: number,
): number {
  const sizeBytes =
    KIND_SIZE_BYTES + varintLength(keyspaceId) + varintLength(keyLength) + keyLength;
  return kind === EntryKind.put ? sizeBytes + varintLength(valueLength) + valueLength : sizeBytes;
}

/** Writes the header of a payload at `offset` and gives the offset of its first batch. */
export function writePayloadHeader(
  bytes: Uint8Array,
  offset: number,
  firstSequence: number,
  batchCount: number,
): number {
  writeU53(bytes, offset, firstSequence);
  writeU32(bytes, offset + BATCH_COUNT_OFFSET, batchCount);
  return offset + PAYLOAD_HEADER_SIZE_BYTES;
}

/**
 * Writes what precedes the key of an entry and gives the offset where the key goes; the value of a put follows the key.
 * So a caller can encode both in place. Requires: `kind` is put or delete, and {@link entrySize} bytes are free.
 */
export function writeEntryHeader(
  bytes: Uint8Array,
  offset: number,
  kind: number,
  keyspaceId: number,
  keyLength: number,
  valueLength: number,
): number {
  bytes[offset] = kind;
  let position = writeVarint(bytes, offset + KIND_SIZE_BYTES, keyspaceId);
  position = writeVarint(bytes, position, keyLength);
  return kind === EntryKind.put ? writeVarint(bytes, position, valueLength) : position;
}

/** Writes a put of `value[valueStart, valueEnd)` under `key[keyStart, keyEnd)` and gives the offset after it. */
export function writePut(
  bytes: Uint8Array,
  offset: number,
  keyspaceId: number,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
  value: Uint8Array,
  valueStart: number,
  valueEnd: number,
): number {
  const keyLength = keyEnd - keyStart;
  const valueLength = valueEnd - valueStart;
  const keyOffset = writeEntryHeader(
    bytes,
    offset,
    EntryKind.put,
    keyspaceId,
    keyLength,
    valueLength,
  );
  copyBytes(key, keyStart, keyEnd, bytes, keyOffset);
  copyBytes(value, valueStart, valueEnd, bytes, keyOffset + keyLength);
  return keyOffset + keyLength + valueLength;
}

/** Writes a delete of `key[keyStart, keyEnd)` and gives the offset after it. */
export function writeDelete(
  bytes: Uint8Array,
  offset: number,
  keyspaceId: number,
  key: Uint8Array,
  keyStart: number,
  keyEnd: number,
): number {
  const keyLength = keyEnd - keyStart;
  const keyOffset = writeEntryHeader(bytes, offset, EntryKind.delete, keyspaceId, keyLength, 0);
  copyBytes(key, keyStart, keyEnd, bytes, keyOffset);
  return keyOffset + keyLength;
}

/** Reads the entry at `offset` into `slots`. Allocates nothing. */
export function decodeEntry(bytes: Uint8Array, offset: number, slots: EntrySlots): void {
  const kind = bytes[offset];
  let position = offset + KIND_SIZE_BYTES;
  const keyspaceId = trustedVarint(bytes, position);
  position += varintLength(keyspaceId);
  const keyLength = trustedVarint(bytes, position);
  position += varintLength(keyLength);
  let valueLength = 0;
  if (kind === EntryKind.put) {
    valueLength = trustedVarint(bytes, position);
    position += varintLength(valueLength);
  }
  slots.kind = kind;
  slots.keyspaceId = keyspaceId;
  slots.keyStart = position;
  slots.keyEnd = position + keyLength;
  slots.valueStart = position + keyLength;
  slots.valueEnd = position + keyLength + valueLength;
}

/** Reads a varint below 2^31 that is known to be well-formed: its usual lengths without a loop. */
function trustedVarint(bytes: Uint8Array, offset: number): number {
  const low = bytes[offset];
  if (low < 0x80) return low;
  const high = bytes[offset + 1];
  if (high < 0x80) return (low & 0x7f) | (high << 7);
  return readVarint(bytes, offset, bytes.length);
}
