// Reads a table file: what is in it, which block can hold a key, and the blocks themselves.
//
// Opening reads and checks everything but the data blocks; those are read and checked when asked
// for. The reader keeps the index and the filter in memory and caches no data: that is for its user
// to choose.

import { assert, type CorruptionPlace, compareWhole, StorageError } from '@varve/base';
import { BloomReader } from '@varve/bloom';
import type { ReadableFile } from '@varve/vfs';
import { placeSeed, tableSeed } from './block/trailer.js';
import { decodeBlock, decodeBlockInto, type StoredBlock } from './data-block/decode.js';
import { hexOf } from './dump/hex-dump.js';
import { decodeFooter, FOOTER_SIZE_BYTES, type Footer, footerOffset } from './footer.js';
import { TableIndex } from './index-block/reader.js';
import { assertIdentity, TABLE_SIZE_BYTES_MAX, type TableIdentity } from './table-format.js';
import type { TableImage } from './table-image.js';
import { loadTableFilter, loadTableIndex, loadTableProperties } from './table-parts.js';
import type { TableProperties } from './table-properties.js';

/** The table that a file must be: what its writer reported and the manifest kept. */
export interface ExpectedTable extends TableIdentity {
  readonly sizeBytes: number;
}

/** Blocks up to this size are read through a buffer that is kept. */
const SCRATCH_SIZE_BYTES = 64 * 1024;

/** Of a number in the columns of the index, which start with one. */
const NUMBER_SIZE_BYTES = 4;

/** Only used inside one synchronous call, so all readers of a thread can share it. */
const scratch = new Uint8Array(SCRATCH_SIZE_BYTES);

/** What is read when a table is opened. */
interface OpenedParts {
  readonly footer: Footer;
  readonly properties: TableProperties;
  readonly index: TableIndex;
  readonly filter: BloomReader | null;
  readonly filterDamage: StorageError | null;
}

/** An open table. Block indices count from 0, in the order of keys. */
export class TableReader {
  /** What the table says about itself. */
  readonly properties: TableProperties;
  /** Why the filter is not used, if it is damaged. */
  readonly filterDamage: StorageError | null;
  /** The number of data blocks, at least 1. */
  readonly blockCount: number;
  /** How many bytes of memory the index and the filter take. */
  readonly memoryBytes: number;
  readonly #file: ReadableFile;
  readonly #seed: bigint;
  readonly #index: TableIndex;
  readonly #filter: BloomReader | null;

  /**
   * Opens the table in `file`, which must be `expected`. From then on the file belongs to the
   * reader, and `close()` closes it; if this throws, it stays the caller's.
   *
   * Throws `CORRUPTION`: `sst.identity` if the file is not the table expected, else the part that
   * is damaged; a damaged filter is not fatal. Throws `UNSUPPORTED_FORMAT` if a newer version wrote
   * it. Cost: two reads and O(index and filter).
   */
  static openSync(file: ReadableFile, expected: ExpectedTable): TableReader {
    const footer = readExpectedFooterSync(file, expected);
    const tail = tailBuffer(footer);
    readFully(file, tail, footer.filterOffset, 'sst.index');
    return new TableReader(file, decodeParts(file.path, footer, tail));
  }

  /** As `openSync`, with the large one of the two reads on another thread. Rejects as that throws. */
  static async open(file: ReadableFile, expected: ExpectedTable): Promise<TableReader> {
    const footer = readExpectedFooterSync(file, expected);
    const tail = tailBuffer(footer);
    const readLength = await file.read(tail, 0, tail.length, footer.filterOffset);
    checkReadLength(file.path, readLength, tail.length, footer.filterOffset, 'sst.index');
    return new TableReader(file, decodeParts(file.path, footer, tail));
  }

  /**
   * As `openSync`, with the image that a reader of the same table gave: only the size of the file and its footer are read
   * and checked. Cost: O(1), 0.02 ms.
   */
  static adoptSync(file: ReadableFile, expected: ExpectedTable, image: TableImage): TableReader {
    const footer = readExpectedFooterSync(file, expected);
    const { properties } = image;
    const index = TableIndex.fromImage(image.index);
    const context = {
      file: file.path,
      where: 'sst.filter',
      baseOffset: footer.filterOffset,
    } as const;
    const filter = image.filter === null ? null : new BloomReader(image.filter, context);
    return new TableReader(file, { footer, properties, index, filter, filterDamage: null });
  }

  private constructor(file: ReadableFile, parts: OpenedParts) {
    const { footer, properties, index, filter, filterDamage } = parts;
    this.filterDamage = filterDamage;
    this.properties = properties;
    this.#file = file;
    this.#seed = tableSeed(footer.tableId);
    this.#index = index;
    this.#filter = filter;
    this.blockCount = index.blockCount;
    this.memoryBytes = index.memoryBytes + (filter?.sizeBytes ?? 0);
  }

