/**
 * A file system for whoever opens files beside those of tables: when the system has no more of them, files of tables that
 * nobody reads are closed, and the call is made once more. Nothing of a call that failed for want of a file was begun.
 */
import {
  type FileCall,
  type FileSystem,
  FileSystemWrapper,
  type RandomAccessFile,
} from '@varve/vfs';
import type { TableFiles } from './table-files.js';

/** See the head of this file. */
export class SparingFileSystem extends FileSystemWrapper {
  readonly #files: TableFiles;

  constructor(inner: FileSystem, files: TableFiles) {
    super(inner);
    this.#files = files;
  }

  override aroundSync<T>(_call: FileCall, run: () => T): T {
    return this.#files.sparing(run);
  }

  override around<T>(_call: FileCall, run: () => Promise<T>): Promise<T> {
    return this.#files.sparingLater(run);
  }

  /** What is done with an open file takes no other. */
  protected override wrapFile(file: RandomAccessFile): RandomAccessFile {
    return file;
  }
}
