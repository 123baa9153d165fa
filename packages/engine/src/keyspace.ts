/**
 * A keyspace: an ordered map of its own, with its own encodings, inside a database.
 *
 * The typed surface of reads and writes. Each method is one call into the read or the write path; what it adds is
 * encodings, defaults, and the check that the keyspace can still be used.
 */
import { type CancelOptions, StorageError, untilAborted } from '@varve/base';
import { clearRange } from './clear.js';
import {
  checkedPair,
  type Encoding,
  type EncodingOption,
  resolveEncoding,
  type ValueOf,
} from './encoding/index.js';
import type { Version } from './manifest/index.js';
import {
  approximateSize,
  type BoundsOptions,
  Cursor,
  type CursorOptions,
  encodeRange,
  makeScan,
  type RangeOptions,
  type ReadSnapshot,
  type Scan,
  takeEntry,
  takeKey,
  takeValue,
} from './read/index.js';
import { checkSnapshot, sequenceOf } from './snapshot.js';
import type { Store } from './store.js';
import { type Durability, durabilityRank } from './write/index.js';

/** How a write is to be done. */
export interface WriteOptions {
  /** What must hold before the write is acknowledged. @defaultValue the durability of the database */
  readonly durability?: Durability;
}

/** How a read is to be done. */
export interface ReadOptions {
  /** Read as of this snapshot. @defaultValue the newest state */
  readonly snapshot?: ReadSnapshot;
}

/** A keyspace of the same database, whatever its encodings are. */
// biome-ignore lint/suspicious/noExplicitAny: no other type takes keyspaces of all keys and values
export type AnyKeyspace = Keyspace<any, any>;

/** One operation of a batch; with `keyspace` it goes there instead of where `batch` was called. */
export type BatchOperation<K, V> =
  | { readonly type: 'put'; readonly key: K; readonly value: V; readonly keyspace?: undefined }
  | { readonly type: 'del'; readonly key: K; readonly keyspace?: undefined }
  | {
      readonly type: 'put';
      readonly key: unknown;
      readonly value: unknown;
      readonly keyspace: AnyKeyspace;
    }
  | { readonly type: 'del'; readonly key: unknown; readonly keyspace: AnyKeyspace };

/** Encodings and identity of a keyspace, as the byte engine takes them. */
export interface KeyspaceFormat<K, V> {
  readonly keyspaceId: number;
  readonly key: Encoding<K>;
  readonly value: Encoding<V>;
}

/** What `withEncodings` takes; what is left out stays. */
export interface EncodingChoice {
  /** How keys are to be understood. */
  readonly keyEncoding?: EncodingOption;
  /** How values are to be understood. */
  readonly valueEncoding?: EncodingOption;
}

/** The type of keys or values after a choice of encodings, or `T` where none is made. */
type Chosen<O, Name extends keyof EncodingChoice, T> = O extends {
  readonly [N in Name]: infer E extends EncodingOption;
}
  ? ValueOf<E>
  : T;

type AnyOperation = BatchOperation<unknown, unknown>;

const NO_OPTIONS = {};

/**
 * Errors of every method: CLOSED after closing, NOT_FOUND after the keyspace was dropped. Writes also READ_ONLY,
 * KEY_TOO_LARGE, VALUE_TOO_LARGE, NO_SPACE, IO, DURABILITY_UNKNOWN; reads also CORRUPTION, IO, SNAPSHOT_RELEASED;
 * asynchronous ones with a `signal` also ABORTED.
 * Arguments of the wrong type are a TypeError or RangeError. Asynchronous methods reject, synchronous ones throw.
 */
