/** The file of a table, which may be closed while nobody reads it, and is opened again by whoever does. */
import { assert, isStorageError, StorageError } from '@varve/base';
import { type FileIdentity, quietly, type RandomAccessFile, type ReadableFile } from '@varve/vfs';

/** Who decides how many files are open. */
export interface FileKeeper {
  /** Opens the file of `owner`, and counts it. */
  openFor(owner: RestingFile): RandomAccessFile;
  /** The file of `owner` is not open any more. */
  closed(owner: RestingFile): void;
  /** A read has ended, without which there may be too many. */
  readEnded(): void;
  /** A number that is higher with every use. */
  nextUse(): number;
}

export class RestingFile implements ReadableFile {
  readonly path: string;
  readonly #files: FileKeeper;
  #file: RandomAccessFile | null;
  /** Of the file while it is not open. */
  #identity: FileIdentity | null = null;
  #readingCount = 0;
  #isClosed = false;
  /** Higher than that of files that were not used since. */
  lastUse: number;

  /** Opens the file. Errors: as `openFor`. */
  constructor(path: string, files: FileKeeper) {
    this.path = path;
    this.#files = files;
    this.lastUse = files.nextUse();
    this.#file = files.openFor(this);
  }

  /** Whether no read is under way. */
  get isIdle(): boolean {
    return this.#readingCount === 0;
  }

  readSync(target: Uint8Array, targetOffset: number, length: number, position: number): number {
    return this.#use().readSync(target, targetOffset, length, position);
  }

  async read(
    target: Uint8Array,
    targetOffset: number,
    length: number,
    position: number,
  ): Promise<number> {
    const file = this.#use();
    this.#readingCount += 1;
    try {
      return await file.read(target, targetOffset, length, position);
    } finally {
      this.#readingCount -= 1;
      this.#files.readEnded();
    }
  }

  sizeSync(): number {
    return this.#use().sizeSync();
  }

  closeSync(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#files.closed(this);
    this.#file?.closeSync();
    this.#file = null;
  }

  /**
   * Closes the file until it is read again. False when it could not be known again later, and so stays open. An error of
   * closing is of no interest: nothing was written.
   */
  rest(): boolean {
    const file = this.#file!;
    try {
      this.#identity = file.identitySync();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return false;
    }
    this.#file = null;
    this.#files.closed(this);
    quietly(() => file.closeSync());
    return true;
  }

  #use(): RandomAccessFile {
    this.lastUse = this.#files.nextUse();
    return this.#file ?? this.#wake();
  }

  #wake(): RandomAccessFile {
    assert(!this.#isClosed, 'A closed file must not be used');
    const file = this.#files.openFor(this);
    try {
      this.#checkIdentity(file);
    } catch (error) {
      this.#files.closed(this);
      quietly(() => file.closeSync());
      throw error;
    }
    this.#file = file;
    return file;
  }

  /** The path may lead elsewhere by now. */
  #checkIdentity(file: RandomAccessFile): void {
    const known = this.#identity!;
    const { device, inode } = file.identitySync();
    if (device === known.device && inode === known.inode) return;
    const message = `Cannot read table ${this.path}: there is another file in its place`;
    throw new StorageError('CORRUPTION', message, { file: this.path, where: 'sst.identity' });
  }
}
