/**
 * Storage for Keyv 5 and Keyv 6, which ask for the same things in two contracts:
 *
 *                       Keyv 5                              Keyv 6
 *   keys come as        namespace:key                       key; the storage adds its namespace
 *   set(key, value, x)  x is a duration in milliseconds     x is a time in milliseconds since 1970
 *   deleteMany gives    whether any key was there           the same for each key
 *   iterator yields     keys as they are stored             keys without the namespace
 *
 * Keyv 6 reads `capabilities` when it is given a storage, Keyv 5 does not know the word: that tells which one is calling.
 * Both give the same entries in the database, so a cache survives the move from one to the other.
 */
import { systemClock } from '@varve/base';
import { type Keyspace, LazyKeyspace, type WriteOptions } from '@varve/engine';
import type { KeyvVarveOptions } from './options.js';
import { isExpired, isLive, liveValue, type StoredValue, toStored } from './stored-value.js';

/** An entry of `setMany`: with `ttl` from Keyv 5, with `expires` from Keyv 6. */
export interface StoredEntry {
  readonly key: string;
  readonly value: unknown;
  /** Duration in milliseconds. */
  readonly ttl?: number | undefined;
  /** Milliseconds since 1970. */
  readonly expires?: number | undefined;
}

/** Entries by their full key. */
type EntryKeyspace = Keyspace<string, StoredValue>;

type ErrorListener = (error: unknown) => void;

const FORMAT = { keyEncoding: 'utf8', valueEncoding: 'msgpack' } as const;
const DEFAULT_KEYSPACE_NAME = 'keyv';

/** Deletes in one batch of `deleteExpired`. */
const BATCH_ENTRY_COUNT = 1000;

/**
 * `new Keyv({ store: new KeyvVarve('./cache') })`. Construct one per Keyv, as Keyv sets its namespace on it; give several
 * the same `database` to keep them in one. Namespaces should not contain a colon: `a:b` with key `c` and `a` with key `b:c`
 * are one entry.
 *
 * Every method rejects with a `StorageError` when the engine does.
 */
export class KeyvVarve {
  /** Set by Keyv. */
  namespace: string | undefined;
  /** Keyv 5 iterates only storages that say they are one of those it knows; this behaves like the one for SQLite. */
  readonly opts: Record<string, unknown> = { dialect: 'sqlite', url: 'varve' };
  readonly #lazy: LazyKeyspace<typeof FORMAT>;
  readonly #writeOptions: WriteOptions;
  readonly #errorListeners: ErrorListener[] = [];
  #contract: 5 | 6 = 5;

  /**
   * Opens nothing yet.
   * @param where the directory of the database, or options
   * @throws TypeError when the options name no place, or two
   */
  constructor(where: string | KeyvVarveOptions) {
    const options = typeof where === 'string' ? { path: where } : where;
    const { keyspace = DEFAULT_KEYSPACE_NAME } = options;
    this.#lazy = new LazyKeyspace({ ...options, keyspace }, { format: FORMAT, owner: 'KeyvVarve' });
    this.#writeOptions = options.durability === undefined ? {} : { durability: options.durability };
  }

  /** Tells Keyv 6 that this storage keeps times of expiry itself. */
  get capabilities(): { readonly expires: true } {
    this.#contract = 6;
    return { expires: true };
  }

