// An open file of the file system in memory. Closing works as for a real descriptor: what is in flight ends first.

import { assert } from '@varve/base';
import type { FileCall, FileIdentity, OpenMode, RandomAccessFile } from '../file-system.js';
import { attempt } from '../system-error.js';
import { assertTransferRange } from '../transfer.js';
import { type FileNode, MEMORY_DEVICE } from './file-node.js';

/** What an open file needs of its file system. */
export interface MemoryFileHost {
  /** Carries out `run` at some later moment and settles the promise with what it gives or throws. */
  later<T>(call: FileCall, run: () => T): Promise<T>;
  /** Called once, when the file is closed. */
  fileClosed(file: MemoryFile): void;
}

/** A handle on a {@link FileNode}. */
export class MemoryFile implements RandomAccessFile {
  readonly path: string;
  readonly #mode: OpenMode;
  readonly #node: FileNode;
  readonly #host: MemoryFileHost;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #pendingCount = 0;

  constructor(path: string, mode: OpenMode, node: FileNode, host: MemoryFileHost) {
    this.path = path;
    this.#mode = mode;
    this.#node = node;
    this.#host = host;
    node.addHandle();
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    this.#assertOpen();
    assertTransferRange(target, targetOffset, length, position);
    return this.#node.content.read(target, targetOffset, length, position);
  }

  async read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    this.#assertOpen();
    assertTransferRange(target, targetOffset, length, position);
    return this.#later({ operation: 'read', path: this.path, length, position }, () =>
      this.#node.content.read(target, targetOffset, length, position),
    );
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    this.#assertWritable();
    assertTransferRange(source, sourceOffset, length, position);
    const call: FileCall = { operation: 'write', path: this.path, length, position };
    attempt(call, () => this.#node.write(source, sourceOffset, length, position));
  }

  async write(
    source: Uint8Array,
    sourceOffset: number,
    length: number,
    position: number,
  ): Promise<void> {
    this.#assertWritable();
    assertTransferRange(source, sourceOffset, length, position);
    return this.#later({ operation: 'write', path: this.path, length, position }, () =>
      this.#node.write(source, sourceOffset, length, position),
    );
  }

  syncDataSync(): void {
    this.#assertOpen();
    this.#node.sync(this.#node.changeCount);
  }

  async syncData(): Promise<void> {
    this.#assertOpen();
    // Writes that happen while the sync is on its way are not covered: a real one may miss them.
    const { changeCount } = this.#node;
    return this.#later({ operation: 'syncData', path: this.path }, () =>
      this.#node.sync(changeCount),
    );
  }

  truncateSync(sizeBytes: number): void {
    this.#assertWritable();
    assert(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0, 'A file size is a whole number');
    const call: FileCall = { operation: 'truncate', path: this.path, position: sizeBytes };
    attempt(call, () => this.#node.truncate(sizeBytes));
  }

  sizeSync(): number {
    this.#assertOpen();
    return this.#node.sizeBytes;
  }

  identitySync(): FileIdentity {
    this.#assertOpen();
    return { device: MEMORY_DEVICE, inode: this.#node.inode };
  }

  closeSync(): void {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#closeIfIdle();
  }

  async #later<T>(call: FileCall, run: () => T): Promise<T> {
    this.#pendingCount++;
    try {
      return await this.#host.later(call, run);
    } finally {
      this.#pendingCount--;
      this.#closeIfIdle();
    }
  }

  #closeIfIdle(): void {
    if (this.#state !== 'closing' || this.#pendingCount > 0) return;
    this.#state = 'closed';
    this.#node.removeHandle();
    this.#host.fileClosed(this);
  }

  #assertOpen(): void {
    assert(this.#state === 'open', 'A closed file must not be used');
  }

  #assertWritable(): void {
    this.#assertOpen();
    assert(this.#mode !== 'read', 'A file opened for reading must not be changed');
  }
}
