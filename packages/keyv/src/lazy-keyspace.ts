/**
 * The keyspace behind a storage, opened at its first use: Keyv constructs its storage synchronously, and opening waits.
 */
import {
  type Database,
  type DatabaseOptions,
  type Durability,
  type Keyspace,
  open,
  StorageError,
} from '@varve/engine';
import type { StoredValue } from './stored-value.js';

/** Where a storage keeps its entries: `path`, or `database` for one that is open already. */
export interface KeyvVarveOptions {
  /** Directory of a database that this storage opens at its first use and closes in `disconnect()`. */
  readonly path?: string;
  /** An open database, for several storages, or for one next to other data. `disconnect()` leaves it open. */
  readonly database?: Pick<Database<never, never>, 'keyspace'>;
  /** Options for opening `path`. */
  readonly open?: Omit<DatabaseOptions, 'keyEncoding' | 'valueEncoding' | 'readOnly'>;
  /** Name of the keyspace, created if it is missing. @defaultValue 'keyv' */
  readonly keyspace?: string;
  /**
   * What must hold before a write is acknowledged. A cache is well served by `'os'`, which costs no disk sync.
   * @defaultValue the durability of the database: 'always' unless it was opened with another
   */
  readonly durability?: Durability;
}

/** Entries by their full key. */
export type EntryKeyspace = Keyspace<string, StoredValue>;

interface Opened {
  readonly entries: EntryKeyspace;
  close(): Promise<void>;
}

const DEFAULT_KEYSPACE_NAME = 'keyv';

export class LazyKeyspace {
  readonly #options: KeyvVarveOptions;
  #opening: Promise<Opened> | null = null;
  #closing: Promise<void> | null = null;

  /** @throws TypeError unless exactly one of `path` and `database` is given */
  constructor(options: KeyvVarveOptions) {
    const { path, database } = options;
    if ((path === undefined) === (database === undefined)) {
      throw new TypeError('Cannot make a KeyvVarve: give either path or database');
    }
    this.#options = options;
  }

  /** The keyspace. A failure to open is not kept: the next use tries again. */
  async get(): Promise<EntryKeyspace> {
    if (this.#closing !== null) {
      throw new StorageError('CLOSED', 'Cannot use this KeyvVarve: it was disconnected');
    }
    this.#opening ??= this.#open();
    try {
      return (await this.#opening).entries;
    } catch (error) {
      this.#opening = null;
      throw error;
    }
  }

  /** Closes what was opened here; it is the same promise every time. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<Opened> {
    const { path, database, keyspace = DEFAULT_KEYSPACE_NAME } = this.#options;
    if (database !== undefined) {
      return { entries: await entriesOf(database, keyspace), close: async () => {} };
    }
    const opened = await open(path!, this.#options.open ?? {});
    try {
      return { entries: await entriesOf(opened, keyspace), close: () => opened.close() };
    } catch (error) {
      await opened.close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    const opened = await this.#opening?.catch(() => null);
    await opened?.close();
  }
}

async function entriesOf(
  database: Pick<Database<never, never>, 'keyspace'>,
  name: string,
): Promise<EntryKeyspace> {
  const keyspace = await database.keyspace(name, { keyEncoding: 'utf8', valueEncoding: 'msgpack' });
  // What is stored in it was made by `toStored`.
  return keyspace as Keyspace<string, unknown> as EntryKeyspace;
}
