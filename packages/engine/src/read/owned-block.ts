/**
 * Copies of whole blocks for readers that keep bytes.
 *
 * An entry of bytes costs two allocations and two copies, a view into memory that is copied already costs a third of that.
 * So when a walk stays in a block, the block is copied once, and its entries are views into the copy, which belongs to the
 * caller and which no cursor looks at. Copies share memory of 16 KiB, because each memory costs 0.4 µs, and what is kept of
 * them keeps that, as a piece of the pool of Node.js keeps its pool.
 */
import { allocateBuffer } from '../encoding/index.js';

/** A larger block holds few entries, and whoever keeps one of them should not keep all. The memory of a memtable is larger. */
const CHUNK_SIZE_BYTES = 16 * 1024;

const NONE: Uint8Array = new Uint8Array(0);

/** The copies for one walk. */
export class OwnedBlock {
  #last = NONE;
  #copied = NONE;
  #chunk = NONE;
  #chunkUsedBytes = 0;
  /** Where the copy of the block is less where the block is: what to add to an offset. */
  distance = 0;

  /**
   * Memory with a copy of `bytes`, the memory an entry lies in, `distance` further on, for the caller to keep; `null` when the
   * entry should be copied alone, because it is the first of its block or the block is large. Requires: as long as `bytes`
   * is the same object, so is its content.
   */
  of(bytes: Uint8Array): Uint8Array | null {
    // Whoever got views may have transferred the memory behind them to another thread.
    if (bytes === this.#copied && this.#chunk.length > 0) return this.#chunk;
    if (bytes !== this.#last) {
      this.#last = bytes;
      return null;
    }
    return bytes.length > CHUNK_SIZE_BYTES ? null : this.#copy(bytes);
  }

  #copy(bytes: Uint8Array): Uint8Array {
    if (this.#chunkUsedBytes + bytes.length > this.#chunk.length) {
      this.#chunk = allocateBuffer(CHUNK_SIZE_BYTES);
      this.#chunkUsedBytes = 0;
    }
    this.#chunk.set(bytes, this.#chunkUsedBytes);
    this.distance = this.#chunkUsedBytes;
    this.#chunkUsedBytes += bytes.length;
    this.#copied = bytes;
    return this.#chunk;
  }
}
