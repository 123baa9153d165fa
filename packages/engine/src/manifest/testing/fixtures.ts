// Made-up tables, keyspaces and directories for the tests of the manifest.

import { encodeText } from '@varve/base';
import type { FileSystem } from '@varve/vfs';
import { DatabaseDirectory } from '../../directory/index.js';
import type { KeyspaceMetadata } from '../keyspace.js';
import type { TableMetadata } from '../table-metadata.js';
import type { VersionEdit } from '../version-edit.js';
import { VersionSet, type VersionSetOptions } from '../version-set.js';

/** The identifier of every database made here. */
export const DATABASE_ID = Uint8Array.from({ length: 16 }, (_, index) => 0xa0 + index);

/** The keyspace every database has. */
export const DEFAULT_KEYSPACE: KeyspaceMetadata = {
  id: 0,
  name: 'default',
  keyEncoding: 'utf8',
  valueEncoding: 'json',
  compression: 'none',
};

/** A table of which only the properties that matter to a test are given. */
export function makeTable(
  properties: Omit<Partial<TableMetadata>, 'smallestKey' | 'largestKey'> & {
    readonly fileNumber: number;
    /** Smallest and largest key, as text: `'a-m'`. */
    readonly keys: string;
  },
): TableMetadata {
  const { keys, ...others } = properties;
  const [smallest, largest] = keys.split('-');
  const { fileNumber } = others;
  return {
    tableId: Uint8Array.from({ length: 16 }, (_, index) => (fileNumber + index) & 0xff),
    sizeBytes: 4_096,
    entryCount: 10,
    tombstoneCount: 0,
    smallestKey: encodeText(smallest),
    largestKey: encodeText(largest),
    smallestSequence: fileNumber * 100,
    largestSequence: fileNumber * 100 + 9,
    rawKeyBytes: 40,
    rawValueBytes: 400,
    contentHash: 0xc0de_0000 + fileNumber,
    ...others,
  };
}

/** Opens the directory `/db` for writing. */
export function openDirectory(fileSystem: FileSystem): DatabaseDirectory {
  const options = { access: 'readWrite', createIfMissing: true, owner: 'a test' } as const;
  return DatabaseDirectory.openSync(fileSystem, '/db', options);
}

/** A version set over a new database, published unless a test does it itself. */
export async function createVersionSet(
  fileSystem: FileSystem,
  options: VersionSetOptions = {},
): Promise<VersionSet> {
  const set = newVersionSet(openDirectory(fileSystem), options);
  await set.publish();
  return set;
}

/** A version set over a new database that nothing has been written of. */
export function newVersionSet(
  directory: DatabaseDirectory,
  options: VersionSetOptions = {},
): VersionSet {
  const identity = { databaseId: DATABASE_ID, defaultKeyspace: DEFAULT_KEYSPACE };
  return VersionSet.create(directory, identity, options);
}

/** An edit that adds a table with keys of its own. */
export function addTable(fileNumber: number, level = 0): VersionEdit {
  const table = makeTable({ fileNumber, keys: `k${fileNumber}-k${fileNumber}z` });
  return { tablesAdded: [{ keyspaceId: 0, level, table }] };
}

/** An edit that removes it. */
export function removeTable(fileNumber: number, level = 0): VersionEdit {
  return { tablesRemoved: [{ keyspaceId: 0, level, fileNumber }] };
}

/** Logs the addition of a new table and gives its number. */
export function logTable(set: VersionSet): number {
  const fileNumber = set.takeFileNumbers(1);
  set.log(addTable(fileNumber));
  return fileNumber;
}

/** Numbers of the tables of the newest version, ascending. */
export function tablesOf(set: VersionSet): number[] {
  return [...set.current.tables()].map(({ fileNumber }) => fileNumber).sort((a, b) => a - b);
}
