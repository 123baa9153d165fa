/**
 * A driver for unstorage: `createStorage({ driver: varveDriver({ path: './data' }) })`.
 *
 * Items are the bytes that were stored, under their key. So an item that was set as text can be read raw and the other way
 * round, and the command line shows what an application stored. Written against the documented interface of drivers, whose
 * types come from no package: a test compares them with those of unstorage.
 */
import { type Database, type DatabaseOptions, type Durability, LazyKeyspace } from '@varve/engine';
import { ITEM_FORMAT, type ItemKeyspace, ItemStore, type WatchListener } from './item-store.js';

/** Options of the driver: `path`, or `database` for one that is open already. */
export interface DriverOptions {
  /** Directory of a database that the driver opens at its first use and closes in `dispose()`. */
  readonly path?: string;
  /** An open database, for several drivers, or for one next to other data. `dispose()` leaves it open. */
  readonly database?: Pick<Database<never, never>, 'keyspace'>;
  /** Options for opening `path`. */
  readonly open?: Omit<DatabaseOptions, 'keyEncoding' | 'valueEncoding'>;
  /** Name of the keyspace, created if it is missing. @defaultValue 'unstorage' */
  readonly keyspace?: string;
  /**
   * What must hold before a write is acknowledged.
   * @defaultValue the durability of the database: 'always' unless it was opened with another
   */
  readonly durability?: Durability;
}

/** An item of `setItems`. */
export interface DriverItem {
  readonly key: string;
  readonly value: string;
}

/** What unstorage calls. Everything rejects with a `StorageError` when the engine does. */
export interface VarveDriver {
  readonly name: string;
  readonly options: DriverOptions;
  readonly flags: { readonly maxDepth: true };
  /** The keyspace with the items, as bytes by key. */
  getInstance(): Promise<ItemKeyspace>;
  /** Whether there is an item. */
  hasItem(key: string): Promise<boolean>;
  /** The text of an item, or null. */
  getItem(key: string): Promise<string | null>;
  /** The texts of many items, as of one moment. */
  getItems(
    items: readonly { readonly key: string }[],
  ): Promise<{ key: string; value: string | null }[]>;
  /** The bytes of an item, the caller's own, or null. */
  getItemRaw(key: string): Promise<Uint8Array | null>;
  /** Stores text. */
  setItem(key: string, value: string): Promise<void>;
  /** Stores all items or none. */
  setItems(items: readonly DriverItem[]): Promise<void>;
  /** Stores bytes as they are, or text. Rejects with a TypeError for anything else. */
  setItemRaw(key: string, value: unknown): Promise<void>;
  /** Removes an item; one that does not exist is no error. */
  removeItem(key: string): Promise<void>;
  /** The size of an item in bytes, or null when there is none. Times are not kept. */
  getMeta(key: string): Promise<{ size: number } | null>;
  /** The keys that begin with `base`, in order; `maxDepth` is the most separators in a key. */
  getKeys(base?: string, options?: { readonly maxDepth?: number }): Promise<string[]>;
  /** Removes the items whose keys begin with `base`, set before this call, waited for or not. */
  clear(base?: string): Promise<void>;
  /** Calls `listener` after each write through this driver. Gives the function that ends it. */
  watch(listener: WatchListener): () => void;
  /** Closes the database if the driver opened it. */
  dispose(): Promise<void>;
}

const NAME = 'varve';
const DEFAULT_KEYSPACE_NAME = 'unstorage';

/**
 * Makes a driver. Opens nothing yet.
 * @throws TypeError when the options name no place, or two
 */
export function varveDriver(options: DriverOptions): VarveDriver {
  const { durability, keyspace = DEFAULT_KEYSPACE_NAME } = options;
  const lazy = new LazyKeyspace(
    { ...options, keyspace },
    { format: ITEM_FORMAT, owner: 'Varve driver' },
  );
  const items = new ItemStore(lazy, durability === undefined ? {} : { durability });
  // Functions of the object, not methods of a class: unstorage calls them without the object.
  return {
    name: NAME,
    options,
    flags: { maxDepth: true },
    getInstance: () => lazy.get(),
    hasItem: (key) => items.has(key),
    getItem: (key) => items.readText(key),
    async getItems(wanted) {
      const keys = wanted.map(({ key }) => key);
      const values = await items.readTexts(keys);
      return keys.map((key, index) => ({ key, value: values[index] }));
    },
    getItemRaw: (key) => items.read(key),
    setItem: (key, value) => items.write(key, value),
    setItems: (many) => items.writeAll(many),
    setItemRaw: (key, value) => items.write(key, value),
    removeItem: (key) => items.remove(key),
    async getMeta(key) {
      const bytes = await items.read(key);
      return bytes === null ? null : { size: bytes.length };
    },
    getKeys: (base, { maxDepth = Number.POSITIVE_INFINITY } = {}) =>
      items.keys(base ?? '', maxDepth),
    clear: (base) => items.clear(base ?? ''),
    watch: (listener) => items.watch(listener),
    dispose: () => items.dispose(),
  };
}
