/**
 * What the three kinds of iterators share: items read from the engine in arrays, and given out one by one or as they come.
 *
 * The first `next()` reads one item, since many iterators are opened for one; the following read ahead, more each time.
 */
import type { RangeOptions, ScanReader } from '@varve/engine';
import type { LevelData } from './level-encodings.js';
import { abortError, toLevelError } from './level-error.js';
import { isInRange } from './level-range.js';

/** How an iterator is to read. */
export interface ReadAheadOptions {
  readonly bounds: RangeOptions<LevelData>;
  /** Aborts a read that is under way. */
  readonly signal: AbortSignal | null | undefined;
  /** An array is full with the item that reaches this many bytes of keys and values. */
  readonly highWaterMarkBytes: number | undefined;
}

/** Most items that `next()` reads ahead. */
const AHEAD_COUNT_MAX = 1000;
/** Each time `next()` has to read, it reads this many times as much as the time before. */
const AHEAD_GROWTH = 8;
/** Most bytes that `next()` reads ahead. */
const AHEAD_SIZE_BYTES_MAX = 64 * 1024;
/** Most bytes that one `nextv()` gives, unless the iterator says otherwise. */
const HIGH_WATER_MARK_BYTES = 1024 * 1024;

export class ReadAhead<T> {
  readonly #reader: ScanReader<T, LevelData>;
  readonly #bounds: RangeOptions<LevelData>;
  readonly #signal: AbortSignal | null;
  readonly #sizeBytesMax: number;
  #items: T[] = [];
  #position = 0;
  #aheadCount = 1;
  /** A seek out of the range leaves nothing to read, until the next one. */
  #isOutside = false;

  constructor(reader: ScanReader<T, LevelData>, options: ReadAheadOptions) {
    this.#reader = reader;
    this.#bounds = options.bounds;
    this.#sizeBytesMax = options.highWaterMarkBytes ?? HIGH_WATER_MARK_BYTES;
    this.#signal = options.signal ?? null;
    this.#signal?.addEventListener('abort', this.#abort, { once: true });
  }

  /** The next item, if it was read ahead and reading was not aborted. */
  takeReady(): T | undefined {
    if (this.#position === this.#items.length || this.#signal?.aborted) return undefined;
    return this.#items[this.#position++];
  }

  /** The next item, or undefined at the end. */
  next(): T | undefined | Promise<T | undefined> {
    if (this.#position < this.#items.length) return this.#items[this.#position++];
    if (this.#isOutside) return undefined;
    return this.#readAndTake();
  }

  /** At most `size` items; none at the end. */
  nextv(size: number): T[] | Promise<T[]> {
    if (this.#position < this.#items.length) return this.#takeAhead(size);
    return this.#isOutside ? [] : this.#read(size, this.#sizeBytesMax);
  }

  /** All items that are left, at most `count`. */
  async all(count: number): Promise<T[]> {
    if (count === 0) return [];
    const ahead = this.#takeAhead(count);
    if (this.#isOutside || ahead.length >= count) return ahead;
    const wanted = Math.min(count - ahead.length, Number.MAX_SAFE_INTEGER);
    const rest = await this.#read(wanted, Number.POSITIVE_INFINITY);
    return ahead.length === 0 ? rest : ahead.concat(rest);
  }

  /** To the item of the key at or after the target, or at or before it in reverse. */
  seek(target: LevelData): void {
    this.#items = [];
    this.#position = 0;
    this.#aheadCount = 1;
    this.#isOutside = !isInRange(this.#bounds, target);
    if (!this.#isOutside) this.#reader.seek(target);
  }

  close(): void {
    this.#items = [];
    this.#position = 0;
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#reader.close();
  }

  readonly #abort = (): void => this.#reader.close();

  async #readAndTake(): Promise<T | undefined> {
    const count = this.#aheadCount;
    this.#aheadCount = Math.min(count * AHEAD_GROWTH, AHEAD_COUNT_MAX);
    this.#items = await this.#read(count, Math.min(this.#sizeBytesMax, AHEAD_SIZE_BYTES_MAX));
    this.#position = 1;
    return this.#items[0];
  }

  #takeAhead(size: number): T[] {
    const start = this.#position;
    const items = this.#items.slice(start, start + size);
    this.#position = start + items.length;
    return items;
  }

  async #read(count: number, sizeBytesMax: number): Promise<T[]> {
    let items: T[];
    try {
      items = await this.#reader.read(count, { sizeBytesMax });
    } catch (error) {
      throw this.#signal?.aborted ? abortError() : toLevelError(error);
    }
    if (this.#signal?.aborted) throw abortError();
    return items;
  }
}
