// The layout of a manifest. Specification: docs/format/manifest.md.
//
// A manifest is a log file (docs/format/wal.md) of kind 2 whose log id is its file number. Its records
// are edits. The first holds the whole state at the moment the manifest was made. The payload of each:
//
//   +-----------+-------------------------------------------------------+-----
//   | chain (8) | field 1: tag (varint) | length (varint) | value        | ...
//   +-----------+-------------------------------------------------------+-----
//
//   chain   0 in the first edit, then XXH64 (seed 0) of the whole payload of the edit before: an edit
//           that is missing or exchanged breaks the chain.
//   tag     An odd one must be understood: a reader that does not know it refuses the manifest. An even
//           one may be skipped. Tags are never used again for something else.
//
// Integers are varints unless a width is given; texts and keys are preceded by their length.

import { assert } from '@varve/base';

/** Bytes of the chain, in front of the fields of every edit. */
export const CHAIN_SIZE_BYTES = 8;

/** The chain of the first edit. */
export const INITIAL_CHAIN = 0n;

/** Tags of the fields of an edit. */
export const EditTag = {
  /** value */
  nextFileNumber: 1,
  /** value */
  nextKeyspaceId: 3,
  /** value */
  lastSequence: 5,
  /** value */
  minimumLogNumber: 7,
  /** number; any number of times, as all that follow */
  logAdded: 9,
  /** id | name | key encoding | value encoding | compression (1) */
  keyspaceAdded: 11,
  /** id */
  keyspaceDropped: 13,
  /** keyspace id | level (1) | table */
  tableAdded: 15,
  /** keyspace id | level (1) | file number */
  tableRemoved: 17,
} as const;

const TAGS: readonly number[] = Object.values(EditTag);

assert(new Set(TAGS).size === TAGS.length, 'no tag stands for two fields');
assert(
  TAGS.every((tag) => isRequiredTag(tag)),
  'none of the fields may be skipped by an older release',
);

/** Whether a reader that does not know the tag must refuse the edit. */
export function isRequiredTag(tag: number): boolean {
  assert(Number.isSafeInteger(tag), 'a tag is a safe integer');
  assert(tag >= 0, 'a tag is not negative');
  return tag % 2 === 1;
}

/** Codes of `TableCompression`; the same as in the blocks of a table. */
export const COMPRESSION_CODES = { none: 0, lz4: 1 } as const;

/** Longest name of a keyspace or of an encoding, in bytes of UTF-8. */
export const NAME_SIZE_BYTES_MAX = 255;
