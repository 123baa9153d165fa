// The walk over a payload that came from a file: every byte is checked before it is believed.
//
// The record around the payload had a valid checksum, but whoever can write the file can compute that too, so the bytes
// may be anything. Each step reads at least one byte and checks every length against what is left, so the walk ends in
// time proportional to the payload, and what fails is always a StorageError. Kinds that a later version may write are
// told apart from damage: UNSUPPORTED_FORMAT means "use a newer version", not "restore a backup".

import {
  ByteReader,
  type DecodeContext,
  EntryKind,
  MAX_KEY_SIZE_BYTES,
  MAX_SEQUENCE,
  MAX_VALUE_SIZE_BYTES,
  StorageError,
} from '@varve/base';
import { MAX_KEYSPACE_ID } from './entry-format.js';

/** The highest kind that is reserved for later versions. */
const RESERVED_KIND_MAX = EntryKind.valuePointer;

/** What {@link walkPayload} found. */
export interface PayloadSummary {
  readonly firstSequence: number;
  readonly batchCount: number;
  /** Entries of all batches: the last has the sequence `firstSequence + entryCount - 1`. */
  readonly entryCount: number;
}

/** Receives the offset of an entry in the buffer, and its sequence. */
export type EntryVisitor = (entryOffset: number, sequence: number) => void;

/**
 * Checks the payload `bytes[start, end)` and calls `visit` for each entry, in order, once the entry is known to be
 * well-formed: `decodeEntry()` can be trusted with it. Throws `CORRUPTION` at the first damage and `UNSUPPORTED_FORMAT` at the first
 * entry of a reserved kind; entries before it have been visited then. O(entries).
 */
export function walkPayload(
  bytes: Uint8Array,
  start: number,
  end: number,
  context: DecodeContext,
  visit: EntryVisitor,
): PayloadSummary {
  const reader = new ByteReader(bytes, context, start, end);
  const firstSequence = reader.u53();
  const batchCount = reader.u32();
  let sequence = firstSequence;
  for (let batchIndex = 0; batchIndex < batchCount; batchIndex++) {
    const entryCount = reader.varint();
    for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
      const entryOffset = reader.offset;
      checkEntry(reader, context);
      if (sequence > MAX_SEQUENCE) reader.fail('sequence above 2^53 - 1');
      visit(entryOffset, sequence);
      sequence++;
    }
  }
  reader.expectEnd();
  return { firstSequence, batchCount, entryCount: sequence - firstSequence };
}

/** Steps over one entry, checking it. */
function checkEntry(reader: ByteReader, context: DecodeContext): void {
  const kind = checkKind(reader, context);
  checkedVarint(reader, 'keyspace id', MAX_KEYSPACE_ID);
  const keyLength = checkedVarint(reader, 'key length', MAX_KEY_SIZE_BYTES);
  const valueLength =
    kind === EntryKind.put ? checkedVarint(reader, 'value length', MAX_VALUE_SIZE_BYTES) : 0;
  const needed = keyLength + valueLength;
  if (needed > reader.remaining) {
    reader.fail(`key and value of ${needed} bytes expected, ${reader.remaining} left`);
  }
  reader.offset += needed;
}

function checkKind(reader: ByteReader, context: DecodeContext): number {
  const entryOffset = reader.offset;
  const kind = reader.u8();
  if (kind === EntryKind.put || kind === EntryKind.delete) return kind;
  reader.offset = entryOffset;
  if (kind === 0 || kind > RESERVED_KIND_MAX) reader.fail(`unknown entry kind ${kind}`);
  const offset = (context.baseOffset ?? 0) + entryOffset;
  throw new StorageError(
    'UNSUPPORTED_FORMAT',
    `Cannot read entry at offset ${offset} of ${context.file}: kind ${kind} needs a newer version`,
    { file: context.file, offset, actual: kind },
  );
}

/** Reads a varint that must be at most `max`; an error points to where it starts. */
function checkedVarint(reader: ByteReader, name: string, max: number): number {
  const offset = reader.offset;
  const value = reader.varint();
  if (value <= max) return value;
  reader.offset = offset;
  return reader.fail(`${name} ${value} above ${max}`);
}
