/**
 * A keyspace that is opened at its first use: for adapters whose constructors cannot wait, as plug-ins of other libraries
 * often have to be made.
 */
import { StorageError } from '@varve/base';
import { type Database, open } from './database.js';
import type { Keyspace } from './keyspace.js';
import type { DatabaseOptions, KeyOf, KeyspaceOptions, ValueTypeOf } from './options.js';

/** Where the entries of an adapter are: in `path`, or in `database` for one that is open already. */
export interface KeyspacePlace {
  /** Directory of a database that is opened at the first use and closed in `close()`. */
  readonly path?: string | undefined;
  /** An open database, for several adapters, or for one next to other data. `close()` leaves it open. */
  readonly database?: Pick<Database<never, never>, 'keyspace'> | undefined;
  /** Options for opening `path`. */
  readonly open?: DatabaseOptions | undefined;
  /** Name of the keyspace, created if it is missing. */
  readonly keyspace: string;
}

/** What a {@link LazyKeyspace} has to know besides its place. */
export interface LazyKeyspaceOptions<O extends KeyspaceOptions> {
  /** Encodings and compression of the keyspace. */
  readonly format: O;
  /** What errors call the adapter: "Cannot use this `<owner>`: it was closed". */
  readonly owner: string;
}

interface Opened<K, V> {
  readonly keyspace: Keyspace<K, V>;
  close(): Promise<void>;
}

/**
 * `new LazyKeyspace({ path, keyspace: 'cache' }, { format: { valueEncoding: 'msgpack' }, owner: 'Cache' })`. Opens nothing
 * until `get()` is called.
 */
export class LazyKeyspace<const O extends KeyspaceOptions = Record<never, never>> {
  readonly #place: KeyspacePlace;
  readonly #options: LazyKeyspaceOptions<O>;
  #opening: Promise<Opened<KeyOf<O>, ValueTypeOf<O>>> | null = null;
  #closing: Promise<void> | null = null;

  /** @throws TypeError unless exactly one of `path` and `database` is given */
  constructor(place: KeyspacePlace, options: LazyKeyspaceOptions<O>) {
    if ((place.path === undefined) === (place.database === undefined)) {
      throw new TypeError(`Cannot make a ${options.owner}: give either path or database`);
    }
    this.#place = place;
    this.#options = options;
  }

  /**
   * The keyspace, the same every time. A failure to open is not kept: the next use tries again.
   * @throws StorageError CLOSED after `close()`; what opening throws
   */
  async get(): Promise<Keyspace<KeyOf<O>, ValueTypeOf<O>>> {
    if (this.#closing !== null) {
      throw new StorageError('CLOSED', `Cannot use this ${this.#options.owner}: it was closed`);
    }
    this.#opening ??= this.#open();
    const opening = this.#opening;
    try {
      return (await opening).keyspace;
    } catch (error) {
      if (this.#opening === opening) this.#opening = null;
      throw error;
    }
  }

  /** Closes what was opened here, also what is being opened. Gives the same promise every time. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<Opened<KeyOf<O>, ValueTypeOf<O>>> {
    const { path, database, keyspace: name } = this.#place;
    const { format } = this.#options;
    if (database !== undefined) {
      return { keyspace: await database.keyspace(name, format), close: async () => {} };
    }
    const opened = await open(path!, this.#place.open ?? {});
    try {
      return { keyspace: await opened.keyspace(name, format), close: () => opened.close() };
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
