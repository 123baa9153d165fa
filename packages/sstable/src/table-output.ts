// Collects the bytes of a table file and writes them in large pieces.
//
// Blocks are built in place in one reused buffer, so a table costs one system call and no
// allocation per 256 KiB. A block that is larger than the buffer gets a buffer of its own, once.

import { assert } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import { TABLE_SIZE_BYTES_MAX } from './table-format.js';

/** Writes larger than this gain nothing; measured on a page cache. */
const BUFFER_SIZE_BYTES = 256 * 1024;

/** Appends to a file, in order, from position 0. */
export class TableOutput {
  /** Where blocks are built: ask {@link reserve} where in it. */
  bytes = new Uint8Array(BUFFER_SIZE_BYTES);
  readonly #file: RandomAccessFile;
  /** How much of `bytes` waits to be written. */
  #usedBytes = 0;
  #writtenBytes = 0;

  constructor(file: RandomAccessFile) {
    this.#file = file;
  }

  /** Position in the file of what is appended next. */
  get position(): number {
    return this.#writtenBytes + this.#usedBytes;
  }

  /** Makes room for `sizeBytes` and gives where in `bytes` it starts. It belongs at `position`. */
  reserve(sizeBytes: number): number {
    assert(
      this.position + sizeBytes <= TABLE_SIZE_BYTES_MAX,
      'TableOutput: a table file must be smaller than 4 GiB',
    );
    if (this.#usedBytes + sizeBytes > this.bytes.length) {
      this.flush();
      const capacity = Math.max(sizeBytes, BUFFER_SIZE_BYTES);
      if (capacity !== this.bytes.length) this.bytes = new Uint8Array(capacity);
    }
    return this.#usedBytes;
  }

  /** Appends the first `sizeBytes` of what was reserved last. */
  commit(sizeBytes: number): void {
    this.#usedBytes += sizeBytes;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    const start = this.reserve(bytes.length);
    this.bytes.set(bytes, start);
    this.commit(bytes.length);
  }

  /** Writes what waits. If it throws, the file is of no use. */
  flush(): void {
    if (this.#usedBytes === 0) return;
    this.#file.writeSync(this.bytes, 0, this.#usedBytes, this.#writtenBytes);
    this.#writtenBytes += this.#usedBytes;
    this.#usedBytes = 0;
  }
}
