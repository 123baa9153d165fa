// The edits of a manifest, as far as the order of operations on files depends on them: which tables and logs they name.
//
// Decoded from docs/format/manifest.md on its own, not with the code of the engine, so that the two check each other. The
// bytes are those that the engine is just writing: what cannot be decoded is a bug of one of the two.

import { assert, ByteReader, type DecodeContext } from '@varve/base';

/** What an edit does to the files that the database consists of. */
export interface FileEdit {
  readonly tablesAdded: readonly { readonly keyspaceId: number; readonly fileNumber: number }[];
  readonly tablesRemoved: readonly number[];
  readonly logsAdded: readonly number[];
  readonly minimumLogNumber: number | null;
  readonly keyspacesDropped: readonly number[];
}

/** The files that the database consists of after some edit. */
export interface LiveFiles {
  /** Keyspace of each table, by file number. */
  readonly tables: ReadonlyMap<number, number>;
  readonly logs: ReadonlySet<number>;
}

/** Before the first edit. */
export const NO_FILES: LiveFiles = { tables: new Map(), logs: new Set() };

const CHAIN_SIZE_BYTES = 8;
const CONTEXT: DecodeContext = { file: 'a manifest', where: 'manifest' };
const MINIMUM_LOG_TAG = 7;
const LOG_ADDED_TAG = 9;
const KEYSPACE_DROPPED_TAG = 13;
const TABLE_ADDED_TAG = 15;
const TABLE_REMOVED_TAG = 17;

/** Decodes the payload of a record of type edit. */
export function decodeFileEdit(payload: Uint8Array): FileEdit {
  const edit = {
    tablesAdded: [] as { keyspaceId: number; fileNumber: number }[],
    tablesRemoved: [] as number[],
    logsAdded: [] as number[],
    minimumLogNumber: null as number | null,
    keyspacesDropped: [] as number[],
  };
  const reader = new ByteReader(payload, CONTEXT, CHAIN_SIZE_BYTES, payload.length);
  while (reader.remaining > 0) {
    const tag = reader.varint();
    const length = reader.varint();
    const end = reader.offset + length;
    if (tag === MINIMUM_LOG_TAG) edit.minimumLogNumber = reader.varint();
    else if (tag === LOG_ADDED_TAG) edit.logsAdded.push(reader.varint());
    else if (tag === KEYSPACE_DROPPED_TAG) edit.keyspacesDropped.push(reader.varint());
    else if (tag === TABLE_ADDED_TAG) edit.tablesAdded.push(readPlace(reader));
    else if (tag === TABLE_REMOVED_TAG) edit.tablesRemoved.push(readPlace(reader).fileNumber);
    assert(reader.offset <= end, 'a field of an edit ends where its length says');
    reader.offset = end;
  }
  return edit;
}

/** Gives the files after the edit. */
export function applyFileEdit(before: LiveFiles, edit: FileEdit): LiveFiles {
  const tables = new Map(before.tables);
  for (const fileNumber of edit.tablesRemoved) tables.delete(fileNumber);
  for (const { keyspaceId, fileNumber } of edit.tablesAdded) tables.set(fileNumber, keyspaceId);
  for (const [fileNumber, keyspaceId] of tables) {
    if (edit.keyspacesDropped.includes(keyspaceId)) tables.delete(fileNumber);
  }
  const minimum = edit.minimumLogNumber ?? 0;
  const logs = [...before.logs, ...edit.logsAdded].filter((logNumber) => logNumber >= minimum);
  return { tables, logs: new Set(logs) };
}

/** Table additions and removals both begin with keyspace id, level and file number. */
function readPlace(reader: ByteReader): { keyspaceId: number; fileNumber: number } {
  const keyspaceId = reader.varint();
  reader.u8();
  return { keyspaceId, fileNumber: reader.varint() };
}
