/**
 * What `entries()`, `keys()` and `values()` give: one object for `for` and for `for await`.
 *
 * Nothing is opened before iteration starts, and each iteration opens its own range. `for` reads missing blocks as it
 * goes; `for await` loads them on the thread pool and gives the event loop a turn every few milliseconds.
 */
import { CursorStatus } from '@varve/base';
import { VisibleCursor } from '../iterators/index.js';
import type { ReadFormat } from './point-reader.js';
import { encodeRange, type RangeOptions } from './range.js';
import type { RangeCursor, RangeHost } from './range-cursor.js';
import { ScanReader } from './scan-reader.js';
import { openRange, type Scanned, STEPS_PER_CLOCK_READ, TURN_LIMIT_MS } from './scanned.js';
import type { Take } from './take.js';

/** An iterable for `for` and for `for await`. */
export interface Scan<T, K = unknown> extends Iterable<T>, AsyncIterable<T> {
  [Symbol.iterator](): IterableIterator<T>;
  [Symbol.asyncIterator](): AsyncIterableIterator<T>;
  /**
   * Opens the range for reading in arrays, at its state of now: the cheapest way to get many entries as objects. Close it
   * when done.
   */
  reader(): ScanReader<T, K>;
}

/**
 * Checks the range and gives its scan.
 * @throws TypeError, RangeError for a range that is none
 */
export function makeScan<K, V, T>(
  host: RangeHost,
  format: ReadFormat<K, V>,
  options: { readonly range: RangeOptions<K>; readonly take: Take<T> },
): Scan<T, K> {
  const range = encodeRange(format.key, options.range);
  const scanned = { host, keyspaceId: format.keyspaceId, range, take: options.take };
  return {
    [Symbol.iterator]: () => new SyncIterator(scanned),
    [Symbol.asyncIterator]: () => new AsyncIterator(scanned),
    reader: () => new ScanReader(scanned, format.key),
  };
}

class SyncIterator<T> implements IterableIterator<T> {
  readonly #scanned: Scanned<T>;
  readonly #take: Take<T>;
  readonly #reverse: boolean;
  #cursor: RangeCursor | null = null;
  #remaining: number;
  #done = false;

  constructor(scanned: Scanned<T>) {
    this.#scanned = scanned;
    this.#take = scanned.take;
    this.#reverse = scanned.range.reverse;
    this.#remaining = scanned.range.limit;
  }

  [Symbol.iterator](): this {
    return this;
  }

  next(): IteratorResult<T, undefined> {
    if (this.#done || this.#remaining === 0) return this.return();
    try {
      const inner = this.#step();
      if (!inner.valid) return this.return();
      this.#remaining -= 1;
      return { done: false, value: this.#take(inner) };
    } catch (error) {
      this.return();
      throw error;
    }
  }

  return(): { done: true; value: undefined } {
    this.#done = true;
    this.#cursor?.close();
    return { done: true, value: undefined };
  }

  #step(): VisibleCursor {
    const cursor = this.#cursor;
    if (cursor === null) {
      this.#cursor = openRange(this.#scanned, 'sync');
      const { inner } = this.#cursor;
      if (this.#reverse) inner.last();
      else inner.first();
      return inner;
    }
    cursor.assertOpen();
    const { inner } = cursor;
    if (this.#reverse) inner.previous();
    else inner.next();
    return inner;
  }
}

class AsyncIterator<T> implements AsyncIterableIterator<T> {
  readonly #scanned: Scanned<T>;
  #cursor: RangeCursor | null = null;
  #remaining: number;
  #done = false;
  #stepsToClock = STEPS_PER_CLOCK_READ;
  #turnStartMs = 0;
  /** The step that has not ended: steps asked for meanwhile queue behind it. */
  #running: Promise<unknown> | null = null;

  constructor(scanned: Scanned<T>) {
    this.#scanned = scanned;
    this.#remaining = scanned.range.limit;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#running !== null) return this.#queue(() => this.next());
    try {
      if (this.#done || this.#remaining === 0) return Promise.resolve(this.#finish());
      this.#stepsToClock -= 1;
      if (this.#stepsToClock === 0 && this.#turnIsOver()) return this.#yieldThenStep();
      const status = this.#step();
      if (status === CursorStatus.READY) return Promise.resolve(this.#result());
      return this.#finishStep(status);
    } catch (error) {
      this.#finish();
      return Promise.reject(error);
    }
  }

  return(): Promise<{ done: true; value: undefined }> {
    if (this.#running !== null) return this.#queue(() => this.return());
    return Promise.resolve(this.#finish());
  }

  #queue<R>(call: () => Promise<R>): Promise<R> {
    return this.#running!.then(call, call);
  }

  #step(): number {
    const { reverse } = this.#scanned.range;
    if (this.#cursor === null) {
      this.#cursor = openRange(this.#scanned, 'async');
      this.#scanned.host.handles.watch(this, this.#cursor, 'iterator');
      this.#turnStartMs = this.#scanned.host.monotonicMs();
      return reverse ? this.#cursor.inner.last() : this.#cursor.inner.first();
    }
    this.#cursor.assertOpen();
    return reverse ? this.#cursor.inner.previous() : this.#cursor.inner.next();
  }

  #result(): IteratorResult<T, undefined> {
    const { inner } = this.#cursor!;
    if (!inner.valid) return this.#finish();
    this.#remaining -= 1;
    return { done: false, value: this.#scanned.take(inner) };
  }

  #finish(): { done: true; value: undefined } {
    this.#done = true;
    this.#cursor?.close();
    return { done: true, value: undefined };
  }

  /** The result of a step that waits for a block, or has skipped many entries. */
  #finishStep(firstStatus: number): Promise<IteratorResult<T, undefined>> {
    const status = this.#resumeInTurn(firstStatus);
    if (status === CursorStatus.READY) return Promise.resolve(this.#result());
    return this.#run(async () => {
      await this.#waitOut(status);
      return this.#result();
    });
  }

  /** Goes on with a step that has paused, for as long as the turn lasts. */
  #resumeInTurn(firstStatus: number): number {
    let status = firstStatus;
    while (status === VisibleCursor.YIELD && !this.#turnIsOver()) {
      status = this.#cursor!.inner.resume();
    }
    return status;
  }

  async #waitOut(firstStatus: number): Promise<void> {
    const cursor = this.#cursor!;
    let status = firstStatus;
    while (status !== CursorStatus.READY) {
      try {
        await (status === CursorStatus.PENDING ? cursor.load() : this.#scanned.host.yieldTurn());
      } finally {
        // Once it is closed, nobody is interested in how the read went.
        cursor.assertOpen();
      }
      this.#turnStartMs = this.#scanned.host.monotonicMs();
      status = this.#resumeInTurn(cursor.inner.resume());
    }
  }

  #turnIsOver(): boolean {
    this.#stepsToClock = STEPS_PER_CLOCK_READ;
    return this.#scanned.host.monotonicMs() - this.#turnStartMs >= TURN_LIMIT_MS;
  }

  #yieldThenStep(): Promise<IteratorResult<T, undefined>> {
    return this.#run(async () => {
      await this.#scanned.host.yieldTurn();
      this.#turnStartMs = this.#scanned.host.monotonicMs();
      return undefined;
    }).then(() => this.next());
  }

  /** Runs the one step that may wait; an error ends the iteration. */
  #run<R>(step: () => Promise<R>): Promise<R> {
    const running = step().then(
      (result) => {
        this.#running = null;
        return result;
      },
      (error) => {
        this.#running = null;
        this.#finish();
        throw error;
      },
    );
    this.#running = running;
    return running;
  }
}
