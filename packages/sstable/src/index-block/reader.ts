// The index block: which data block can hold a key, and where it lies.
//
//   +-----------------+
//   | block count (4) |
//   +-----------------+--------------------------+
//   | ends              block count x 4
//   | content lengths   block count x 4
//   | separator ends    block count x 4
//   | separators, one after the other
//
//   ends             where each stored block ends in the file; it starts where the one before ends
//   content lengths  of each block, decompressed
//   separator ends   end of each separator, from the start of the separators
//   separator        not before any key of its block, and before every key of the next one; only if
//                    versions of one key go on in the next block, it is that key
//
// Held in memory as integer arrays and one slab of bytes: finding a block is a search in SortedKeys,
// over separators that are as short as they can be. They lie where they were read; another thread
// that gets this memory (an image) need not go through it again.

import {
  assert,
  type ByteReader,
  compareBytes,
  SortedKeys,
  type SortedKeysImage,
} from '@varve/base';
import { contentLengthMax } from '../block/compression.js';
import { TRAILER_SIZE_BYTES } from '../block/trailer.js';
import { DATA_BLOCK_HEADER_SIZE_BYTES } from '../data-block/format.js';

const LINE_SIZE_BYTES = 4 + 4 + 4;

interface IndexColumns {
  readonly ends: Uint32Array;
  readonly contentLengths: Uint32Array;
  readonly separatorEnds: Uint32Array;
  readonly separators: Uint8Array;
}

/** The index of a table as plain data. */
export interface TableIndexImage {
  readonly ends: Uint32Array;
  readonly contentLengths: Uint32Array;
  readonly separators: SortedKeysImage;
}

/** The index of one table, in memory. Block indices count from 0. */
export class TableIndex {
  readonly blockCount: number;
  readonly #ends: Uint32Array;
  readonly #contentLengths: Uint32Array;
  readonly #separatorEnds: Uint32Array;
  readonly #separators: Uint8Array;
  /** Null until something is searched: a merge reads table after table and searches none. */
  #keys: SortedKeys | null = null;

  private constructor({ ends, contentLengths, separatorEnds, separators }: IndexColumns) {
    this.blockCount = ends.length;
    this.#ends = ends;
    this.#contentLengths = contentLengths;
    this.#separatorEnds = separatorEnds;
    this.#separators = separators;
  }

  /**
   * Decodes the content that `reader` covers and keeps its memory, which must not change any more.
   * Throws `CORRUPTION` unless the blocks lie one after the other in `[0, dataEnd)` of the file and
   * the separators are in order. O(bytes).
   */
  static decode(reader: ByteReader, dataEnd: number): TableIndex {
    const blockCount = reader.u32();
    if (blockCount === 0 || blockCount > reader.remaining / LINE_SIZE_BYTES) {
      reader.fail('block count out of range');
    }
    const ends = reader.u32s(blockCount);
    const contentLengths = reader.u32s(blockCount);
    const separatorEnds = reader.u32s(blockCount);
    const separators = reader.view(reader.remaining);
    checkBlocks(reader, dataEnd, { ends, contentLengths });
    checkSeparators(reader, separators, separatorEnds);
    return new TableIndex({ ends, contentLengths, separatorEnds, separators });
  }

  /** Keeps what {@link TableIndex.image} gave, unchecked. */
  static fromImage(image: TableIndexImage): TableIndex {
    const { ends, contentLengths, separators } = image;
    const { slab, ends: separatorEnds } = separators;
    const index = new TableIndex({ ends, contentLengths, separatorEnds, separators: slab });
    index.#keys = SortedKeys.fromImage(separators);
    return index;
  }

  /** Shares its memory with this object. */
  get image(): TableIndexImage {
    return {
      ends: this.#ends,
      contentLengths: this.#contentLengths,
      separators: this.#searchable().image,
    };
  }

  /** How many bytes of memory this takes. */
  get memoryBytes(): number {
    const searchSizeBytes = SortedKeys.searchSizeBytes(this.blockCount);
    return this.blockCount * LINE_SIZE_BYTES + this.#separators.length + searchSizeBytes;
  }

  /**
   * Finds the first block whose separator is not before `key[start, end)`; the block count if none.
   */
  findBlock(key: Uint8Array, start: number, end: number): number {
    return (this.#keys ?? this.#searchable()).firstAtOrAfter(key, start, end);
  }

  /** Orders the separator of a block against `key[start, end)`: below 0, 0 or above 0. */
  compareSeparator(blockIndex: number, key: Uint8Array, start: number, end: number): number {
    this.#assertBlock(blockIndex);
    return (this.#keys ?? this.#searchable()).compare(blockIndex, key, start, end);
  }

  /** Gives where a stored block starts in the file. */
  storedOffset(blockIndex: number): number {
    this.#assertBlock(blockIndex);
    return blockIndex === 0 ? 0 : this.#ends[blockIndex - 1];
  }

  /** Gives where a stored block ends in the file. */
  storedEnd(blockIndex: number): number {
    this.#assertBlock(blockIndex);
    return this.#ends[blockIndex];
  }

  /** Gives how long the content of a block is. */
  contentLength(blockIndex: number): number {
    this.#assertBlock(blockIndex);
    return this.#contentLengths[blockIndex];
  }

  /** Gives a copy of the separator of a block. */
  separator(blockIndex: number): Uint8Array {
    this.#assertBlock(blockIndex);
    const start = blockIndex === 0 ? 0 : this.#separatorEnds[blockIndex - 1];
    return this.#separators.slice(start, this.#separatorEnds[blockIndex]);
  }

  #searchable(): SortedKeys {
    this.#keys ??= SortedKeys.of(this.#separators, this.#separatorEnds);
    return this.#keys;
  }

  #assertBlock(blockIndex: number): void {
    assert(blockIndex >= 0 && blockIndex < this.blockCount, 'TableIndex: no such block');
  }
}

interface BlockColumns {
  readonly ends: Uint32Array;
  readonly contentLengths: Uint32Array;
}

function checkBlocks(reader: ByteReader, dataEnd: number, blocks: BlockColumns): void {
  const { ends, contentLengths } = blocks;
  let start = 0;
  for (let blockIndex = 0; blockIndex < ends.length; blockIndex++) {
    const end = ends[blockIndex];
    const storedContentLength = end - start - TRAILER_SIZE_BYTES;
    if (storedContentLength <= 0 || end > dataEnd) {
      reader.fail(`data block ${blockIndex} lies outside the data blocks`);
    }
    const contentLength = contentLengths[blockIndex];
    if (
      contentLength <= DATA_BLOCK_HEADER_SIZE_BYTES ||
      contentLength > contentLengthMax(storedContentLength)
    ) {
      reader.fail(`content length of data block ${blockIndex} out of range`);
    }
    start = end;
  }
  if (start !== dataEnd) reader.fail('data blocks end before the part that follows them');
}

function checkSeparators(reader: ByteReader, separators: Uint8Array, ends: Uint32Array): void {
  let previousStart = 0;
  let start = 0;
  for (let blockIndex = 0; blockIndex < ends.length; blockIndex++) {
    const end = ends[blockIndex];
    if (end < start || end > separators.length) reader.fail('separator ends out of range');
    if (
      blockIndex > 0 &&
      compareBytes(separators, previousStart, start, separators, start, end) > 0
    ) {
      reader.fail('separators out of order');
    }
    previousStart = start;
    start = end;
  }
  if (start !== separators.length) reader.fail('bytes after the last separator');
}