export class Keyspace<K, V> {
  /** Its name; `'default'` for the database itself. */
  readonly name: string;
  readonly #store: Store;
  readonly #format: KeyspaceFormat<K, V>;
  /** The last version seen to have this keyspace. */
  #lastVersion: Version | null = null;
  readonly #formatOf = (operation: AnyOperation): KeyspaceFormat<unknown, unknown> => {
    const { keyspace } = operation;
    if (keyspace === undefined) return this.#format as KeyspaceFormat<unknown, unknown>;
    return (keyspace as unknown as Keyspace<unknown, unknown>).#formatFor(this.#store);
  };

  /** Made by `open` and `Database.keyspace`. */
  constructor(store: Store, name: string, format: KeyspaceFormat<K, V>) {
    this.#store = store;
    this.name = name;
    this.#format = format;
  }

  /**
   * Sets the value of a key. Resolves when the durability asked for is reached; all writes of one turn of the event loop
   * share one log record and one sync. Costs about 1 µs, and with `'always'` a share of a disk sync.
   */
  put(key: K, value: V, options: WriteOptions & CancelOptions = NO_OPTIONS): Promise<void> {
    try {
      const { signal } = options;
      if (signal !== undefined) {
        return untilAborted(signal, () => this.put(key, value, { ...options, signal: undefined }));
      }
      const rank = this.#rank(options);
      return this.#writing().put(this.#format, key, value, rank);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `put`, done when it returns: with `'always'` it blocks this thread for a disk sync. */
  putSync(key: K, value: V, options: WriteOptions = NO_OPTIONS): void {
    const rank = this.#rank(options);
    this.#writing().putSync(this.#format, key, value, rank);
  }

  /** Removes a key; a key that does not exist is no error. */
  del(key: K, options: WriteOptions & CancelOptions = NO_OPTIONS): Promise<void> {
    try {
      const { signal } = options;
      if (signal !== undefined) {
        return untilAborted(signal, () => this.del(key, { ...options, signal: undefined }));
      }
      const rank = this.#rank(options);
      return this.#writing().del(this.#format, key, rank);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `del`, done when it returns. */
  delSync(key: K, options: WriteOptions = NO_OPTIONS): void {
    const rank = this.#rank(options);
    this.#writing().delSync(this.#format, key, rank);
  }

  /**
   * Does all operations or none, in order; a batch may span keyspaces. After a crash either all are there or none is.
   * An empty batch writes nothing: it is done when every write issued before can be read, or has failed.
   * @throws StorageError also BATCH_TOO_LARGE
   */
  batch(
    operations: readonly BatchOperation<K, V>[],
    options: WriteOptions & CancelOptions = NO_OPTIONS,
  ): Promise<void> {
    try {
      const { signal } = options;
      if (signal !== undefined) {
        return untilAborted(signal, () =>
          this.batch(operations, { ...options, signal: undefined }),
        );
      }
      const rank = this.#rank(options);
      return this.#writing().batch(checkedOperations(operations), this.#formatOf, rank);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `batch`, done when it returns; an empty one blocks until writes issued before can be read. */
  batchSync(operations: readonly BatchOperation<K, V>[], options: WriteOptions = NO_OPTIONS): void {
    const rank = this.#rank(options);
    this.#writing().batchSync(checkedOperations(operations), this.#formatOf, rank);
  }

  /** The value of a key, or `undefined`. What is not in memory is read on the thread pool. */
  get(key: K, options: ReadOptions & CancelOptions = NO_OPTIONS): Promise<V | undefined> {
    try {
      const { signal } = options;
      if (signal !== undefined) {
        return untilAborted(signal, () => this.get(key, { ...options, signal: undefined }));
      }
      const store = this.#reading();
      return store.points.get(this.#format, key, sequenceOf(options.snapshot, store.snapshots));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `get`; what is not in memory is read on this thread. */
  getSync(key: K, options: ReadOptions = NO_OPTIONS): V | undefined {
    const store = this.#reading();
    return store.points.getSync(this.#format, key, sequenceOf(options.snapshot, store.snapshots));
  }

  /** The values of many keys in their order, all as of one moment; what is not in memory is read in parallel. */
  getMany(
    keys: readonly K[],
    options: ReadOptions & CancelOptions = NO_OPTIONS,
  ): Promise<(V | undefined)[]> {
    try {
      const { signal } = options;
      if (signal !== undefined) {
        return untilAborted(signal, () => this.getMany(keys, { ...options, signal: undefined }));
      }
      const store = this.#reading();
      return store.points.getMany(
        this.#format,
        keys,
        sequenceOf(options.snapshot, store.snapshots),
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Whether a key exists. */
  has(key: K, options: ReadOptions & CancelOptions = NO_OPTIONS): Promise<boolean> {
    try {
      const { signal } = options;
      if (signal !== undefined) {
        return untilAborted(signal, () => this.has(key, { ...options, signal: undefined }));
      }
      const store = this.#reading();
      return store.points.has(this.#format, key, sequenceOf(options.snapshot, store.snapshots));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** As `has`, on this thread. */
  hasSync(key: K, options: ReadOptions = NO_OPTIONS): boolean {
    const store = this.#reading();
    return store.points.hasSync(this.#format, key, sequenceOf(options.snapshot, store.snapshots));
  }

  /**
   * The entries of a range in key order, for `for` and for `for await`. Each loop sees one state, that of its start, and
   * holds it until it ends.
   * @throws TypeError, RangeError for a range that is none
   */
  entries(range: RangeOptions<K> = NO_OPTIONS): Scan<[K, V], K> {
    return makeScan(this.#readingAt(range), this.#format, { range, take: takeEntry(this.#format) });
  }

  /** As `entries`, keys only: values are not decoded. */
  keys(range: RangeOptions<K> = NO_OPTIONS): Scan<K, K> {
    return makeScan(this.#readingAt(range), this.#format, { range, take: takeKey(this.#format) });
  }

  /** As `entries`, values only. */
  values(range: RangeOptions<K> = NO_OPTIONS): Scan<V, K> {
    return makeScan(this.#readingAt(range), this.#format, { range, take: takeValue(this.#format) });
  }

  /** A cursor over a range: synchronous, in both directions, without allocation per step. Close it when done. */
  cursor(options: CursorOptions<K> = NO_OPTIONS): Cursor<K, V> {
    return new Cursor(this.#readingAt(options), this.#format, options);
  }

  /**
   * The same keyspace with other encodings, for whoever opened it with `'binary'`, which says nothing about what the bytes
   * mean: what is written through one is read through the other, and a batch may name either. Costs nothing.
   * @throws StorageError INVALID_ARGUMENT when it was opened with another encoding than `'binary'` and that is to change
   * @throws TypeError when one object that works in place is given for both
   */
  withEncodings<const O extends EncodingChoice = Record<never, never>>(
    options: O,
  ): Keyspace<Chosen<O, 'keyEncoding', K>, Chosen<O, 'valueEncoding', V>> {
    const { keyEncoding, valueEncoding } = options as EncodingChoice;
    const pair = checkedPair({
      key: this.#otherEncoding('keyEncoding', this.#format.key, keyEncoding),
      value: this.#otherEncoding('valueEncoding', this.#format.value, valueEncoding),
    });
    const format = { keyspaceId: this.#format.keyspaceId, ...pair };
    return new Keyspace(this.#store, this.name, format) as Keyspace<
      Chosen<O, 'keyEncoding', K>,
      Chosen<O, 'valueEncoding', V>
    >;
  }

  #otherEncoding<T>(
    option: string,
    current: Encoding<T>,
    chosen: EncodingOption | undefined,
  ): Encoding<unknown> {
    if (chosen === undefined) return current as Encoding<unknown>;
    const encoding = resolveEncoding(chosen);
    const isAllowed =
      current.name === 'binary' || encoding.name === 'binary' || encoding.name === current.name;
    if (isAllowed) return encoding;
    throw new StorageError(
      'INVALID_ARGUMENT',
      `Cannot use keyspace ${JSON.stringify(this.name)} with ${option} '${encoding.name}': it is open with '${current.name}'; open it with 'binary' to choose`,
      { expected: current.name, actual: encoding.name },
    );
  }

  /**
   * Removes the entries of a range, as it is when the call is made, in batches of a thousand: what is written to after the call stays,
   * also keys that were there before, and a crash in between leaves the rest, as does a `signal` that is aborted. With a `snapshot` that
   * decides which keys are removed, written to since or not. With `limit` at most that many, with `reverse` from the end. Resolves when all of
   * it has the durability asked for. Costs reading the keys, and a deletion for each.
   */
  clear(range: RangeOptions<K> = NO_OPTIONS, options: WriteOptions = NO_OPTIONS): Promise<void> {
    try {
      const rank = this.#rank(options);
      this.#writing();
      return clearRange(this.#readingAt(range), this.#format, { range, rank });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * About how many bytes a range takes: in tables as they are stored, older versions and all, and in memory. Reads nothing;
   * O(tables). Off by a block at either end of the range, and by up to a memtable when much is in memory.
   */
  approximateSize(range: BoundsOptions<K> = NO_OPTIONS): number {
    const store = this.#reading();
    return approximateSize(store, this.#format.keyspaceId, encodeRange(this.#format.key, range));
  }

  /** For the database, which encodes bounds of its own. */
  protected get format(): KeyspaceFormat<K, V> {
    return this.#format;
  }

  #rank(options: WriteOptions): number {
    const { durability } = options;
    return durability === undefined
      ? this.#store.options.durabilityRank
      : durabilityRank(durability);
  }

  #writing(): Store['queue'] {
    const { queue } = this.#store;
    this.#assertExists();
    return queue;
  }

  #reading(): Store {
    this.#store.assertReadable();
    this.#assertExists();
    return this.#store;
  }

  /** For ranges, whose snapshot may be released before they are read, but must be one. */
  #readingAt({ snapshot }: ReadOptions): Store {
    const store = this.#reading();
    if (snapshot !== undefined) checkSnapshot(snapshot, store.snapshots);
    return store;
  }

  #assertExists(): void {
    const { current } = this.#store.versions;
    if (current === this.#lastVersion) return;
    if (current.keyspaces.has(this.#format.keyspaceId)) {
      this.#lastVersion = current;
      return;
    }
    throw new StorageError(
      'NOT_FOUND',
      `Cannot use keyspace ${JSON.stringify(this.name)}: it was dropped`,
    );
  }

  #formatFor(store: Store): KeyspaceFormat<K, V> {
    if (store !== this.#store) {
      throw new TypeError(
        `Cannot write a batch: keyspace ${JSON.stringify(this.name)} belongs to another database`,
      );
    }
    this.#assertExists();
    return this.#format;
  }
}

/** @throws TypeError when an operation is neither a put nor a del */
function checkedOperations<O extends { readonly type: string }>(
  operations: readonly O[],
): readonly O[] {
  if (!Array.isArray(operations)) {
    throw new TypeError('Cannot write a batch: expected an array of operations');
  }
  for (const operation of operations) {
    if (operation.type === 'put' || operation.type === 'del') continue;
    throw new TypeError(
      `Cannot write a batch: an operation's type must be 'put' or 'del': received ${String(operation.type)}`,
    );
  }
  return operations;
}
