/**
 * The public face: `open`, and the database it gives.
 *
 * A database is its default keyspace plus what concerns all keyspaces. Each method is one call into the store below.
 */
import {
  type CancelOptions,
  compareWhole,
  decodeText,
  encodeText,
  entropy,
  initializeChecksums,
  StorageError,
  untilAborted,
} from '@varve/base';
import type { DatabaseState, DatabaseStatus } from './database-state.js';
import { type EncodingOption, resolveEncodings, type ValueOf } from './encoding/index.js';
import type { EventHub } from './events.js';
import { locateWorkerEntry } from './executor/index.js';
import { runFlushJob } from './flush/index.js';
import { flushJobOf, tableMetadataOf } from './job-makers.js';
import { Keyspace, type KeyspaceFormat } from './keyspace.js';
import type { KeyspaceMetadata } from './manifest/index.js';
import {
  type DatabaseOptions,
  type KeyOf,
  type KeyspaceOptions,
  logAllocationOf,
  type ResolvedOptions,
  resolveCompression,
  resolveOptions,
  type ValueTypeOf,
} from './options.js';
import { encodeKey, type RangeOptions } from './read/index.js';
import { recover } from './recover/index.js';
import { Snapshot } from './snapshot.js';
import { type DatabaseStatistics, statisticsOf } from './statistics.js';
import { Store } from './store.js';
import { BlockCache } from './tables/index.js';
import { SnapshotList } from './view/index.js';

/** What is known of a keyspace without opening it. */
export interface KeyspaceInfo {
  readonly name: string;
  readonly keyEncoding: string;
  readonly valueEncoding: string;
  readonly compression: 'none' | 'lz4';
}

const DEFAULT_KEYSPACE_NAME = 'default';
const KEYSPACE_NAME_LENGTH_MAX = 255;

/**
 * Opens the database in a directory, creating it if it is missing. Costs a few milliseconds, plus what has to be replayed
 * from the log (about 0.3 s for a full memtable after a crash). Recovery gives exactly the writes that were acknowledged,
 * or fails: it never skips damage.
 *
 * @throws TypeError, RangeError for options, before any I/O
 * @throws StorageError NOT_FOUND, ALREADY_EXISTS, LOCKED (the message names the holder), CORRUPTION, UNSUPPORTED_FORMAT,
 * INVALID_ARGUMENT when the encodings are not those the database was made with, BUSY when there is no memory for what the
 * logs hold, and those of the file system
 */
