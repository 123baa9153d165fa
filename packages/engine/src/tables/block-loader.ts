/**
 * Brings blocks from files into the cache, in a synchronous and an asynchronous form.
 *
 * The synchronous form reads into one reused buffer and decodes straight into a slot. The asynchronous form reads on
 * the thread pool; callers that want the same block at the same time share one read, and each gets the content itself,
 * so that an eviction before it looks cannot make it read again.
 */
import { memoryErrorOf, StorageError } from '@varve/base';
import type { BlockCache } from './block-cache.js';
import type { TableHandle } from './table-handle.js';

/** Blocks read ahead of an asynchronous scan. */
const AHEAD_BLOCK_COUNT = 7;

/** Large blocks are read ahead up to this: a scan that ends early has read them for nothing. */
const AHEAD_SIZE_BYTES_MAX = 256 * 1024;

export class BlockLoader {
  readonly cache: BlockCache;
  readBytes = 0;
  readonly #loading = new Map<string, Promise<Uint8Array>>();
  #stopped = false;

  constructor(cache: BlockCache) {
    this.cache = cache;
  }

  /**
   * Loads a block into a slot and gives the slot, or -1 when it is too large: then `lastOversized` holds it.
   * @throws StorageError BUSY when there is no memory for it
   */
  loadSync(handle: TableHandle, blockIndex: number): number {
    try {
      return this.#loadSync(handle, blockIndex);
    } catch (error) {
      throw memoryErrorOf(error, 'read a block');
    }
  }

  #loadSync(handle: TableHandle, blockIndex: number): number {
    const { reader } = handle;
    this.cache.missCount += 1;
    this.readBytes += reader.storedLength(blockIndex);
    const length = reader.contentLength(blockIndex);
    if (length > this.cache.slotSizeBytes) return this.#loadOversizedSync(handle, blockIndex);
    const slot = this.cache.takeSlot();
    reader.readBlockSync(blockIndex, this.cache.bytes, slot * this.cache.slotSizeBytes);
    this.cache.publish(slot, handle, blockIndex);
    return slot;
  }

  /** The block that `loadSync` could not put into a slot. */
  lastOversized: Uint8Array = new Uint8Array(0);

  /**
   * Loads a block on the thread pool and gives its content; small ones are also cached.
   * @throws StorageError CLOSED after `stop()`; BUSY when there is no memory for it
   */
  load(handle: TableHandle, blockIndex: number): Promise<Uint8Array> {
    if (this.#stopped) return Promise.reject(stopped());
    const key = `${handle.file.fileNumber}:${blockIndex}`;
    const running = this.#loading.get(key);
    if (running !== undefined) return running;
    const loading = this.#load(handle, blockIndex).finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  /** Starts loading the neighbours a scan will want next, beside the block it waits for. */
  loadAhead(handle: TableHandle, blockIndex: number, direction: 1 | -1): void {
    let oversizedBytes = 0;
    for (let step = 1; step <= AHEAD_BLOCK_COUNT; step++) {
      const ahead = blockIndex + step * direction;
      if (ahead < 0 || ahead >= handle.reader.blockCount) return;
      const length = handle.reader.contentLength(ahead);
      if (length > this.cache.slotSizeBytes) oversizedBytes += length;
      if (oversizedBytes > 0 && !this.#mayReadAhead(oversizedBytes)) return;
      if (handle.blockSlots[ahead] >= 0) continue;
      if (this.cache.oversized.get(handle, ahead) !== undefined) continue;
      // Whoever needs the block will meet the same error; reading ahead has nobody to tell.
      this.load(handle, ahead).catch(() => {});
    }
  }

  /** Begins no more loads; resolves when those under way have ended, so that files may be closed. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled(this.#loading.values());
  }

  #mayReadAhead(oversizedBytes: number): boolean {
    return oversizedBytes <= AHEAD_SIZE_BYTES_MAX && this.cache.keeps(oversizedBytes);
  }

  async #load(handle: TableHandle, blockIndex: number): Promise<Uint8Array> {
    this.cache.missCount += 1;
    this.readBytes += handle.reader.storedLength(blockIndex);
    try {
      const content = await handle.reader.readBlock(blockIndex);
      this.#keep(handle, blockIndex, content);
      return content;
    } catch (error) {
      throw memoryErrorOf(error, 'read a block');
    }
  }

  #keep(handle: TableHandle, blockIndex: number, content: Uint8Array): void {
    const { cache } = this;
    if (handle.closed || handle.blockSlots[blockIndex] >= 0) return;
    if (content.length > cache.slotSizeBytes) {
      cache.publishOversized(content, handle, blockIndex);
      return;
    }
    const slot = cache.takeSlot();
    cache.bytes.set(content, slot * cache.slotSizeBytes);
    cache.publish(slot, handle, blockIndex);
  }

  #loadOversizedSync(handle: TableHandle, blockIndex: number): number {
    const content = new Uint8Array(handle.reader.contentLength(blockIndex));
    handle.reader.readBlockSync(blockIndex, content, 0);
    this.cache.publishOversized(content, handle, blockIndex);
    this.lastOversized = content;
    return -1;
  }
}

function stopped(): StorageError {
  return new StorageError('CLOSED', 'Cannot read a block: the database is closed');
}
