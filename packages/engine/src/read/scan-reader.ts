/**
 * A range read in arrays: as many entries per call as the caller wants, at the cost of one promise.
 *
 * What is in memory is taken in one synchronous walk. A block that is missing is loaded on the thread pool, and the walk goes
 * on where it was; a long walk gives the event loop a turn every few milliseconds.
 */
import { CursorStatus, StorageError } from '@varve/base';
import type { Encoding } from '../encoding/index.js';
import { VisibleCursor } from '../iterators/index.js';
import { afterKey, encodeKey } from './range.js';
import type { RangeCursor } from './range-cursor.js';
import { openRange, type Scanned, STEPS_PER_CLOCK_READ, TURN_LIMIT_MS } from './scanned.js';

/** How much `read` gives. */
export interface ReadCountOptions {
  /** Stop with the entry that brings keys and values together to this many bytes; never before one. @defaultValue Infinity */
  readonly sizeBytesMax?: number;
}

/** Where the next entry comes from. */
type Position = 'edge' | 'target' | 'behind' | 'end';

const NO_OPTIONS: ReadCountOptions = {};
const NO_TARGET = new Uint8Array(0);

/**
 * An open range of a keyspace, as of the moment it was opened; it holds the files and memory it may read until it is closed
 * (`using reader = db.entries().reader()`).
 */
export class ScanReader<T, K> {
  readonly #scanned: Scanned<T>;
  readonly #key: Encoding<K>;
  readonly #cursor: RangeCursor;
  #position: Position = 'edge';
  #target: Uint8Array = NO_TARGET;
  #remaining: number;
  #isReading = false;
  /** What went wrong where the cursor stands. */
  #failure: { readonly error: unknown } | null = null;
  #stepsToClock = STEPS_PER_CLOCK_READ;
  #turnStartMs: number;