export async function open<const O extends DatabaseOptions = Record<never, never>>(
  path: string,
  options?: O,
): Promise<Database<KeyOf<O>, ValueTypeOf<O>>> {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError('Cannot open the database: its path must be a non-empty string');
  }
  const resolved = resolveOptions(options ?? {});
  const { key, value } = resolveEncodings(resolved.keyEncoding, resolved.valueEncoding);
  await initializeChecksums();
  const store = await openStore(path, resolved, { key: key.name, value: value.name });
  try {
    const [metadata] = store.versions.current.keyspaces.values();
    checkEncodings(metadata.metadata, { key: key.name, value: value.name });
    const format = { keyspaceId: 0, key, value } as KeyspaceFormat<unknown, unknown>;
    store.start();
    return new Database(store, format) as Database<KeyOf<O>, ValueTypeOf<O>>;
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openStore(
  path: string,
  options: ResolvedOptions,
  encodings: { readonly key: string; readonly value: string },
): Promise<Store> {
  const { tuning } = options;
  const wantsThreads = options.backgroundThreads > 0 && options.fileSystem.capability.workers;
  const workerEntry = wantsThreads ? await locateWorkerEntry() : null;
  const recovered = await recover({
    fileSystem: options.fileSystem,
    path,
    random: entropy,
    cache: new BlockCache({
      capacityBytes: options.cacheSizeBytes,
      slotSizeBytes: tuning.blockSizeBytes,
    }),
    openFileCountMax: tuning.openTableFileCountMax,
    access: options.readOnly ? 'readOnly' : 'readWrite',
    createIfMissing: options.createIfMissing,
    errorIfExists: options.errorIfExists,
    defaultKeyspace: {
      id: 0,
      name: DEFAULT_KEYSPACE_NAME,
      keyEncoding: encodings.key,
      valueEncoding: encodings.value,
      compression: options.compression,
    },
    memtableSizeBytes: tuning.memtableSizeBytes,
    logAllocation: logAllocationOf(options),
    flushMemtable: (memtable, { fileSystem, directory, versions }) => {
      const { databaseId } = versions;
      const context = { directory, databaseId, versions, snapshots: new SnapshotList(), options };
      const job = flushJobOf(context, memtable, { blocks: 'plain' });
      return runFlushJob(fileSystem, job, { beat: () => {} }).tables.map(
        ({ keyspaceId, table }) => ({ keyspaceId, level: 0, table: tableMetadataOf(table) }),
      );
    },
  });
  return new Store(options, { recovered, workerEntry });
}

/** An open database. Close it when done (`await using db = await open(path)`). */
export class Database<K = string, V = string> extends Keyspace<K, V> {
  readonly #store: Store;

  /** Made by `open`. */
  constructor(store: Store, format: KeyspaceFormat<K, V>) {
    super(store, DEFAULT_KEYSPACE_NAME, format);
    this.#store = store;
  }

  /** The directory, absolute and without symbolic links. */
  get path(): string {
    return this.#store.directory.path;
  }

  /** `'open'`; `'failed'` once writing has become impossible: reads go on, `failure` says why; `'closing'`; `'closed'`. */
  get status(): DatabaseStatus {
    return this.#store.status;
  }

  /**
   * `'open'`; `'readOnly'`: writes are refused for now, `failure` says what is missing, and go on by themselves when it is
   * there (or it was opened with `readOnly`); `'failed'`: writes are refused until it is opened again; `'closed'`. Reads
   * are served in all but the last. The event `state` tells of every change.
   */
  get state(): DatabaseState {
    return this.#store.state;
  }

  /** What keeps the database from writing, for now or for good (see `state`); null while all is well. */
  get failure(): StorageError | null {
    return this.#store.failure;
  }

  /** What happens inside: `db.events.on('flush', …)`. */
  get events(): Pick<EventHub, 'on'> {
    return this.#store.events;
  }

  /** The keyspaces there are, the default one first. */
  keyspaces(): KeyspaceInfo[] {
    this.#store.assertReadable();
    return [...this.#store.versions.current.keyspaces.values()].map(({ metadata }) => {
      const { name, keyEncoding, valueEncoding, compression } = metadata;
      return { name, keyEncoding, valueEncoding, compression };
    });
  }

  /**
   * Opens a keyspace, creating it durably if it is missing (not in a read-only database: NOT_FOUND). Costs a disk sync
   * when it creates. `'binary'` opens any keyspace as the bytes it holds.
   * @throws StorageError INVALID_ARGUMENT when its encodings are others
   */
  async keyspace<const O extends KeyspaceOptions = Record<never, never>>(
    name: string,
    options?: O,
  ): Promise<Keyspace<KeyOf<O>, ValueTypeOf<O>>> {
    const {
      keyEncoding = 'utf8',
      valueEncoding = 'utf8',
      compression,
    }: KeyspaceOptions = options ?? {};
    const { key, value } = resolveEncodings(
      keyEncoding as EncodingOption,
      valueEncoding as EncodingOption,
    );
    const wanted = { name: checkedName(name), compression: resolveCompression(compression) };
    this.#store.assertReadable();
    const metadata =
      this.#find(name) ??
      this.#create({ ...wanted, keyEncoding: key.name, valueEncoding: value.name });
    // Another call may have created it just now: a write must not be acknowledged before the keyspace is durable.
    if (!this.#store.options.readOnly) await this.#store.versions.sync();
    checkEncodings(metadata, { key: key.name, value: value.name });
    const format = { keyspaceId: metadata.id, key, value } as KeyspaceFormat<unknown, unknown>;
    return new Keyspace(this.#store, name, format) as Keyspace<KeyOf<O>, ValueTypeOf<O>>;
  }

  /**
   * Removes a keyspace and everything in it, durably; its files go when nobody reads them any more. Costs a disk sync.
   * @throws StorageError NOT_FOUND; INVALID_ARGUMENT for the default keyspace
   */
  async dropKeyspace(name: string): Promise<void> {
    const { queue, versions, background } = this.#store;
    if (name === DEFAULT_KEYSPACE_NAME) {
      throw new StorageError('INVALID_ARGUMENT', 'Cannot drop the default keyspace');
    }
    if (this.#find(name) !== undefined) await queue.drain();
    const metadata = this.#find(name);
    if (metadata === undefined) {
      throw new StorageError(
        'NOT_FOUND',
        `Cannot drop keyspace ${JSON.stringify(name)}: there is none`,
      );
    }
    background.log({ keyspacesDropped: [metadata.id] });
    await versions.sync();
  }

  /**
   * The state now, for reads that are to agree with each other. Costs nothing.
   * @throws StorageError BUSY beyond `tuning.pinnedLimitBytes`
   */
  snapshot(): Snapshot {
    this.#store.assertReadable();
    const { snapshots, handles } = this.#store;
    return new Snapshot(snapshots, handles, this.#store.snapshotSupply.take());
  }

  /** Writes what is in memory to tables; resolves when they are durable. */
  async flush({ signal }: CancelOptions = {}): Promise<void> {
    return signal === undefined
      ? this.#store.flush()
      : untilAborted(signal, () => this.#store.flush());
  }

  /** Merges everything in a range of a keyspace (default: all of the default one) down to the deepest level. */
  async compact(options: CompactOptions<K> & CancelOptions = {}): Promise<void> {
    const { signal } = options;
    return signal === undefined
      ? this.#compact(options)
      : untilAborted(signal, () => this.#compact(options));
  }

  async #compact(options: CompactOptions<K>): Promise<void> {
    // Before anything is done, and before the caller can change their bytes.
    const given = this.#givenBounds(options);
    await this.#store.flush();
    const { versions } = this.#store;
    const metadata = this.#find(options.keyspace ?? DEFAULT_KEYSPACE_NAME);
    if (metadata === undefined) {
      throw new StorageError(
        'NOT_FOUND',
        `Cannot compact keyspace ${options.keyspace}: there is none`,
      );
    }
    const whole = wholeRange(versions.current.keyspaces.get(metadata.id)!);
    if (whole === null) return;
    await this.#store.compact({ keyspaceId: metadata.id, ...whole, ...given });
  }

  /** Resolves when no flush or compaction runs or is due, everything done is durable, and the files it made obsolete are removed. */
  async settle({ signal }: CancelOptions = {}): Promise<void> {
    return signal === undefined
      ? this.#store.settle()
      : untilAborted(signal, () => this.#store.settle());
  }

  /** The shape of the tree, amplification, memory, stalls and counters, now. */
  stats(): DatabaseStatistics {
    this.#store.assertReadable();
    const { options } = this.#store;
    return statisticsOf(this.#store, (tree) =>
      options.readOnly ? [] : this.#store.background.compaction.targetsOf(tree),
    );
  }

  /**
   * Acknowledges what is under way, closes iterators and snapshots, and gives the directory back. May be called again:
   * it is the same promise.
   */
  close(): Promise<void> {
    return this.#store.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #find(name: string): KeyspaceMetadata | undefined {
    for (const { metadata } of this.#store.versions.current.keyspaces.values()) {
      if (metadata.name === name) return metadata;
    }
    return undefined;
  }

  #create(wanted: Omit<KeyspaceMetadata, 'id'>): KeyspaceMetadata {
    if (this.#store.options.readOnly) {
      throw new StorageError(
        'NOT_FOUND',
        `Cannot open keyspace ${JSON.stringify(wanted.name)}: there is none`,
      );
    }
    const { versions, background } = this.#store;
    const metadata = { ...wanted, id: versions.current.nextKeyspaceId };
    background.log({ keyspacesAdded: [metadata] });
    return metadata;
  }

  #givenBounds({ gte, lte }: CompactOptions<K>): Partial<KeyRange> {
    const { key } = this.format;
    return {
      ...(gte !== undefined && { smallest: encodeKey(key, gte) }),
      ...(lte !== undefined && { largest: encodeKey(key, lte) }),
    };
  }
}

/** Both ends belong to it. */
interface KeyRange {
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

interface TableBounds {
  readonly smallestKey: Uint8Array;
  readonly largestKey: Uint8Array;
}

/** What `compact` is to work on; bounds are keys of the default keyspace's encoding. */
export interface CompactOptions<K> extends Pick<RangeOptions<K>, 'gte' | 'lte'> {
  /** @defaultValue 'default' */
  readonly keyspace?: string;
}

/** From the first to the last key of a tree; null when it has no tables. */
function wholeRange(tree: {
  readonly levels: readonly { readonly tables: readonly TableBounds[] }[];
}): KeyRange | null {
  const tables = tree.levels.flatMap((level) => level.tables);
  if (tables.length === 0) return null;
  return {
    smallest: tables.map((table) => table.smallestKey).reduce(earlierKey),
    largest: tables.map((table) => table.largestKey).reduce(laterKey),
  };
}

function earlierKey(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareWhole(a, b) <= 0 ? a : b;
}

function laterKey(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareWhole(a, b) >= 0 ? a : b;
}

function checkedName(name: string): string {
  if (typeof name !== 'string') {
    throw new TypeError(
      `Cannot open a keyspace: its name must be a string: received ${typeof name}`,
    );
  }
  if (name.length === 0 || name.length > KEYSPACE_NAME_LENGTH_MAX) {
    throw new RangeError(
      `Cannot open a keyspace: its name must have 1 to ${KEYSPACE_NAME_LENGTH_MAX} characters: received ${name.length}`,
    );
  }
  // It is stored as UTF-8, where half a surrogate pair would become another character, the same for all of them.
  if (decodeText(encodeText(name)) === name) return name;
  throw new TypeError('Cannot open a keyspace: its name must be well-formed Unicode');
}

/** Bytes can always be read as bytes; anything else must be what it was written as. */
function checkEncodings(
  metadata: KeyspaceMetadata,
  wanted: { readonly key: string; readonly value: string },
): void {
  check('keyEncoding', metadata.keyEncoding, wanted.key);
  check('valueEncoding', metadata.valueEncoding, wanted.value);
  function check(option: string, stored: string, given: string): void {
    if (given === stored || given === 'binary') return;
    throw new StorageError(
      'INVALID_ARGUMENT',
      `Cannot open keyspace ${JSON.stringify(metadata.name)} with ${option} '${given}': it was created with '${stored}'; open it with that, or with 'binary' for its bytes`,
      { expected: stored, actual: given },
    );
  }
}

export type { ValueOf };
