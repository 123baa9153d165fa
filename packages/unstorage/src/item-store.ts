/**
 * Items in a keyspace: bytes under their key, read and written as unstorage asks for them.
 */
import type { Keyspace, LazyKeyspace, WriteOptions } from '@varve/engine';
import { bytesOf } from './bytes-of.js';

/** Called after a write; `key` is the one that was written. */
export type WatchListener = (event: 'update' | 'remove', key: string) => unknown;

/** Items as bytes by their key. */
export type ItemKeyspace = Keyspace<string, Uint8Array>;

/** How their keyspace encodes them. */
export const ITEM_FORMAT = { keyEncoding: 'utf8', valueEncoding: 'binary' } as const;

type LazyItems = LazyKeyspace<typeof ITEM_FORMAT>;

const SEPARATOR = ':';

/** A mark at the beginning of a text is a part of it. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class ItemStore {
  readonly #lazy: LazyItems;
  readonly #writeOptions: WriteOptions;
  readonly #listeners = new Set<WatchListener>();

  constructor(lazy: LazyItems, writeOptions: WriteOptions) {
    this.#lazy = lazy;
    this.#writeOptions = writeOptions;
  }

  async has(key: string): Promise<boolean> {
    return (await this.#lazy.get()).has(key);
  }

  /** The bytes of an item, the caller's own, or null. */
  async read(key: string): Promise<Uint8Array | null> {
    return (await (await this.#lazy.get()).get(key)) ?? null;
  }

  async readText(key: string): Promise<string | null> {
    return textOf(await this.read(key));
  }

  /** Many items as of one moment. */
  async readTexts(keys: readonly string[]): Promise<(string | null)[]> {
    const values = await (await this.#lazy.get()).getMany(keys);
    return values.map(textOf);
  }

  async write(key: string, value: unknown): Promise<void> {
    const bytes = bytesOf(value);
    await (await this.#lazy.get()).put(key, bytes, this.#writeOptions);
    this.#tell('update', [key]);
  }

  /** All items or none. */
  async writeAll(
    items: readonly { readonly key: string; readonly value: string }[],
  ): Promise<void> {
    const operations = items.map(({ key, value }) => {
      return { type: 'put', key, value: bytesOf(value) } as const;
    });
    await (await this.#lazy.get()).batch(operations, this.#writeOptions);
    this.#tell(
      'update',
      items.map(({ key }) => key),
    );
  }

  async remove(key: string): Promise<void> {
    await (await this.#lazy.get()).del(key, this.#writeOptions);
    this.#tell('remove', [key]);
  }

  /**
   * The keys that begin with `base`, in order.
   * @param depthMax most separators in a key, counted from its beginning
   */
  async keys(base: string, depthMax: number): Promise<string[]> {
    const keys: string[] = [];
    for await (const key of (await this.#lazy.get()).keys(rangeOf(base))) {
      if (depthMax === Number.POSITIVE_INFINITY || depthOf(key) <= depthMax) keys.push(key);
    }
    return keys;
  }

  /** Removes the items whose keys begin with `base`: all that were set before this call. */
  async clear(base: string): Promise<void> {
    const items = await this.#lazy.get();
    // Asked for first, so that it is read before anything is removed; the clearing begins in the same turn.
    const reading = this.#listeners.size === 0 ? [] : keysOfNow(items, base);
    const clearing = items.clear(rangeOf(base), this.#writeOptions);
    const [keys] = await Promise.all([reading, clearing]);
    if (keys.length === 0) return;
    const left = new Set(await this.keys(base, Number.POSITIVE_INFINITY));
    this.#tell(
      'remove',
      keys.filter((key) => !left.has(key)),
    );
  }

  /** Gives the function that ends it. */
  watch(listener: WatchListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Ends all watching, and closes the database if it was opened here. */
  async dispose(): Promise<void> {
    this.#listeners.clear();
    await this.#lazy.close();
  }

  #tell(event: 'update' | 'remove', keys: readonly string[]): void {
    // Those that are there now: one that begins anew each time would otherwise be told for ever.
    for (const listener of [...this.#listeners]) for (const key of keys) listener(event, key);
  }
}

/** Writes that nobody waited for are there as well. */
async function keysOfNow(items: ItemKeyspace, base: string): Promise<string[]> {
  await items.batch([]);
  const keys: string[] = [];
  for await (const key of items.keys(rangeOf(base))) keys.push(key);
  return keys;
}

function textOf(bytes: Uint8Array | null | undefined): string | null {
  return bytes === null || bytes === undefined ? null : decoder.decode(bytes);
}

function rangeOf(base: string): { prefix?: string } {
  return base === '' ? {} : { prefix: base };
}

function depthOf(key: string): number {
  return key.split(SEPARATOR).length - 1;
}
