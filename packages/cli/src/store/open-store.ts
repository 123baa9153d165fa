// Opening a store for one command: one keyspace of it, with keys and values as the command line writes them.
//
//   read      the store must exist; nothing on the disk changes and no lock is taken
//   write     the store must exist
//   create    a missing store or keyspace is created, with the encodings asked for (utf8 unless said otherwise)
//
// An existing keyspace keeps its encodings. Unless told otherwise the command writes them in the form that fits: text as
// text, bytes as hex, structured values as JSON.

import { isStorageError } from '@varve/base';
import { NotSoError } from '../failures.js';
import type { StoredEntry } from '../records/entry-reader.js';
import {
  createTextCodec,
  defaultTextEncoding,
  engineEncodingFor,
  type Stored,
  type TextCodec,
  type TextEncoding,
} from '../text/text-codec.js';
import {
  type Database,
  type Durability,
  type Keyspace,
  type KeyspaceInfo,
  open,
  type RangeOptions,
} from './engine-api.js';

const DEFAULT_KEYSPACE_NAME = 'default';
const DEFAULT_ENCODING: TextEncoding = 'utf8';
const AS_BYTES = { keyEncoding: 'binary', valueEncoding: 'binary' } as const;

/** What a command does with a store. */
export type StoreAccess = 'read' | 'write' | 'create';

/** Which keyspace, and how its entries are written. */
export interface KeyspaceRequest {
  readonly keyspace: string;
  readonly access: StoreAccess;
  readonly keyEncoding?: TextEncoding;
  readonly valueEncoding?: TextEncoding;
}

/** What is used of an open store; which types its default keyspace has does not matter here. */
export type OpenStore = Pick<
  Database<Uint8Array, Uint8Array>,
  'close' | 'compact' | 'keyspace' | 'keyspaces' | 'path' | 'stats' | typeof Symbol.asyncDispose
>;

/** Opens a store that exists, for reading. */
export async function openForReading(directory: string): Promise<OpenStore> {
  return await open(directory, { ...AS_BYTES, readOnly: true });
}

/** Opens a store and one keyspace in it. Throws NotSoError when the keyspace does not exist and is not to be created. */
export async function openKeyspace(
  directory: string,
  request: KeyspaceRequest,
): Promise<StoredKeyspace> {
  const { database, isNewStore } = await openStore(directory, request);
  try {
    const info = findKeyspace(database, request.keyspace) ?? (await create(database, request));
    const keyCodec = codecFor(request.keyEncoding, info.keyEncoding);
    const valueCodec = codecFor(request.valueEncoding, info.valueEncoding);
    // The codecs give what the keyspace takes; no type can say so, because both are chosen by words of the user.
    const keyspace = (await database.keyspace(request.keyspace, {
      keyEncoding: keyCodec.engineEncoding,
      valueEncoding: valueCodec.engineEncoding,
    })) as unknown as Keyspace<Stored, Stored>;
    return new StoredKeyspace(database, { keyspace, keyCodec, valueCodec, isNewStore });
  } catch (error) {
    await database.close();
    throw error;
  }
}

interface StoredKeyspaceParts {
  readonly keyspace: Keyspace<Stored, Stored>;
  readonly keyCodec: TextCodec;
  readonly valueCodec: TextCodec;
  readonly isNewStore: boolean;
}

/** A keyspace in a store that is open for this command alone. Disposing of it closes the store, durably. */
export class StoredKeyspace {
  readonly keyCodec: TextCodec;
  readonly valueCodec: TextCodec;
  /** Whether the store was created just now. */
  readonly isNewStore: boolean;
  readonly #database: OpenStore;
  readonly #keyspace: Keyspace<Stored, Stored>;

  constructor(database: OpenStore, parts: StoredKeyspaceParts) {
    this.#database = database;
    this.#keyspace = parts.keyspace;
    this.keyCodec = parts.keyCodec;
    this.valueCodec = parts.valueCodec;
    this.isNewStore = parts.isNewStore;
  }

