/**
 * Cached blocks too large for a slot of the slab: those made of one entry larger than a block.
 *
 * Few and large, so a map in order of use is enough. The key joins the table's number and the block's index, both well
 * below 2^26, into one safe integer.
 */
import { assert } from '@varve/base';
import type { TableHandle } from './table-handle.js';

const BLOCK_INDEX_RANGE = 2 ** 22;

export class OversizedBlocks {
  sizeBytes = 0;
  readonly #blocks = new Map<number, Uint8Array>();

  /** The block, or `undefined`; a found one counts as used just now. */
  get(handle: TableHandle, blockIndex: number): Uint8Array | undefined {
    if (this.#blocks.size === 0) return undefined;
    const key = keyOf(handle, blockIndex);
    const content = this.#blocks.get(key);
    if (content === undefined) return undefined;
    this.#blocks.delete(key);
    this.#blocks.set(key, content);
    return content;
  }

  add(content: Uint8Array, handle: TableHandle, blockIndex: number): void {
    const key = keyOf(handle, blockIndex);
    if (this.#blocks.has(key)) return;
    this.#blocks.set(key, content);
    this.sizeBytes += content.length;
  }

  /** Evicts the least recently used blocks until at most this many bytes are left. */
  shrinkTo(limitBytes: number): void {
    for (const [key, content] of this.#blocks) {
      if (this.sizeBytes <= limitBytes) return;
      this.#blocks.delete(key);
      this.sizeBytes -= content.length;
    }
  }

  dropTable(handle: TableHandle): void {
    for (const [key, content] of this.#blocks) {
      if (Math.floor(key / BLOCK_INDEX_RANGE) !== handle.file.fileNumber) continue;
      this.#blocks.delete(key);
      this.sizeBytes -= content.length;
    }
  }
}

function keyOf(handle: TableHandle, blockIndex: number): number {
  assert(blockIndex < BLOCK_INDEX_RANGE, 'A table has fewer blocks than the key has room for');
  return handle.file.fileNumber * BLOCK_INDEX_RANGE + blockIndex;
}
