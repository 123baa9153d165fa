// Where a cursor gets the contents of blocks from: a file, a cache, or a cache that loads in the
// background.
//
// A cursor copies each block to a buffer of its own, one copy per block and not per entry, so that
// no cache has to know which of its blocks are in use.

import type { TableReader } from './table-reader.js';

const INITIAL_SIZE_BYTES = 4096;

/** Memory beyond this, needed by one large value, is given back at the next block. */
const RETAINED_SIZE_BYTES_MAX = 1024 * 1024;

/**
 * Memory of buffers that were given back. A short scan opens a cursor or two, and new memory for each would cost as much as
 * finding the first entry.
 */
const SPARE_COUNT_MAX = 16;
const spares: Uint8Array[] = [];
const NO_BYTES = new Uint8Array(0);

/** Memory for the content of one block at a time. */
export class BlockBuffer {
  /** The content is `bytes[0, length)`. A larger block gets other memory: see {@link ensure}. */
  bytes: Uint8Array = spares.pop() ?? new Uint8Array(INITIAL_SIZE_BYTES);
  length = 0;
  /** After `PENDING`: settles once the source can answer the same fetch. */
  loading: Promise<void> | null = null;

  /** Gives the memory back, for other buffers. May be called more than once; nothing else may follow. */
  release(): void {
    const { bytes } = this;
    this.bytes = NO_BYTES;
    if (bytes.length === INITIAL_SIZE_BYTES && spares.length < SPARE_COUNT_MAX) spares.push(bytes);
  }

  /** Makes `bytes` another object over the same memory, so that who keeps the old one can tell that its content is gone. */
  rename(): void {
    const { buffer, byteOffset, length } = this.bytes;
    this.bytes = new Uint8Array(buffer, byteOffset, length);
  }

  /** Makes room for a block of `sizeBytes` in `bytes`; what was in it is lost. */
  ensure(sizeBytes: number): void {
    const oversized =
      this.bytes.length > RETAINED_SIZE_BYTES_MAX && sizeBytes <= RETAINED_SIZE_BYTES_MAX;
    if (this.bytes.length < sizeBytes || oversized) {
      this.bytes = new Uint8Array(Math.max(sizeBytes, INITIAL_SIZE_BYTES));
    }
  }
}

/** Which way a cursor moves: 1 to later keys, -1 to earlier ones. */
export type Direction = 1 | -1;

/** Gives cursors the contents of blocks. */
export interface BlockSource {
  /**
   * Fills `buffer` with the content of a block, verified, and returns `READY`. Or returns `PENDING`
   * and sets `buffer.loading`; once that has resolved, the cursor fetches the same block again. So
   * that it gets there, a source keeps what it loaded for a buffer until it is fetched, or another
   * block is fetched into that buffer.
   *
   * `direction` says where the cursor will go on to, for reading ahead. Throws, or rejects
   * `loading`, with what `TableReader` throws.
   */
  fetch(reader: TableReader, blockIndex: number, buffer: BlockBuffer, direction: Direction): number;
}
