// The table file, version 1, from outside in. Specification: docs/format/sstable.md.
//
//   +--------------+     +--------------+--------------+-------------+------------+--------------+
//   | data block 0 | ... | data block n | filter block | index block | properties | footer (128) |
//   +--------------+     +--------------+--------------+-------------+------------+--------------+
//
// Parts follow each other without gaps, so every byte of the file belongs to one of them, and every
// part carries a checksum. The filter block may be absent. Every block is stored as
// block/trailer.ts describes; the footer is in footer.ts. All integers are little-endian.

import { assert } from '@varve/base';

/** The first bytes of a footer: "varvesst" in ASCII. */
export const TABLE_MAGIC = Uint8Array.of(0x76, 0x61, 0x72, 0x76, 0x65, 0x73, 0x73, 0x74);

/** The version this code writes, and the only one it reads. */
export const TABLE_FORMAT_VERSION = 1;

/** The largest table file: positions in it are 32-bit integers. */
export const TABLE_SIZE_BYTES_MAX = 0xffff_ffff;

/** How long a table or database identifier is. */
export const IDENTIFIER_SIZE_BYTES = 16;

/** Identifies one table, in its footer and in the manifest that names it. */
export interface TableIdentity {
  /** The number its file name is made from. */
  readonly fileNumber: number;
  /**
   * 16 random bytes, different for every table ever written. They seed the checksums of its blocks.
   */
  readonly tableId: Uint8Array;
  /** 16 bytes, the same for every file of one database. */
  readonly databaseId: Uint8Array;
}

/** Throws `BugError` unless `identity` can be stored. */
export function assertIdentity(identity: TableIdentity): void {
  const { fileNumber, tableId, databaseId } = identity;
  assert(
    Number.isSafeInteger(fileNumber) && fileNumber >= 0,
    'TableIdentity: fileNumber must be a whole number',
  );
  assert(tableId.length === IDENTIFIER_SIZE_BYTES, 'TableIdentity: tableId must have 16 bytes');
  assert(
    databaseId.length === IDENTIFIER_SIZE_BYTES,
    'TableIdentity: databaseId must have 16 bytes',
  );
}
