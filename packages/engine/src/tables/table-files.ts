/**
 * The files of open tables, of which not all need to be open: the least recently used ones are closed when there are too
 * many, and opened again when they are read.
 *
 * A table stays open (its index and filter in memory) while its file is not. Blocks in the cache are found without coming
 * here; a read of the disk costs a thousand times what is looked at here.
 */
import { isStorageError } from '@varve/base';
import type { FileSystem, RandomAccessFile, ReadableFile } from '@varve/vfs';
import { type FileKeeper, RestingFile } from './resting-file.js';

export interface TableFilesOptions {
  readonly fileSystem: FileSystem;
  /** How many files are open at most, but for those being read. */
  readonly openCountMax: number;
}

/** Files closed at once when the system has no more: what failed may need several, and the next ones too. */
const GIVEN_BACK_SHARE = 0.25;
const GIVEN_BACK_COUNT_MIN = 16;

export class TableFiles implements FileKeeper {
  readonly #fileSystem: FileSystem;
  readonly #openCountMax: number;
  readonly #open = new Set<RestingFile>();
  #useCount = 0;

  constructor({ fileSystem, openCountMax }: TableFilesOptions) {
    this.#fileSystem = fileSystem;
    this.#openCountMax = openCountMax;
  }

  /** How many files are open now. */
  get openCount(): number {
    return this.#open.size;
  }

  existsSync(path: string): boolean {
    return this.#fileSystem.existsSync(path);
  }

  /** Opens a file. Errors: as the file system; TOO_MANY_FILES only when closing others has not helped. */
  openSync(path: string, _mode: 'read'): ReadableFile {
    return new RestingFile(path, this);
  }

  /** Closes files that nothing reads now, least recently used first, because somebody needs theirs. Gives how many. */
  giveBack(): number {
    const share = Math.ceil(this.#open.size * GIVEN_BACK_SHARE);
    return this.#closeIdle(Math.max(share, GIVEN_BACK_COUNT_MIN));
  }

  /** What `action` gives, which may fail for want of a file without having changed anything: it is then called once more. */
  sparing<Result>(action: () => Result): Result {
    try {
      return action();
    } catch (error) {
      this.#giveBackFor(error);
      return action();
    }
  }

  /** As `sparing`, for what ends later. */
  async sparingLater<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action();
    } catch (error) {
      this.#giveBackFor(error);
      return action();
    }
  }

  openFor(owner: RestingFile): RandomAccessFile {
    const file = this.sparing(() => this.#fileSystem.openSync(owner.path, 'read'));
    this.#keepLimit(this.#openCountMax - 1);
    this.#open.add(owner);
    return file;
  }

  nextUse(): number {
    this.#useCount += 1;
    return this.#useCount;
  }

  readEnded(): void {
    this.#keepLimit(this.#openCountMax);
  }

  closed(owner: RestingFile): void {
    this.#open.delete(owner);
  }

  /** Throws what was thrown, unless files were closed for want of which it may have been. */
  #giveBackFor(error: unknown): void {
    if (!isStorageError(error) || error.code !== 'TOO_MANY_FILES') throw error;
    if (this.giveBack() === 0) throw error;
  }

  #keepLimit(openCountMax: number): void {
    if (this.#open.size > openCountMax) this.#closeIdle(this.#open.size - openCountMax);
  }

  #closeIdle(count: number): number {
    const idle = [...this.#open].filter((file) => file.isIdle);
    idle.sort((a, b) => a.lastUse - b.lastUse);
    let closedCount = 0;
    for (const file of idle.slice(0, count)) if (file.rest()) closedCount += 1;
    return closedCount;
  }
}
