/**
 * Space kept for the day when the disk is full: enough for the flush of one memtable and the edit that names its tables.
 *
 * It is made in the background when the database has grown enough, so a small one costs nothing. It is given up when
 * anything fails for want of space, and made again when writing goes on; a lost log is not replaced before there is as much
 * space as it took, or writers would use up what was meant for the flush.
 */
import { isStorageError, StorageError } from '@varve/base';
import { type FileSystem, freeBytesAt } from '@varve/vfs';
import type { ReserveSpaceJob } from './directory/index.js';

export interface SpaceReserveOptions {
  readonly fileSystem: FileSystem;
  readonly path: string;
  /** 0: there is none. */
  readonly sizeBytes: number;
  /** Whether the database is large enough for it. */
  readonly isWorthIt: () => boolean;
  /** Runs the job in the background; `done` gets whether there was space. */
  readonly submit: (job: ReserveSpaceJob, done: (isReserved: boolean) => void) => void;
}

export class SpaceReserve {
  readonly #options: SpaceReserveOptions;
  #state: 'unknown' | 'absent' | 'making' | 'present' = 'unknown';
  #wasGivenUp = false;

  constructor(options: SpaceReserveOptions) {
    this.#options = options;
  }

  /** Makes the reserve in the background, if it is not there and there is twice its size. */
  ensure(): void {
    const { path, sizeBytes, submit, isWorthIt } = this.#options;
    if (sizeBytes === 0 || !isWorthIt()) return;
    if (this.#state === 'unknown') this.#state = this.#isThere() ? 'present' : 'absent';
    if (this.#state !== 'absent' || this.#freeBytes() < 2 * sizeBytes) return;
    this.#state = 'making';
    submit({ kind: 'reserveSpace', path, sizeBytes }, (isReserved) => {
      this.#state = isReserved ? 'present' : 'absent';
      if (isReserved) this.#wasGivenUp = false;
    });
  }

  /** The disk is full: gives the space back. Costs a look at the directory the first time, and the removal. */
  giveUp(): void {
    const { fileSystem, path, sizeBytes } = this.#options;
    if (sizeBytes === 0 || this.#state === 'absent' || this.#state === 'making') return;
    this.#state = 'absent';
    try {
      if (!fileSystem.existsSync(path)) return;
      fileSystem.removeSync(path);
      this.#wasGivenUp = true;
    } catch (error) {
      if (!isStorageError(error)) throw error;
    }
  }

  /** @throws StorageError NO_SPACE while there is less space than the reserve took that was given up */
  checkReturned(): void {
    const { path, sizeBytes } = this.#options;
    const freeBytes = this.#wasGivenUp ? this.#freeBytes() : sizeBytes;
    if (freeBytes >= sizeBytes) return;
    const message = `Cannot go on: ${freeBytes} bytes are free on the disk, ${sizeBytes} are needed`;
    throw new StorageError('NO_SPACE', message, {
      file: path,
      expected: sizeBytes,
      actual: freeBytes,
    });
  }

  #isThere(): boolean {
    const { fileSystem, path, sizeBytes } = this.#options;
    try {
      return fileSystem.existsSync(path) && fileSystem.statSync(path).sizeBytes >= sizeBytes;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return false;
    }
  }

  #freeBytes(): number {
    const { fileSystem, path } = this.#options;
    return freeBytesAt(fileSystem, path.slice(0, path.lastIndexOf('/')));
  }
}
