/**
 * `for await` over an iterator, without a turn through its `next()` for every item that is in memory already.
 *
 * abstract-level's own loop is a generator around `next()`: four promises an item. This one gives what was read ahead at once,
 * and asks `next()`, with its checks and its order, whenever nothing is ready or anything is out of the ordinary.
 */
import { LevelError } from './level-error.js';

/** What a loop needs of an iterator. */
export interface Iterated<T> {
  /** The next item that was read ahead, decoded; `NOT_READY` when `next()` is to be asked. */
  takeReady(): T | undefined | typeof NOT_READY;
  next(): Promise<T | undefined>;
  close(): Promise<void>;
}

/** Nothing was read ahead, or the iterator is in a state that `next()` has to answer for. */
export const NOT_READY = Symbol('not ready');

const DONE = { done: true, value: undefined } as const;

/** One loop. It closes the iterator when it ends, however it ends. */
export class Iteration<T> {
  readonly #iterated: Iterated<T>;
  /** The step that has not ended: steps asked for meanwhile queue behind it. */
  #running: Promise<unknown> | null = null;
  #isDone = false;

  constructor(iterated: Iterated<T>) {
    this.#iterated = iterated;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#running !== null) return this.#queue(() => this.next());
    if (this.#isDone) return Promise.resolve(DONE);
    try {
      const item = this.#iterated.takeReady();
      if (item !== NOT_READY && item !== undefined) {
        return Promise.resolve({ done: false, value: item });
      }
      return this.#run(item === NOT_READY ? () => this.#step() : () => this.#finish());
    } catch (error) {
      return this.#run(() => this.#failWith(error));
    }
  }

  return(): Promise<{ done: true; value: undefined }> {
    if (this.#running !== null) return this.#queue(() => this.return());
    return this.#run(() => this.#finish());
  }

  throw(error: unknown): Promise<never> {
    if (this.#running !== null) return this.#queue(() => this.throw(error));
    return this.#run(() => this.#failWith(error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #step(): Promise<IteratorResult<T, undefined>> {
    let item: T | undefined;
    try {
      item = await this.#iterated.next();
    } catch (error) {
      return this.#failWith(error);
    }
    return item === undefined ? this.#finish() : { done: false, value: item };
  }

  async #finish(): Promise<{ done: true; value: undefined }> {
    this.#isDone = true;
    await this.#iterated.close();
    return DONE;
  }

  async #failWith(error: unknown): Promise<never> {
    this.#isDone = true;
    await this.#iterated.close();
    throw error;
  }

  #queue<R>(call: () => Promise<R>): Promise<R> {
    return this.#running!.then(call, call);
  }

  #run<R>(step: () => Promise<R>): Promise<R> {
    const running = step().finally(() => {
      this.#running = null;
    });
    this.#running = running;
    return running;
  }
}

/** The error of abstract-level for an item that its encoding cannot read. */
export function decodeError(cause: unknown): LevelError {
  return new LevelError('Iterator could not decode data', { code: 'LEVEL_DECODE_ERROR', cause });
}
