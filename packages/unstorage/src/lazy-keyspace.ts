/**
 * The keyspace behind a driver, opened at its first use: drivers are constructed synchronously, and opening waits.
 */
import {
  type Database,
  type DatabaseOptions,
  type Keyspace,
  open,
  StorageError,
} from '@varve/engine';

/** Where a driver keeps its items. */
export interface KeyspacePlace {
  readonly path?: string | undefined;
  readonly database?: Pick<Database<never, never>, 'keyspace'> | undefined;
  readonly open?: DatabaseOptions | undefined;
  readonly keyspace: string;
}

/** Items as bytes by their key. */
export type ItemKeyspace = Keyspace<string, Uint8Array>;

interface Opened {
  readonly items: ItemKeyspace;
  close(): Promise<void>;
}

const ENCODINGS = { keyEncoding: 'utf8', valueEncoding: 'binary' } as const;

export class LazyKeyspace {
  readonly #place: KeyspacePlace;
  #opening: Promise<Opened> | null = null;
  #closing: Promise<void> | null = null;

  /** @throws TypeError unless exactly one of `path` and `database` is given */
  constructor(place: KeyspacePlace) {
    if ((place.path === undefined) === (place.database === undefined)) {
      throw new TypeError('Cannot make a Varve driver: give either path or database');
    }
    this.#place = place;
  }

  /** The keyspace. A failure to open is not kept: the next use tries again. */
  async get(): Promise<ItemKeyspace> {
    if (this.#closing !== null) {
      throw new StorageError('CLOSED', 'Cannot use this Varve driver: it was disposed of');
    }
    this.#opening ??= this.#open();
    try {
      return (await this.#opening).items;
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
    const { path, database, keyspace } = this.#place;
    if (database !== undefined) {
      return { items: await database.keyspace(keyspace, ENCODINGS), close: async () => {} };
    }
    const opened = await open(path!, this.#place.open ?? {});
    try {
      return { items: await opened.keyspace(keyspace, ENCODINGS), close: () => opened.close() };
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
