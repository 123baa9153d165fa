// Blocks straight from the file, read ahead in windows: for whoever reads most of a table once,
// such as a compaction, and would only push useful blocks out of a cache.

import { CursorStatus } from '@varve/base';
import type { BlockBuffer, BlockSource, Direction } from './block-source.js';
import type { TableReader } from './table-reader.js';

/** About 60 µs per read from a page cache, and enough for a disk to run at its full speed. */
const WINDOW_SIZE_BYTES = 256 * 1024;

/** Reads synchronously and is always `READY`. One instance serves one cursor at a time well. */
export class DirectBlockSource implements BlockSource {
  #window: Uint8Array = new Uint8Array(0);
  #reader: TableReader | null = null;
  /** The part of the file that the window holds. */
  #windowStart = 0;
  #windowEnd = 0;

  fetch(
    reader: TableReader,
    blockIndex: number,
    buffer: BlockBuffer,
    direction: Direction,
  ): number {
    const offset = reader.storedOffset(blockIndex);
    const end = offset + reader.storedLength(blockIndex);
    if (reader !== this.#reader || offset < this.#windowStart || end > this.#windowEnd) {
      this.#readWindow(reader, blockIndex, direction);
    }
    buffer.ensure(reader.contentLength(blockIndex));
    const storedStart = offset - this.#windowStart;
    buffer.length = reader.decodeBlock(blockIndex, this.#window, storedStart, buffer.bytes, 0);
    return CursorStatus.READY;
  }

  /** Reads a window that starts with the block, or ends with it if the cursor moves backward. */
  #readWindow(reader: TableReader, blockIndex: number, direction: Direction): void {
    const offset = reader.storedOffset(blockIndex);
    const end = offset + reader.storedLength(blockIndex);
    const lastBlockIndex = reader.blockCount - 1;
    const dataEnd = reader.storedOffset(lastBlockIndex) + reader.storedLength(lastBlockIndex);
    const start = direction > 0 ? offset : Math.max(0, Math.min(offset, end - WINDOW_SIZE_BYTES));
    const windowEnd =
      direction > 0 ? Math.min(dataEnd, Math.max(end, offset + WINDOW_SIZE_BYTES)) : end;
    const sizeBytes = windowEnd - start;
    // The window is of no use until the read has succeeded.
    this.#reader = null;
    if (this.#window.length < sizeBytes) this.#window = new Uint8Array(sizeBytes);
    reader.readStoredSync(this.#window.subarray(0, sizeBytes), start);
    this.#reader = reader;
    this.#windowStart = start;
    this.#windowEnd = windowEnd;
  }
}
