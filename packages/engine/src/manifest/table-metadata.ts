// What the manifest knows of a table: enough to recognize the file, to find out without opening it
// whether it can hold a key, and to decide about compaction.

import { assert, compareWhole } from '@varve/base';

/** One table file. Immutable; shared by every version that holds it. */
export interface TableMetadata {
  /** Names the file; see directory/file-names.ts. */
  readonly fileNumber: number;
  /** 16 bytes, also in the file's footer: tells the table from any other that ever had its name. */
  readonly tableId: Uint8Array;
  readonly sizeBytes: number;
  /** Versions of keys, tombstones included; at least 1. */
  readonly entryCount: number;
  readonly tombstoneCount: number;
  /** First user key, inclusive. */
  readonly smallestKey: Uint8Array;
  /** Last user key, inclusive. */
  readonly largestKey: Uint8Array;
  readonly smallestSequence: number;
  readonly largestSequence: number;
  /** Sum of the lengths of all user keys. */
  readonly rawKeyBytes: number;
  /** Sum of the lengths of all values. */
  readonly rawValueBytes: number;
  /** Hash over all entries, unsigned 32 bits: what a verification compares with. */
  readonly contentHash: number;
}

/** Length of `TableMetadata.tableId`. */
export const TABLE_ID_SIZE_BYTES = 16;

/** Says what is impossible about a table, or `undefined` if nothing is. */
export function tableDisorder(table: TableMetadata): string | undefined {
  assert(table.fileNumber >= 0, 'files are numbered from 1');
  assert(table.contentHash >>> 0 === table.contentHash, 'the hash of the content has 32 bits');
  const named = `table ${table.fileNumber}`;
  if (table.tableId.length !== TABLE_ID_SIZE_BYTES) return `${named} has no valid id`;
  if (table.sizeBytes < 1 || table.entryCount < 1) return `${named} is empty`;
  if (table.tombstoneCount > table.entryCount) return `${named} has more tombstones than entries`;
  if (compareWhole(table.smallestKey, table.largestKey) > 0)
    return `${named} ends before it starts`;
  if (table.smallestSequence > table.largestSequence) {
    return `${named} has its sequence numbers in the wrong order`;
  }
  return undefined;
}
