// Tables in memory for tests.

import type { FileIdentity, RandomAccessFile } from '@varve/vfs';
import type { TableIdentity } from '../table-format.js';
import { type ExpectedTable, TableReader } from '../table-reader.js';
import { type TableSummary, TableWriter, type TableWriterOptions } from '../table-writer.js';
import type { Entry } from './entries.js';

/** The identity of every table of the tests. */
export const TEST_IDENTITY: TableIdentity = {
  fileNumber: 7,
  tableId: Uint8Array.from({ length: 16 }, (_, index) => 0xa0 + index),
  databaseId: Uint8Array.from({ length: 16 }, (_, index) => 0xd0 + index),
};

export const TEST_PATH = '000007.sst';

/** A file that is one buffer. Byte-for-byte tests open thousands, so it does nothing else. */
export class BytesFile implements RandomAccessFile {
  readonly path: string;
  bytes: Uint8Array;
  closed = false;
  writeCount = 0;
  readCount = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0), path: string = TEST_PATH) {
    this.path = path;
    this.bytes = bytes;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.readCount++;
    const source = this.bytes.subarray(position, position + length);
    target.set(source, targetOffset);
    return source.length;
  }

  async read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    await Promise.resolve();
    return this.readSync(target, targetOffset, length, position);
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    this.writeCount++;
    const bytes = new Uint8Array(Math.max(this.bytes.length, position + length));
    bytes.set(this.bytes);
    bytes.set(source.subarray(sourceOffset, sourceOffset + length), position);
    this.bytes = bytes;
  }

  async write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): Promise<void> {
    this.writeSync(source, sourceOffset, length, position);
  }

  syncDataSync(): void {
    throw new Error('a table writer does not sync');
  }

  async syncData(): Promise<void> {
    this.syncDataSync();
  }

  truncateSync(sizeBytes: number): void {
    this.bytes = this.bytes.slice(0, sizeBytes);
  }

  sizeSync(): number {
    return this.bytes.length;
  }

  identitySync(): FileIdentity {
    return { device: 0n, inode: 0n };
  }

  closeSync(): void {
    this.closed = true;
  }
}

/** A table file and what its writer said about it. */
export interface BuiltTable {
  readonly bytes: Uint8Array;
  readonly summary: TableSummary;
}

/** Writes a table of `entries`, which are in order. */
export function buildTable(
  entries: readonly Entry[],
  options: TableWriterOptions = {},
): BuiltTable {
  const file = new BytesFile();
  const writer = new TableWriter(file, TEST_IDENTITY, options);
  for (const entry of entries) addEntry(writer, entry);
  const summary = writer.finish();
  return { bytes: file.bytes, summary };
}

/** Adds one entry. */
export function addEntry(writer: TableWriter, { key, value, sequence, kind }: Entry): void {
  writer.add(key, 0, key.length, value, 0, value.length, sequence, kind);
}

/** Opens the table in `bytes`; without `expected`, whatever size it has is right. */
export function openTable(bytes: Uint8Array, expected: Partial<ExpectedTable> = {}): TableReader {
  const sizeBytes = bytes.length;
  return TableReader.openSync(new BytesFile(bytes), { ...TEST_IDENTITY, sizeBytes, ...expected });
}

/** UTF-8 of ASCII `text`. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
