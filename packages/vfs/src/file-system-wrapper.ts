// A file system that passes every call on to another one, through one place where a subclass can step in.

import type {
  FileCall,
  FileIdentity,
  FileLock,
  FileStatus,
  FileSystem,
  FileSystemCapability,
  OpenMode,
  RandomAccessFile,
} from './file-system.js';

/** Stands around every call: may look, refuse, or change the outcome. */
export interface CallHooks {
  /** Carries out a synchronous call by calling `run`, or does not. */
  aroundSync<T>(call: FileCall, run: () => T): T;
  /** Carries out an asynchronous call by calling `run`, or does not. */
  around<T>(call: FileCall, run: () => Promise<T>): Promise<T>;
}

/** Passes everything on to an inner file system, through the hooks, which do nothing unless a subclass provides them. */
export abstract class FileSystemWrapper implements FileSystem, CallHooks {
  // Whatever a worker opened by itself would not go through this object.
  readonly capability: FileSystemCapability = { workers: false };
  readonly #inner: FileSystem;

  constructor(inner: FileSystem) {
    this.#inner = inner;
  }

  aroundSync<T>(_call: FileCall, run: () => T): T {
    return run();
  }

  around<T>(_call: FileCall, run: () => Promise<T>): Promise<T> {
    return run();
  }

  openSync(path: string, mode: OpenMode): RandomAccessFile {
    const operation = mode === 'create' ? 'create' : 'open';
    return this.wrapFile(
      this.aroundSync({ operation, path }, () => this.#inner.openSync(path, mode)),
    );
  }

  existsSync(path: string): boolean {
    return this.aroundSync({ operation: 'exists', path }, () => this.#inner.existsSync(path));
  }

  listSync(directory: string): string[] {
    const call: FileCall = { operation: 'list', path: directory };
    return this.aroundSync(call, () => this.#inner.listSync(directory));
  }

  statSync(path: string): FileStatus {
    return this.aroundSync({ operation: 'stat', path }, () => this.#inner.statSync(path));
  }

  makeDirectorySync(path: string): void {
    const call: FileCall = { operation: 'makeDirectory', path };
    this.aroundSync(call, () => this.#inner.makeDirectorySync(path));
  }

  renameSync(from: string, to: string): void {
    const call: FileCall = { operation: 'rename', path: from, toPath: to };
    this.aroundSync(call, () => this.#inner.renameSync(from, to));
  }

  removeSync(path: string): void {
    this.aroundSync({ operation: 'remove', path }, () => this.#inner.removeSync(path));
  }

  removeDirectorySync(path: string): void {
    const call: FileCall = { operation: 'removeDirectory', path };
    this.aroundSync(call, () => this.#inner.removeDirectorySync(path));
  }

  syncDirectorySync(path: string): void {
    const call: FileCall = { operation: 'syncDirectory', path };
    this.aroundSync(call, () => this.#inner.syncDirectorySync(path));
  }

  syncDirectory(path: string): Promise<void> {
    const call: FileCall = { operation: 'syncDirectory', path };
    return this.around(call, () => this.#inner.syncDirectory(path));
  }

  lockSync(path: string, owner: string): FileLock {
    const lock = this.aroundSync({ operation: 'lock', path }, () =>
      this.#inner.lockSync(path, owner),
    );
    return new WrappedLock(lock, path, this);
  }

  realPathSync(path: string): string {
    return this.aroundSync({ operation: 'realPath', path }, () => this.#inner.realPathSync(path));
  }

  freeSpaceSync(path: string): number {
    return this.aroundSync({ operation: 'freeSpace', path }, () => this.#inner.freeSpaceSync(path));
  }

  /** Lets a subclass choose how the files it opens behave. */
  protected wrapFile(file: RandomAccessFile): RandomAccessFile {
    return new WrappedFile(file, this);
  }
}

/** An open file whose calls pass through hooks. */
export class WrappedFile implements RandomAccessFile {
  readonly path: string;
  protected readonly inner: RandomAccessFile;
  readonly #hooks: CallHooks;
  #state: 'open' | 'closed' = 'open';

  constructor(inner: RandomAccessFile, hooks: CallHooks) {
    this.path = inner.path;
    this.inner = inner;
    this.#hooks = hooks;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    return this.#hooks.aroundSync({ operation: 'read', path: this.path, position, length }, () =>
      this.inner.readSync(target, targetOffset, length, position),
    );
  }

  read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return this.#hooks.around({ operation: 'read', path: this.path, position, length }, () =>
      this.inner.read(target, targetOffset, length, position),
    );
  }

  writeSync(source: Uint8Array, sourceOffset: number, length: number, position: number): void {
    this.#hooks.aroundSync({ operation: 'write', path: this.path, position, length }, () =>
      this.inner.writeSync(source, sourceOffset, length, position),
    );
  }

  write(source: Uint8Array, sourceOffset: number, length: number, position: number): Promise<void> {
    return this.#hooks.around({ operation: 'write', path: this.path, position, length }, () =>
      this.inner.write(source, sourceOffset, length, position),
    );
  }

  syncDataSync(): void {
    const call: FileCall = { operation: 'syncData', path: this.path };
    this.#hooks.aroundSync(call, () => this.inner.syncDataSync());
  }

  syncData(): Promise<void> {
    const call: FileCall = { operation: 'syncData', path: this.path };
    return this.#hooks.around(call, () => this.inner.syncData());
  }

  truncateSync(sizeBytes: number): void {
    const call: FileCall = { operation: 'truncate', path: this.path, position: sizeBytes };
    this.#hooks.aroundSync(call, () => this.inner.truncateSync(sizeBytes));
  }

  sizeSync(): number {
    return this.#hooks.aroundSync({ operation: 'size', path: this.path }, () =>
      this.inner.sizeSync(),
    );
  }

  identitySync(): FileIdentity {
    return this.#hooks.aroundSync({ operation: 'stat', path: this.path }, () =>
      this.inner.identitySync(),
    );
  }

  closeSync(): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    const call: FileCall = { operation: 'close', path: this.path };
    this.#hooks.aroundSync(call, () => this.inner.closeSync());
  }
}

class WrappedLock implements FileLock {
  readonly #inner: FileLock;
  readonly #path: string;
  readonly #hooks: CallHooks;
  #state: 'held' | 'released' = 'held';

  constructor(inner: FileLock, path: string, hooks: CallHooks) {
    this.#inner = inner;
    this.#path = path;
    this.#hooks = hooks;
  }

  release(): void {
    if (this.#state === 'released') return;
    this.#state = 'released';
    const call: FileCall = { operation: 'unlock', path: this.#path };
    this.#hooks.aroundSync(call, () => this.#inner.release());
  }
}
