/**
 * The iterators over entries, keys and values: each a kind of abstract-level's, reading ahead from the engine.
 */
import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractKeyIterator,
  type AbstractKeyIteratorOptions,
  AbstractValueIterator,
  type AbstractValueIteratorOptions,
} from 'abstract-level';
import type { LevelData } from './level-encodings.js';
import type { ReadAhead } from './read-ahead.js';

/** An entry in the format that abstract-level decodes; what was not asked for is undefined. */
export type LevelEntry = [LevelData | undefined, LevelData | undefined];

/** Entries of a range. Made by `VarveLevel.iterator()`. */
export class VarveIterator<TDatabase, K, V> extends AbstractIterator<TDatabase, K, V> {
  readonly #ahead: ReadAhead<LevelEntry>;

  constructor(db: TDatabase, options: AbstractIteratorOptions<K, V>, ahead: ReadAhead<LevelEntry>) {
    super(db, options);
    this.#ahead = ahead;
  }

  /** Called by abstract-level, as the following. */
  _next(): LevelEntry | undefined | Promise<LevelEntry | undefined> {
    return this.#ahead.next();
  }

  _nextv(size: number): LevelEntry[] | Promise<LevelEntry[]> {
    return this.#ahead.nextv(size);
  }

  _all(): Promise<LevelEntry[]> {
    return this.#ahead.all(this.limit - this.count);
  }

  _seek(target: LevelData): void {
    this.#ahead.seek(target);
  }

  async _close(): Promise<void> {
    this.#ahead.close();
  }
}

/** Keys of a range. Made by `VarveLevel.keys()`. */
export class VarveKeyIterator<TDatabase, K> extends AbstractKeyIterator<TDatabase, K> {
  readonly #ahead: ReadAhead<LevelData>;

  constructor(db: TDatabase, options: AbstractKeyIteratorOptions<K>, ahead: ReadAhead<LevelData>) {
    super(db, options);
    this.#ahead = ahead;
  }

  /** Called by abstract-level, as the following. */
  _next(): LevelData | undefined | Promise<LevelData | undefined> {
    return this.#ahead.next();
  }

  _nextv(size: number): LevelData[] | Promise<LevelData[]> {
    return this.#ahead.nextv(size);
  }

  _all(): Promise<LevelData[]> {
    return this.#ahead.all(this.limit - this.count);
  }

  _seek(target: LevelData): void {
    this.#ahead.seek(target);
  }

  async _close(): Promise<void> {
    this.#ahead.close();
  }
}

/** Values of a range. Made by `VarveLevel.values()`. */
export class VarveValueIterator<TDatabase, K, V> extends AbstractValueIterator<TDatabase, K, V> {
  readonly #ahead: ReadAhead<LevelData>;

  constructor(
    db: TDatabase,
    options: AbstractValueIteratorOptions<K, V>,
    ahead: ReadAhead<LevelData>,
  ) {
    super(db, options);
    this.#ahead = ahead;
  }

  /** Called by abstract-level, as the following. */
  _next(): LevelData | undefined | Promise<LevelData | undefined> {
    return this.#ahead.next();
  }

  _nextv(size: number): LevelData[] | Promise<LevelData[]> {
    return this.#ahead.nextv(size);
  }

  _all(): Promise<LevelData[]> {
    return this.#ahead.all(this.limit - this.count);
  }

  _seek(target: LevelData): void {
    this.#ahead.seek(target);
  }

  async _close(): Promise<void> {
    this.#ahead.close();
  }
}
