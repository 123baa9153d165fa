/**
 * The iterators over entries, keys and values: each a kind of abstract-level's, reading ahead from the engine.
 *
 * abstract-level counts what goes through its `next`, `nextv` and `all`. A loop takes items past it, so those are counted here;
 * with a limit, which abstract-level keeps by that count, a loop goes through `next` as well.
 */
import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractKeyIterator,
  type AbstractKeyIteratorOptions,
  AbstractValueIterator,
  type AbstractValueIteratorOptions,
} from 'abstract-level';
import { decodeError, type Iterated, Iteration, NOT_READY } from './iteration.js';
import type { LevelData } from './level-encodings.js';
import type { ReadAhead } from './read-ahead.js';

/** An entry in the format that abstract-level decodes; what was not asked for is undefined. */
export type LevelEntry = [LevelData | undefined, LevelData | undefined];

/** The part of an encoding that reads. */
interface Decoder<T> {
  decode(data: LevelData): T;
}

/** Encodings of an iterator, which abstract-level keeps under symbols of its own. */
function decoderOf<T>(options: object, symbol: unknown): Decoder<T> {
  return (options as Record<symbol, Decoder<T>>)[symbol as symbol]!;
}

const { keyEncoding, valueEncoding } = AbstractIterator as unknown as Record<string, symbol>;

/** Entries of a range. Made by `VarveLevel.iterator()`. */
export class VarveIterator<TDatabase, K, V>
  extends AbstractIterator<TDatabase, K, V>
  implements Iterated<[K, V]>
{
  readonly #ahead: ReadAhead<LevelEntry>;
  readonly #key: Decoder<K>;
  readonly #value: Decoder<V>;
  /** Items that a loop took past abstract-level. */
  #loopedCount = 0;

  constructor(db: TDatabase, options: AbstractIteratorOptions<K, V>, ahead: ReadAhead<LevelEntry>) {
    super(db, options);
    this.#ahead = ahead;
    this.#key = decoderOf(options, keyEncoding);
    this.#value = decoderOf(options, valueEncoding);
  }

  /** How many items were given so far. */
  override get count(): number {
    return super.count + this.#loopedCount;
  }

  override [Symbol.asyncIterator](): AsyncGenerator<[K, V], void, unknown> {
    const iteration = new Iteration<[K, V]>(this);
    return iteration as unknown as AsyncGenerator<[K, V], void, unknown>;
  }

  /** For a loop: the next item that is in memory. */
  takeReady(): [K, V] | typeof NOT_READY {
    const item = this.limit === Number.POSITIVE_INFINITY ? this.#ahead.takeReady() : undefined;
    if (item === undefined) return NOT_READY;
    this.#loopedCount += 1;
    try {
      const [key, value] = item;
      if (key !== undefined) item[0] = this.#key.decode(key) as unknown as LevelData;
      if (value !== undefined) item[1] = this.#value.decode(value) as unknown as LevelData;
      return item as unknown as [K, V];
    } catch (error) {
      throw decodeError(error);
    }
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
export class VarveKeyIterator<TDatabase, K>
  extends AbstractKeyIterator<TDatabase, K>
  implements Iterated<K>
{
  readonly #ahead: ReadAhead<LevelData>;
  readonly #key: Decoder<K>;
  /** Items that a loop took past abstract-level. */
  #loopedCount = 0;

  constructor(db: TDatabase, options: AbstractKeyIteratorOptions<K>, ahead: ReadAhead<LevelData>) {
    super(db, options);
    this.#ahead = ahead;
    this.#key = decoderOf(options, keyEncoding);
  }

  /** How many items were given so far. */
  override get count(): number {
    return super.count + this.#loopedCount;
  }

  override [Symbol.asyncIterator](): AsyncGenerator<K, void, unknown> {
    const iteration = new Iteration<K>(this);
    return iteration as unknown as AsyncGenerator<K, void, unknown>;
  }

  /** For a loop: the next item that is in memory. */
  takeReady(): K | typeof NOT_READY {
    const item = this.limit === Number.POSITIVE_INFINITY ? this.#ahead.takeReady() : undefined;
    if (item === undefined) return NOT_READY;
    this.#loopedCount += 1;
    try {
      return this.#key.decode(item);
    } catch (error) {
      throw decodeError(error);
    }
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
export class VarveValueIterator<TDatabase, K, V>
  extends AbstractValueIterator<TDatabase, K, V>
  implements Iterated<V>
{
  readonly #ahead: ReadAhead<LevelData>;
  readonly #value: Decoder<V>;
  /** Items that a loop took past abstract-level. */
  #loopedCount = 0;

  constructor(
    db: TDatabase,
    options: AbstractValueIteratorOptions<K, V>,
    ahead: ReadAhead<LevelData>,
  ) {
    super(db, options);
    this.#ahead = ahead;
    this.#value = decoderOf(options, valueEncoding);
  }

  /** How many items were given so far. */
  override get count(): number {
    return super.count + this.#loopedCount;
  }

  override [Symbol.asyncIterator](): AsyncGenerator<V, void, unknown> {
    const iteration = new Iteration<V>(this);
    return iteration as unknown as AsyncGenerator<V, void, unknown>;
  }

  /** For a loop: the next item that is in memory. */
  takeReady(): V | typeof NOT_READY {
    const item = this.limit === Number.POSITIVE_INFINITY ? this.#ahead.takeReady() : undefined;
    if (item === undefined) return NOT_READY;
    this.#loopedCount += 1;
    try {
      return this.#value.decode(item);
    } catch (error) {
      throw decodeError(error);
    }
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
