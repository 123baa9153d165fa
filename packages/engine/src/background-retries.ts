/**
 * Background work that failed and is tried again.
 *
 * What fails is tried three times, with a pause between. After that it depends on why: what lacks something that may come
 * back, such as space on the disk, goes on trying for as long as the database is open, and meanwhile the database is
 * suspended, and those attempts count for nothing else; so does what nothing can take the place of, at longer intervals,
 * while it is only the disk that fails. Anything else is given up.
 */
import { type Clock, isStorageError, type StorageError, type Timer } from '@varve/base';

/** Something that is tried until it succeeds: remembers how often it has failed. */
export interface RetriedWork {
  /** But for those that lacked something. */
  failureCount: number;
  /** Failures that lacked something. Default: none. */
  lackCount?: number;
  /** Whether writing depends on it: it is not given up for a disk that fails. Default: false. */
  readonly isEssential?: boolean;
  /** Whether the space that is kept for flushes is given up for it. Default: true. */
  readonly mayUseReserve?: boolean;
}

interface Pause {
  readonly timer: Timer;
  readonly dueMs: number;
  readonly again: () => void;
}

interface Suspension {
  readonly error: StorageError;
  readonly sinceMs: number;
}

const ATTEMPT_COUNT_MAX = 3;
const RETRY_DELAY_MS = 1000;
/** Doubled with every failure. */
const LACK_DELAY_MS_MIN = 100;
/** Work goes on within a second of the moment when what it lacked is there. */
const LACK_DELAY_MS_MAX = 500;
/** After three attempts at what the disk fails; doubled with every failure. */
const DISK_DELAY_MS_MIN = 5000;
const DISK_DELAY_MS_MAX = 60_000;

export class BackgroundRetries {
  readonly #clock: Clock;
  readonly #pauses = new Map<RetriedWork, Pause>();
  readonly #suspended = new Map<RetriedWork, Suspension>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What work lacks that goes on trying; null when all is well. */
  get suspension(): StorageError | null {
    for (const { error } of this.#suspended.values()) return error;
    return null;
  }

  /** Whether any work has failed that is to be tried again. */
  get isWaiting(): boolean {
    return this.#pauses.size > 0;
  }

  /** Since when work has been suspended, in milliseconds; 0 when it is not. */
  get suspendedMs(): number {
    for (const { sinceMs } of this.#suspended.values()) return this.#clock.monotonicMs() - sinceMs;
    return 0;
  }

  /** The work cannot be done for now, without having been tried three times. */
  suspend(work: RetriedWork, error: StorageError): void {
    this.#suspended.set(work, { error, sinceMs: this.#clock.monotonicMs() });
  }

  /** The work failed: arranges for `again` to be called, or answers `'given up'`. */
  failed(work: RetriedWork, error: Error, again: () => void): 'again' | 'given up' {
    if (countFailure(work, error) >= ATTEMPT_COUNT_MAX) {
      if (!mayPass(error, work)) return 'given up';
      const sinceMs = this.#suspended.get(work)?.sinceMs ?? this.#clock.monotonicMs();
      this.#suspended.set(work, { error, sinceMs });
    }
    this.#pause(work, delayMsAfter(error, work), again);
    return 'again';
  }

  /** The work succeeded, or is given up. True when that ended the last suspension. */
  ended(work: RetriedWork): boolean {
    work.failureCount = 0;
    work.lackCount = 0;
    return this.#suspended.delete(work) && this.#suspended.size === 0;
  }

  /**
   * For a caller who is blocked until the work is done: does not wait for the pauses. Suspended work is tried no more often
   * than otherwise, since the caller is told instead of kept.
   */
  runNow(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [work, { timer, dueMs, again }] of [...this.#pauses]) {
      if (this.#suspended.has(work) && nowMs < dueMs) continue;
      timer.cancel();
      this.#pauses.delete(work);
      again();
    }
  }

  /** Whether the work has failed and its next attempt is still to come. */
  isPausing(work: RetriedWork): boolean {
    return this.#pauses.has(work);
  }

  /** Nothing is tried again. */
  cancelAll(): void {
    for (const { timer } of this.#pauses.values()) timer.cancel();
    this.#pauses.clear();
  }

  #pause(work: RetriedWork, delayMs: number, again: () => void): void {
    this.#pauses.get(work)?.timer.cancel();
    const timer = this.#clock.delay(delayMs, () => {
      this.#pauses.delete(work);
      again();
    });
    this.#pauses.set(work, { timer, again, dueMs: this.#clock.monotonicMs() + delayMs });
  }
}

/** Gives how many failures of the kind there are now. */
function countFailure(work: RetriedWork, error: Error): number {
  if (!isLackOf(error)) return ++work.failureCount;
  work.lackCount = (work.lackCount ?? 0) + 1;
  return work.lackCount;
}

function mayPass(error: Error, { isEssential = false }: RetriedWork): error is StorageError {
  return isLackOf(error) || (isEssential && isOfHost(error));
}

function delayMsAfter(error: Error, { failureCount, lackCount = 0 }: RetriedWork): number {
  if (isLackOf(error)) return Math.min(LACK_DELAY_MS_MAX, LACK_DELAY_MS_MIN * 2 ** lackCount);
  if (failureCount < ATTEMPT_COUNT_MAX) return RETRY_DELAY_MS;
  return Math.min(DISK_DELAY_MS_MAX, DISK_DELAY_MS_MIN * 2 ** (failureCount - ATTEMPT_COUNT_MAX));
}

/** Whether the disk or the memory of the machine is at fault. */
function isOfHost(error: Error): error is StorageError {
  return isStorageError(error) && (error.code === 'IO' || error.code === 'BUSY');
}

/** Whether something was missing that may be there again later without anybody opening the database again. */
export function isLackOf(error: unknown): error is StorageError {
  if (!isStorageError(error)) return false;
  return error.code === 'NO_SPACE' || error.code === 'TOO_MANY_FILES';
}