  /** Made by `reader()` of a scan. */
  constructor(scanned: Scanned<T>, key: Encoding<K>) {
    this.#scanned = scanned;
    this.#key = key;
    this.#remaining = scanned.range.limit;
    this.#cursor = openRange(scanned, 'async');
    scanned.host.handles.watch(this, this.#cursor, 'reader');
    this.#turnStartMs = scanned.host.monotonicMs();
  }

  /**
   * The next entries, at most `count`; none when the range has ended. Rejects with BUSY before the read before has ended,
   * ITERATOR_CLOSED, CORRUPTION, IO. After an error of reading the place is lost: every read gives the same error, until
   * `seek`.
   * @throws RangeError unless `count` is a positive integer
   */
  read(count: number, options: ReadCountOptions = NO_OPTIONS): Promise<T[]> {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`Cannot read entries: count must be a positive integer: ${count}`);
    }
    try {
      this.#assertIdle();
      if (this.#failure !== null) throw this.#failure.error;
      const wanted = new Wanted<T>(
        Math.min(count, this.#remaining),
        options.sizeBytesMax ?? Infinity,
      );
      const status = this.#fillGuarded(wanted, BETWEEN_STEPS);
      if (status === CursorStatus.READY) return Promise.resolve(wanted.items);
      return this.#fillLater(wanted, status);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** To the first entry of the range at or after `key`; in a reversed range, to the last at or before it. */
  seek(key: K): void {
    this.#assertIdle();
    const target = encodeKey(this.#key, key);
    this.#target = this.#scanned.range.reverse ? afterKey(target) : target;
    this.#position = 'target';
    this.#failure = null;
  }

  /** Gives back what the range holds. A read that waits for the disk is rejected. May be called more than once. */
  close(): void {
    this.#cursor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #assertIdle(): void {
    this.#cursor.assertOpen();
    if (!this.#isReading) return;
    throw new StorageError('BUSY', 'Cannot use this reader: its read before has not ended');
  }

  /** Fills, or resumes the step that has not ended and fills. */
  #fillGuarded(wanted: Wanted<T>, firstStatus: number): number {
    try {
      let status = firstStatus === BETWEEN_STEPS ? this.#fill(wanted) : this.#resume(wanted);
      while (status === VisibleCursor.YIELD && !this.#turnIsOver()) status = this.#resume(wanted);
      return status;
    } catch (error) {
      this.#failure = { error };
      throw error;
    }
  }

  /**
   * READY when `wanted` has what it wants or the range has ended; PENDING when a block is missing; YIELD when a step has
   * paused; BETWEEN_STEPS when the turn is over.
   */
  #fill(wanted: Wanted<T>): number {
    if (this.#position !== 'behind' && this.#position !== 'end' && wanted.wantsMore) {
      const status = this.#enter();
      if (status !== CursorStatus.READY) return status;
      this.#take(wanted);
    }
    return this.#position === 'end' ? CursorStatus.READY : this.#walk(wanted);
  }

  /** The first step, or the first after a seek. */
  #enter(): number {
    const { inner } = this.#cursor;
    const { reverse } = this.#scanned.range;
    if (this.#position === 'edge') return reverse ? inner.last() : inner.first();
    const target = this.#target;
    return reverse
      ? inner.seekBackward(target, 0, target.length)
      : inner.seek(target, 0, target.length);
  }

  #walk(wanted: Wanted<T>): number {
    const { inner } = this.#cursor;
    const { reverse } = this.#scanned.range;
    while (wanted.wantsMore) {
      this.#stepsToClock -= 1;
      if (this.#stepsToClock <= 0 && this.#turnIsOver()) return BETWEEN_STEPS;
      const status = reverse ? inner.previous() : inner.next();
      if (status !== CursorStatus.READY) return status;
      this.#take(wanted);
      if (!inner.valid) break;
    }
    return CursorStatus.READY;
  }

  #take(wanted: Wanted<T>): void {
    const { inner } = this.#cursor;
    if (!inner.valid) {
      this.#position = 'end';
      return;
    }
    wanted.items.push(this.#scanned.take(inner));
    wanted.sizeBytes += inner.keyLength + inner.valueLength;
    this.#position = 'behind';
    this.#remaining -= 1;
  }

  async #fillLater(wanted: Wanted<T>, firstStatus: number): Promise<T[]> {
    this.#isReading = true;
    try {
      let status = firstStatus;
      while (status !== CursorStatus.READY) {
        await (status === CursorStatus.PENDING ? this.#load() : this.#scanned.host.yieldTurn());
        this.#cursor.assertOpen();
        this.#turnStartMs = this.#scanned.host.monotonicMs();
        status = this.#fillGuarded(wanted, status);
      }
      return wanted.items;
    } finally {
      this.#isReading = false;
    }
  }

  async #load(): Promise<void> {
    try {
      await this.#cursor.load();
    } catch (error) {
      // Once it is closed, nobody is interested in how the read went.
      this.#cursor.assertOpen();
      this.#failure = { error };
      throw error;
    }
  }

  #resume(wanted: Wanted<T>): number {
    const status = this.#cursor.inner.resume();
    if (status !== CursorStatus.READY) return status;
    this.#take(wanted);
    return this.#fill(wanted);
  }

  #turnIsOver(): boolean {
    this.#stepsToClock = STEPS_PER_CLOCK_READ;
    return this.#scanned.host.monotonicMs() - this.#turnStartMs >= TURN_LIMIT_MS;
  }
}

/** Beside the statuses of cursors: the event loop is to have a turn before the walk begins or goes on. */
const BETWEEN_STEPS = -1;

/** What one call of `read` gathers. */
class Wanted<T> {
  readonly items: T[] = [];
  sizeBytes = 0;
  readonly #count: number;
  readonly #sizeBytesMax: number;

  constructor(count: number, sizeBytesMax: number) {
    this.#count = count;
    this.#sizeBytesMax = sizeBytesMax;
  }

  get wantsMore(): boolean {
    const { length } = this.items;
    return length < this.#count && (this.sizeBytes < this.#sizeBytesMax || length === 0);
  }
}
