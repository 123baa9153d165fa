/**
 * Whether a merge that the disk had no space for is worth another attempt.
 *
 * It would write until the disk is full once more, which costs a processor, the disk, and whoever writes a log or a table
 * meanwhile. What it needs at most is known, the size of its inputs; how much of that it really needs is not, since what is
 * deleted is not written again. So it is tried when there is that much, or a good part more than there was: a few attempts
 * lead from nothing to all of it. And once a minute all the same, since it may need no more than there is.
 */
import { type Clock, isStorageError, StorageError } from '@varve/base';
import { type FileSystem, freeBytesAt } from '@varve/vfs';

export interface MergeSpaceOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly fileSystem: FileSystem;
  readonly directory: string;
  /** What the merge reads: it writes no more. */
  readonly inputSizeBytes: number;
}

/** A part of what is missing: with so much more an attempt is made. */
const GROWTH_DIVISOR = 4;
/** And with twice what there was, if it has grown by so much at least. */
const GROWTH_BYTES_MIN = 64 * 1024;
const PAUSE_MS_MAX = 60_000;

export class MergeSpace {
  readonly #options: MergeSpaceOptions;
  /** The least there was since the last attempt; null when there was none since. */
  #leastFreeBytes: number | null = null;
  /** Of the last attempt, as far as is known. */
  #sinceMs: number;

  constructor(options: MergeSpaceOptions) {
    this.#options = options;
    this.#sinceMs = options.clock.monotonicMs();
  }

  /** Why another attempt would fail as the last one did, of `error`; null if it may not, or nobody knows. */
  obstacleAfter(error: Error): StorageError | null {
    if (!isStorageError(error) || error.code !== 'NO_SPACE') return null;
    const { fileSystem, directory } = this.#options;
    const freeBytes = freeBytesAt(fileSystem, directory);
    const nowMs = this.#options.clock.monotonicMs();
    const isOverdue = nowMs - this.#sinceMs >= PAUSE_MS_MAX;
    if (!this.#isEnough(freeBytes) && !isOverdue) return this.#lackOf(freeBytes);
    this.#leastFreeBytes = null;
    this.#sinceMs = nowMs;
    return null;
  }

  #isEnough(freeBytes: number): boolean {
    const { inputSizeBytes } = this.#options;
    if (freeBytes >= inputSizeBytes) return true;
    const leastBytes = Math.min(this.#leastFreeBytes ?? freeBytes, freeBytes);
    this.#leastFreeBytes = leastBytes;
    const partBytes = leastBytes + (inputSizeBytes - leastBytes) / GROWTH_DIVISOR;
    return freeBytes >= Math.min(partBytes, leastBytes + Math.max(leastBytes, GROWTH_BYTES_MIN));
  }

  #lackOf(freeBytes: number): StorageError {
    const { directory, inputSizeBytes } = this.#options;
    const figures = `${freeBytes} bytes are free on the disk, up to ${inputSizeBytes} are needed`;
    return new StorageError('NO_SPACE', `Cannot merge tables in ${directory}: ${figures}`, {
      ...{ file: directory, expected: inputSizeBytes, actual: freeBytes },
    });
  }
}