  get name(): string {
    return this.#keyspace.name;
  }

  /** What to call it in messages. */
  get label(): string {
    return this.name === DEFAULT_KEYSPACE_NAME
      ? this.#database.path
      : `keyspace ${JSON.stringify(this.name)} of ${this.#database.path}`;
  }

  /** How many entries it has, as far as that is known without counting: those in tables, with their old versions. */
  get approximateEntryCount(): number {
    return this.#statistics?.entryCount ?? 0;
  }

  /** Bytes its tables take. */
  get tableSizeBytes(): number {
    return this.#statistics?.sizeBytes ?? 0;
  }

  get(key: Stored): Promise<Stored> {
    return this.#keyspace.get(key);
  }

  has(key: Stored): Promise<boolean> {
    return this.#keyspace.has(key);
  }

  put(key: Stored, value: Stored): Promise<void> {
    return this.#keyspace.put(key, value);
  }

  del(key: Stored): Promise<void> {
    return this.#keyspace.del(key);
  }

  /** Stores all entries or none. */
  putAll(entries: readonly StoredEntry[], options: { durability: Durability }): Promise<void> {
    const operations = entries.map(({ key, value }) => ({ type: 'put', key, value }) as const);
    return this.#keyspace.batch(operations, options);
  }

  /** Brings everything into the deepest level, where reads are fastest; what was written in order only moves there. */
  compact(): Promise<void> {
    return this.#database.compact({ keyspace: this.name });
  }

  entries(range: RangeOptions<Stored>): AsyncIterable<[Stored, Stored]> {
    return this.#keyspace.entries(range);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#database.close();
  }

  get #statistics() {
    return this.#database.stats().keyspaces.find(({ name }) => name === this.name);
  }
}

async function openStore(
  directory: string,
  request: KeyspaceRequest,
): Promise<{ database: OpenStore; isNewStore: boolean }> {
  if (request.access === 'read') {
    return { database: await openForReading(directory), isNewStore: false };
  }
  try {
    const database = await open(directory, { ...AS_BYTES, createIfMissing: false });
    return { database, isNewStore: false };
  } catch (error) {
    if (request.access === 'create' && isStorageError(error) && error.code === 'NOT_FOUND') {
      return { database: await createStore(directory, request), isNewStore: true };
    }
    throw error;
  }
}

/** The encodings asked for are those of the keyspace that was named; another default keyspace gets the usual ones. */
async function createStore(directory: string, request: KeyspaceRequest): Promise<OpenStore> {
  const isDefault = request.keyspace === DEFAULT_KEYSPACE_NAME;
  const encodings = encodingsOf(isDefault ? request : {});
  return await open(directory, { ...encodings, errorIfExists: true });
}

async function create(database: OpenStore, request: KeyspaceRequest): Promise<KeyspaceInfo> {
  if (request.access !== 'create') {
    const names = database.keyspaces().map(({ name }) => name);
    throw new NotSoError(
      `There is no keyspace ${JSON.stringify(request.keyspace)} in ${database.path}`,
      { advice: `There are: ${names.join(', ')}.` },
    );
  }
  await database.keyspace(request.keyspace, encodingsOf(request));
  return findKeyspace(database, request.keyspace)!;
}

function findKeyspace(database: OpenStore, name: string): KeyspaceInfo | undefined {
  return database.keyspaces().find((keyspace) => keyspace.name === name);
}

function encodingsOf(request: Pick<KeyspaceRequest, 'keyEncoding' | 'valueEncoding'>) {
  return {
    keyEncoding: engineEncodingFor(request.keyEncoding ?? DEFAULT_ENCODING),
    valueEncoding: engineEncodingFor(request.valueEncoding ?? DEFAULT_ENCODING),
  };
}

function codecFor(asked: TextEncoding | undefined, stored: string): TextCodec {
  return createTextCodec(asked ?? defaultTextEncoding(stored));
}
