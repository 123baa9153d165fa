// Tables in the directory /db of a file system in memory, for tests of what keeps, caches and writes tables.

import { EntryKind, encodeText } from '@varve/base';
import { TableWriter, type TableWriterOptions } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import { tableFileName } from '../../directory/index.js';
import type { TableFile } from '../table-handle.js';

/** Where the tables are. */
export const DIRECTORY = '/db';

/** The identifier of every database made here. */
export const DATABASE_ID = Uint8Array.from({ length: 16 }, (_, index) => 0xd0 + index);

/** One version of one key. */
export interface TableEntry {
  readonly key: string;
  readonly sequence: number;
  /** `null` for a tombstone. */
  readonly value: string | Uint8Array | null;
}

/** The path of a table. */
export function tablePath(fileNumber: number): string {
  return `${DIRECTORY}/${tableFileName(fileNumber)}`;
}

/** Writes a table of entries that are in order, in blocks of 512 bytes unless told otherwise. */
export function writeTable(
  fileSystem: FileSystem,
  fileNumber: number,
  entries: readonly TableEntry[],
  options: TableWriterOptions = {},
): TableFile {
  if (!fileSystem.existsSync(DIRECTORY)) fileSystem.makeDirectorySync(DIRECTORY);
  const tableId = Uint8Array.from({ length: 16 }, (_, index) => (fileNumber + index) & 0xff);
  const file = fileSystem.openSync(tablePath(fileNumber), 'create');
  const identity = { fileNumber, tableId, databaseId: DATABASE_ID };
  const writer = new TableWriter(file, identity, { blockSizeBytes: 512, ...options });
  for (const { key, sequence, value } of entries) {
    const keyBytes = encodeText(key);
    const valueBytes = typeof value === 'string' ? encodeText(value) : (value ?? new Uint8Array(0));
    const kind = value === null ? EntryKind.delete : EntryKind.put;
    writer.add(keyBytes, 0, keyBytes.length, valueBytes, 0, valueBytes.length, sequence, kind);
  }
  const { sizeBytes } = writer.finish();
  file.syncDataSync();
  file.closeSync();
  return { fileNumber, tableId, sizeBytes };
}

/** Entries `k0000`, `k0001` … with values of `valueSizeBytes` bytes that say which they are. */
export function numberedEntries(count: number, valueSizeBytes = 60): TableEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const number = String(index).padStart(4, '0');
    return {
      key: `k${number}`,
      sequence: index + 1,
      value: `${number};`.repeat(Math.ceil(valueSizeBytes / 5)).slice(0, valueSizeBytes),
    };
  });
}

/** Inverts one bit of a file. */
export function damage(fileSystem: FileSystem, path: string, offset: number): void {
  const file = fileSystem.openSync(path, 'write');
  const byte = new Uint8Array(1);
  file.readSync(byte, 0, 1, offset);
  byte[0] ^= 0x10;
  file.writeSync(byte, 0, 1, offset);
  file.closeSync();
}
