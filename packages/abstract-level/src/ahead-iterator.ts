/**
 * What the iterators over entries, keys and values have in common: each extends a class of abstract-level, and reads ahead
 * from the engine.
 *
 * abstract-level counts what goes through its `next`, `nextv` and `all`. A loop takes items past it, so those are counted here;
 * with a limit, which abstract-level keeps by that count, a loop goes through `next` as well.
 */
import { decodeError, type Iterated, Iteration, NOT_READY } from './iteration.js';
import type { LevelData } from './level-encodings.js';
import type { ReadAhead } from './read-ahead.js';

/** The part of abstract-level's iterators that is used here. */
declare class IteratorOfLevel {
  constructor(db: unknown, options: object);
  get limit(): number;
  get count(): number;
}

/** Members that are added to a class of abstract-level; `T` is an item as users see it. */
export interface ReadsAhead<T> extends Iterated<T> {
  [Symbol.asyncIterator](): AsyncGenerator<T, void, unknown>;
}

/** Extends a class of abstract-level, whose constructor then takes what to read from as well. */
export function readingAhead<TItem>(
  Base: unknown,
  decoderOf: (options: object) => (item: TItem) => unknown,
): unknown {
  return class extends (Base as typeof IteratorOfLevel) {
    readonly #ahead: ReadAhead<TItem>;
    readonly #decode: (item: TItem) => unknown;
    /** Items that a loop took past abstract-level. */
    #loopedCount = 0;

    constructor(db: unknown, options: object, ahead: ReadAhead<TItem>) {
      super(db, options);
      this.#ahead = ahead;
      this.#decode = decoderOf(options);
    }

    /** How many items were given so far. */
    override get count(): number {
      return super.count + this.#loopedCount;
    }

    [Symbol.asyncIterator](): Iteration<unknown> {
      return new Iteration<unknown>(this as unknown as Iterated<unknown>);
    }

    /** For a loop: the next item that is in memory. */
    takeReady(): unknown {
      const item = this.limit === Number.POSITIVE_INFINITY ? this.#ahead.takeReady() : undefined;
      if (item === undefined) return NOT_READY;
      this.#loopedCount += 1;
      try {
        return this.#decode(item);
      } catch (error) {
        throw decodeError(error);
      }
    }

    /** Called by abstract-level, as the following. */
    _next(): TItem | undefined | Promise<TItem | undefined> {
      return this.#ahead.next();
    }

    _nextv(size: number): TItem[] | Promise<TItem[]> {
      return this.#ahead.nextv(size);
    }

    _all(): Promise<TItem[]> {
      return this.#ahead.all(this.limit - this.count);
    }

    _seek(target: LevelData): void {
      this.#ahead.seek(target);
    }

    async _close(): Promise<void> {
      this.#ahead.close();
    }
  };
}
