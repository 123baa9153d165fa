// A file system that tells a watcher of every call: when it begins, what a write brings, and how it ends.

import {
  type FileCall,
  type FileSystem,
  FileSystemWrapper,
  type RandomAccessFile,
  WrappedFile,
} from '@varve/vfs';

/** Who is told. */
export interface FileWatcher {
  /** A call begins. Gives what is to be told when it has ended well. */
  begins(call: FileCall, form: 'sync' | 'async'): (() => void) | undefined;
  /** A write of these bytes begins. */
  writes(path: string, bytes: Uint8Array): void;
}

/** See the head of this file. */
export class WatchedFiles extends FileSystemWrapper {
  readonly #watcher: FileWatcher;

  constructor(inner: FileSystem, watcher: FileWatcher) {
    super(inner);
    this.#watcher = watcher;
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    const ended = this.#watcher.begins(call, 'sync');
    const result = run();
    ended?.();
    return result;
  }

  override around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    const ended = this.#watcher.begins(call, 'async');
    const running = run();
    if (ended === undefined) return running;
    return running.then((result) => {
      ended();
      return result;
    });
  }

  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    return new WatchedFile(file, this, this.#watcher);
  }
}

class WatchedFile extends WrappedFile {
  readonly #watcher: FileWatcher;

  constructor(inner: RandomAccessFile, hooks: WatchedFiles, watcher: FileWatcher) {
    super(inner, hooks);
    this.#watcher = watcher;
  }

  override writeSync(source: Uint8Array, offset: number, length: number, position: number): void {
    this.#watcher.writes(this.path, source.subarray(offset, offset + length));
    super.writeSync(source, offset, length, position);
  }

  override write(
    source: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<void> {
    this.#watcher.writes(this.path, source.subarray(offset, offset + length));
    return super.write(source, offset, length, position);
  }
}