  /** The value of a key, or `undefined` when there is none or it has expired. */
  async get(key: string): Promise<unknown> {
    try {
      const entries = await this.#entries();
      return liveValue(await entries.get(this.#storedKey(key)));
    } catch (error) {
      // Keyv 5 makes a failed read a miss, without a word.
      if (this.#contract === 5) for (const listener of this.#errorListeners) listener(error);
      throw error;
    }
  }

  /** The values of many keys, as of one moment. */
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    return (await this.#getMany(keys)).map(liveValue);
  }

  /**
   * Stores a value.
   * @param expiry a duration from Keyv 5, a time from Keyv 6; absent: it never expires
   */
  async set(key: string, value: unknown, expiry?: number): Promise<boolean> {
    const entries = await this.#entries();
    const stored = toStored(value, this.#expiresAtMs(expiry));
    await entries.put(this.#storedKey(key), stored, this.#writeOptions);
    return true;
  }

  /** Stores all entries or none. */
  async setMany(many: readonly StoredEntry[]): Promise<boolean[]> {
    const entries = await this.#entries();
    const operations = many.map(({ key, value, ttl, expires }) => ({
      type: 'put' as const,
      key: this.#storedKey(key),
      value: toStored(value, this.#expiresAtMs(this.#contract === 5 ? ttl : expires)),
    }));
    await entries.batch(operations, this.#writeOptions);
    return many.map(() => true);
  }

  /** Removes a key; gives whether it was there. */
  async delete(key: string): Promise<boolean> {
    const [existed] = await this.#deleteMany([key]);
    return existed;
  }

  /** Removes all keys in one batch; gives whether any was there to Keyv 5, the same for each key to Keyv 6. */
  async deleteMany(keys: readonly string[]): Promise<boolean | boolean[]> {
    const existed = await this.#deleteMany(keys);
    return this.#contract === 5 ? existed.some(Boolean) : existed;
  }

  /** Whether a key has a value that has not expired. */
  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  /** The same for many keys, as of one moment. */
  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    return (await this.#getMany(keys)).map(isLive);
  }

  /** Removes everything in the namespace, or everything when there is none: all that was given here to be set before this call. */
  async clear(): Promise<void> {
    const entries = await this.#entries();
    await entries.clear(this.#range(this.namespace), this.#writeOptions);
  }

  /**
   * The entries of a namespace that have not expired, in the order of their keys, as of one moment.
   * @param namespace given by Keyv 5; by default the one that Keyv has set
   */
  async *iterator(namespace = this.namespace): AsyncGenerator<[string, unknown], void> {
    const entries = await this.#entries();
    const skipped = this.#contract === 5 ? 0 : prefixOf(namespace).length;
    for await (const [key, stored] of entries.entries(this.#range(namespace))) {
      if (!isExpired(stored)) yield [key.slice(skipped), stored[0]];
    }
  }

  /**
   * Removes what has expired, in all namespaces of the keyspace, and gives how many entries that were. Expired entries
   * are never returned, so this only gives back space: call it now and then. Reads everything, about a second per
   * million entries, in the background.
   */
  async deleteExpired(): Promise<number> {
    const entries = await this.#entries();
    let count = 0;
    let keys: string[] = [];
    for await (const [key, stored] of entries.entries()) {
      if (!isExpired(stored)) continue;
      keys.push(key);
      if (keys.length < BATCH_ENTRY_COUNT) continue;
      count += this.#deleteStillExpired(entries, keys);
      keys = [];
    }
    return count + this.#deleteStillExpired(entries, keys);
  }

  /** Closes the database if this storage opened it. */
  disconnect(): Promise<void> {
    return this.#lazy.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disconnect();
  }

  /** Calls `listener` with failures that Keyv 5 hides; only the event `error` exists. */
  on(event: string, listener: ErrorListener): this {
    if (event === 'error') this.#errorListeners.push(listener);
    return this;
  }

  async #getMany(keys: readonly string[]): Promise<(StoredValue | undefined)[]> {
    const entries = await this.#entries();
    return entries.getMany(keys.map((key) => this.#storedKey(key)));
  }

  async #deleteMany(keys: readonly string[]): Promise<boolean[]> {
    const entries = await this.#entries();
    const storedKeys = keys.map((key) => this.#storedKey(key));
    const existed = (await entries.getMany(storedKeys)).map(isLive);
    await entries.batch(storedKeys.map(deletion), this.#writeOptions);
    return existed;
  }

  /**
   * A set of the same key may be under way. The empty batch makes it visible, and nothing comes between that, the
   * second look and the deletion, as none of them waits. Not synced: an entry that comes back is still expired.
   */
  async #entries(): Promise<EntryKeyspace> {
    // What is stored in it was made by `toStored`.
    return (await this.#lazy.get()) as Keyspace<string, unknown> as EntryKeyspace;
  }

  #deleteStillExpired(entries: EntryKeyspace, keys: readonly string[]): number {
    entries.batchSync([]);
    const expired = keys.filter((key) => {
      const stored = entries.getSync(key);
      return stored !== undefined && isExpired(stored);
    });
    entries.batchSync(expired.map(deletion), { durability: 'os' });
    return expired.length;
  }

  #storedKey(key: string): string {
    return this.#contract === 5 ? key : prefixOf(this.namespace) + key;
  }

  #range(namespace: string | undefined): { prefix?: string } {
    const prefix = prefixOf(namespace);
    return prefix === '' ? {} : { prefix };
  }

  #expiresAtMs(expiry: number | undefined): number | undefined {
    if (expiry === undefined || this.#contract === 6) return expiry;
    return systemClock.wallMs() + expiry;
  }
}

/** What the stored keys of a namespace begin with, as Keyv 5 writes it. */
function prefixOf(namespace: string | undefined): string {
  return namespace ? `${namespace}:` : '';
}

function deletion(key: string) {
  return { type: 'del', key } as const;
}
