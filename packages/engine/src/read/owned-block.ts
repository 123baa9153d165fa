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
  /** The memory that the last copy is in. */
  memory = new ArrayBuffer(0);
  /** Where in `memory` the copy of the block begins. */
  start = 0;
  #last = NONE;
  #copied = NONE;
  #chunk: Uint8Array<ArrayBuffer> = new Uint8Array(this.memory);
  #chunkUsedBytes = 0;

  /**
   * Whether `memory` holds, from `start` on, a copy of `bytes`, the memory an entry lies in, for the caller to keep; if not, the
   * entry should be copied alone, because it is the first of its block or the block is large. Requires: as long as `bytes`
   * is the same object, so is its content, and no entry is asked for twice, because its copy was given away.
   */
  holds(bytes: Uint8Array): boolean {
    // Whoever got views may have transferred the memory behind them to another thread.
    if (bytes === this.#copied && this.#chunk.length > 0) return true;
    if (bytes !== this.#last) {
      this.#last = bytes;
      return false;
    }
    if (bytes.length > CHUNK_SIZE_BYTES) return false;
    this.#copy(bytes);
    return true;
  }

  #copy(bytes: Uint8Array): void {
    if (this.#chunkUsedBytes + bytes.length > this.#chunk.length) {
      this.#chunk = allocateBuffer(CHUNK_SIZE_BYTES);
      this.#chunkUsedBytes = 0;
      this.memory = this.#chunk.buffer;
    }
    this.#chunk.set(bytes, this.#chunkUsedBytes);
    this.start = this.#chunk.byteOffset + this.#chunkUsedBytes;
    this.#chunkUsedBytes += bytes.length;
    this.#copied = bytes;
  }
}