  /**
   * What this reader holds in memory, for {@link TableReader.adoptSync} on another thread. It shares the reader's memory:
   * once that is transferred, the reader can only be closed. Requires: the filter is not damaged.
   */
  get image(): TableImage {
    assert(this.filterDamage === null, 'TableReader: a damaged table has no image');
    const { properties } = this;
    return { properties, index: this.#index.image, filter: this.#filter?.bytes ?? null };
  }

  /** Path of the file, for messages. */
  get path(): string {
    return this.#file.path;
  }

  /** Whether the filter is damaged and every key may be in the table. */
  get filterDamaged(): boolean {
    return this.filterDamage !== null;
  }

  /** Whether no two entries are versions of one key; `'unknown'` without a filter, which counts the keys. */
  get versionsPerKey(): 'one' | 'several' | 'unknown' {
    if (this.#filter === null) return 'unknown';
    return this.#filter.keyCount === this.properties.entryCount ? 'one' : 'several';
  }

  /** Whether {@link mayContain} can tell; without a filter, or with a damaged one, every key may be in the table. */
  get hasFilter(): boolean {
    return this.#filter !== null;
  }

  /** Whether the table may have a key with this `hashKey()`: false is certain. 0.02 µs. */
  mayContain(hash: number): boolean {
    return this.#filter === null || this.#filter.mayContain(hash);
  }

  /**
   * Finds the first block that can hold `key[start, end)`; `blockCount` if the key is behind them
   * all. An older version of the key can be in the block after: see {@link mayContinue}. O(log
   * blocks).
   */
  findBlock(key: Uint8Array, start: number, end: number): number {
    return this.#index.findBlock(key, start, end);
  }

  /**
   * Whether versions of `key[start, end)` that do not fit into a block may go on in the next one.
   */
  mayContinue(blockIndex: number, key: Uint8Array, start: number, end: number): boolean {
    return (
      blockIndex + 1 < this.blockCount &&
      this.#index.compareSeparator(blockIndex, key, start, end) === 0
    );
  }

  /**
   * Gives a copy of the separator of a block: not before any of its keys, nor after the next
   * block's.
   */
  separator(blockIndex: number): Uint8Array {
    return this.#index.separator(blockIndex);
  }

  /** Gives where a stored block starts in the file. It ends where the next one starts. */
  storedOffset(blockIndex: number): number {
    return this.#index.storedOffset(blockIndex);
  }

  /** Gives how many bytes a block takes in the file. */
  storedLength(blockIndex: number): number {
    return this.#index.storedEnd(blockIndex) - this.#index.storedOffset(blockIndex);
  }

  /** Gives how many bytes the content of a block takes in memory. */
  contentLength(blockIndex: number): number {
    return this.#index.contentLength(blockIndex);
  }

  /**
   * Reads stored blocks, `target.length` bytes from `offset` of the file on, for {@link
   * decodeBlock}. Throws `CORRUPTION` if the file is shorter, and what the file throws.
   */
  readStoredSync(target: Uint8Array, offset: number): void {
    readFully(this.#file, target, offset, 'sst.data');
  }

  /**
   * Verifies the block stored at `storedStart` and writes its content to `target`, which needs
   * `contentLength(blockIndex)` bytes of room. Gives that length. Throws `CORRUPTION` (`sst.data`).
   * Cost: 0.2 µs per KiB, 1 µs per KiB if it is compressed.
   */
  decodeBlock(
    blockIndex: number,
    stored: Uint8Array,
    storedStart: number,
    target: Uint8Array,
    targetOffset: number,
  ): number {
    const block = this.#storedBlock(blockIndex, stored, storedStart);
    assert(targetOffset + block.contentLength <= target.length, 'TableReader: target is too small');
    decodeBlockInto(block, target, targetOffset);
    return block.contentLength;
  }

  /**
   * Reads a block and writes its content to `target`, which needs `contentLength(blockIndex)` bytes
   * of room. Gives that length. Throws `CORRUPTION` (`sst.data`), and what the file throws. Blocks.
   */
  readBlockSync(blockIndex: number, target: Uint8Array, targetOffset: number): number {
    const storedLength = this.storedLength(blockIndex);
    const stored = storedLength <= SCRATCH_SIZE_BYTES ? scratch : new Uint8Array(storedLength);
    const offset = this.storedOffset(blockIndex);
    const readLength = this.#file.readSync(stored, 0, storedLength, offset);
    checkReadLength(this.path, readLength, storedLength, offset, 'sst.data');
    return this.decodeBlock(blockIndex, stored, 0, target, targetOffset);
  }

  /** Reads a block on another thread and gives its content. Rejects as `readBlockSync` throws. */
  async readBlock(blockIndex: number): Promise<Uint8Array> {
    const offset = this.storedOffset(blockIndex);
    const stored = new Uint8Array(this.storedLength(blockIndex));
    const readLength = await this.#file.read(stored, 0, stored.length, offset);
    checkReadLength(this.path, readLength, stored.length, offset, 'sst.data');
    return decodeBlock(this.#storedBlock(blockIndex, stored, 0));
  }

  /** Closes the file. May be called more than once; no other call may follow. */
  close(): void {
    this.#file.closeSync();
  }

  #storedBlock(blockIndex: number, bytes: Uint8Array, start: number): StoredBlock {
    const offset = this.storedOffset(blockIndex);
    return {
      bytes,
      start,
      end: start + this.storedLength(blockIndex),
      seed: placeSeed(this.#seed, offset),
      contentLength: this.contentLength(blockIndex),
      place: { file: this.path, where: 'sst.data', offset },
    };
  }
}

/** Checks and decodes what follows the data blocks. */
function decodeParts(file: string, footer: Footer, bytes: Uint8Array): OpenedParts {
  const tail = { bytes, bytesOffset: footer.filterOffset, file, footer };
  const { filter, damage: filterDamage } = loadTableFilter(tail);
  const properties = loadTableProperties(tail);
  const index = loadTableIndex(tail);
  if (properties.dataBlockCount !== index.blockCount) {
    const reason = 'properties and index differ in the number of blocks';
    const message = `Cannot open table ${file}: ${reason}`;
    throw new StorageError('CORRUPTION', message, { file, where: 'sst.properties' });
  }
  return { footer, properties, index, filter, filterDamage };
}

/** Memory for all of that, placed so that the numbers of the index lie at multiples of four and need not be copied. */
function tailBuffer({ filterOffset, indexOffset, fileSizeBytes }: Footer): Uint8Array {
  const sizeBytes = footerOffset(fileSizeBytes) - filterOffset;
  const start = -(indexOffset - filterOffset) & (NUMBER_SIZE_BYTES - 1);
  return new Uint8Array(new ArrayBuffer(start + sizeBytes), start, sizeBytes);
}

function readExpectedFooterSync(file: ReadableFile, expected: ExpectedTable): Footer {
  assertIdentity(expected);
  checkSize(file, expected);
  const footer = readFooterSync(file, expected.sizeBytes);
  checkIdentity(file.path, footer, expected);
  return footer;
}

function readFooterSync(file: ReadableFile, fileSizeBytes: number): Footer {
  const bytes = new Uint8Array(FOOTER_SIZE_BYTES);
  readFully(file, bytes, footerOffset(fileSizeBytes), 'sst.footer');
  return decodeFooter(bytes, 0, fileSizeBytes, file.path);
}

function readFully(
  file: ReadableFile,
  target: Uint8Array,
  offset: number,
  where: CorruptionPlace,
): void {
  const readLength = file.readSync(target, 0, target.length, offset);
  checkReadLength(file.path, readLength, target.length, offset, where);
}

/**
 * The size was checked when the table was opened, so a file that ends early was cut short since.
 */
function checkReadLength(
  file: string,
  readLength: number,
  length: number,
  offset: number,
  where: CorruptionPlace,
): void {
  if (readLength === length) return;
  const range = `${length} bytes at offset ${offset}`;
  const message = `Cannot read ${range} of ${file}: the file ends after ${readLength} of them`;
  throw new StorageError('CORRUPTION', message, { file, where, offset });
}

function checkSize(file: ReadableFile, expected: ExpectedTable): void {
  const actual = file.sizeSync();
  if (actual !== expected.sizeBytes) {
    throw wrongTable(file.path, 'its size differs', expected.sizeBytes, actual);
  }
  if (actual < FOOTER_SIZE_BYTES || actual > TABLE_SIZE_BYTES_MAX) {
    const message = `Cannot open table ${file.path}: no table has ${actual} bytes`;
    throw new StorageError('CORRUPTION', message, { file: file.path, where: 'sst.footer', actual });
  }
}

function checkIdentity(file: string, footer: Footer, expected: ExpectedTable): void {
  if (footer.fileNumber !== expected.fileNumber) {
    throw wrongTable(file, 'its file number differs', expected.fileNumber, footer.fileNumber);
  }
  if (compareWhole(footer.tableId, expected.tableId) !== 0) {
    throw wrongTable(file, 'its table id differs', hexOf(expected.tableId), hexOf(footer.tableId));
  }
  if (compareWhole(footer.databaseId, expected.databaseId) !== 0) {
    const { databaseId } = footer;
    throw wrongTable(
      file,
      'its database id differs',
      hexOf(expected.databaseId),
      hexOf(databaseId),
    );
  }
}

function wrongTable(
  file: string,
  reason: string,
  expected: string | number,
  actual: string | number,
): StorageError {
  const message = `Cannot open table ${file}: it is not the one expected, ${reason}`;
  return new StorageError('CORRUPTION', message, { file, where: 'sst.identity', expected, actual });
}
