// The bytes of a memtable: one shared buffer of fixed size, filled from the start.
//
// A commit group is encoded here once. The same bytes are then appended to the log as they stand and read by the index
// of the memtable, so an entry is never copied on its way in; and because the memory is shared, a worker thread writes
// the table from it without a copy either. The full size is allocated at once (a growable shared buffer is many times
// slower to read); the operating system provides pages as they are first touched.

import { assert } from '@varve/base';

/** Largest arena: every offset in it, and the offset after its last byte, is a 32-bit signed integer. */
export const ARENA_SIZE_BYTES_MAX = 2 ** 31 - 1;

/** An append-only area of bytes. */
export class EntryArena {
  /** The memory, to be handed to another thread. */
  readonly buffer: SharedArrayBuffer;
  /** All of `buffer`. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Size of `buffer`. */
  readonly capacityBytes: number;
  #usedBytes: number;

  /** Takes `buffer`, whose first `usedBytes` are in use. */
  constructor(buffer: SharedArrayBuffer, usedBytes: number) {
    assert(buffer.byteLength <= ARENA_SIZE_BYTES_MAX, 'arena is larger than 2^31 - 1 bytes');
    assert(usedBytes >= 0 && usedBytes <= buffer.byteLength, 'used bytes outside the arena');
    this.buffer = buffer;
    this.bytes = new Uint8Array(buffer);
    this.capacityBytes = buffer.byteLength;
    this.#usedBytes = usedBytes;
  }

  /** How many bytes are in use: also the offset of the next that {@link reserve} gives. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** How many bytes can still be reserved. */
  get freeBytes(): number {
    return this.capacityBytes - this.#usedBytes;
  }

  /** Takes the next `sizeBytes` into use and gives the offset of the first, or -1 if they do not fit. */
  reserve(sizeBytes: number): number {
    assert(sizeBytes >= 0, 'cannot reserve a negative size');
    if (sizeBytes > this.freeBytes) return -1;
    const offset = this.#usedBytes;
    this.#usedBytes = offset + sizeBytes;
    return offset;
  }

  /**
   * Gives back all bytes from `offset` on: a group that could not be logged, or all of them when the arena is used
   * again. Requires: nothing refers to them.
   */
  release(offset: number): void {
    assert(offset >= 0 && offset <= this.#usedBytes, 'cannot release bytes that are not in use');
    this.#usedBytes = offset;
  }
}
