/**
 * An abstract-level database on the engine.
 *
 * abstract-level does encodings, events, hooks, sublevels and the order of opening and closing; here its private methods
 * become calls of one keyspace, which is opened as bytes and seen through two encodings: strings out, or Buffers out.
 */
import {
  type BatchOperation,
  type Database,
  destroy,
  type Encoding,
  type Keyspace,
  open,
  type RangeOptions,
  type ReadOptions,
  repair,
  type Scan,
  StorageError,
  type WriteOptions,
} from '@varve/engine';
import { AbstractLevel } from 'abstract-level';
import {
  bufferEncoding,
  encodingOf,
  type LevelData,
  textEncoding,
  unwantedEncoding,
  valueEncodingOf,
} from './level-encodings.js';
import { LevelError, rethrow, toLevelError } from './level-error.js';
import { type DatabaseOptions, engineOptionsOf, type OpenOptions } from './level-options.js';
import { propertyOf } from './level-properties.js';
import { boundsOf, bytesOf, type EncodedRange } from './level-range.js';
import type { LevelConstructor, LevelWriteOptions, StartEndOptions } from './level-types.js';
import { ReadAhead } from './read-ahead.js';
import { VarveIterator, VarveKeyIterator, VarveValueIterator } from './varve-iterators.js';
import { VarveSnapshot } from './varve-snapshot.js';

/** Entries with keys and values as abstract-level passes them. */
type Entries = Keyspace<LevelData, LevelData>;

type Operation = BatchOperation<LevelData, LevelData>;

/** Options of a read, after abstract-level has replaced encodings by their formats. */
interface EncodedReadOptions {
  readonly keyEncoding?: string;
  readonly valueEncoding?: string;
  readonly snapshot?: VarveSnapshot;
}

/** Options of an iterator, likewise. */
interface EncodedIteratorOptions extends EncodedReadOptions, EncodedRange {
  readonly keys?: boolean;
  readonly values?: boolean;
  readonly signal?: AbortSignal;
  readonly highWaterMarkBytes?: number;
}

/** One operation of a batch, likewise; it can carry whatever the user put on it. */
interface EncodedOperation {
  readonly type: 'put' | 'del';
  readonly key: LevelData;
  readonly value: LevelData;
  readonly keyspace?: unknown;
}

/** What `approximateSize` and `compactRange` are called with. */
type RangeArguments = readonly [
  start?: unknown,
  end?: unknown,
  options?: StartEndOptions<never> | null,
];

interface KeyEncoder {
  encode(key: unknown): LevelData;
}

const MANIFEST = {
  encodings: { utf8: true, buffer: true, view: true },
  permanence: true,
  seek: true,
  has: true,
  getSync: true,
  createIfMissing: true,
  errorIfExists: true,
  implicitSnapshots: true,
  explicitSnapshots: true,
  signals: { iterators: true },
  additionalMethods: { approximateSize: true, compactRange: true },
};

const NO_OPTIONS = Object.freeze({});
const SYNC = Object.freeze({ durability: 'always' } as const);
const NO_SYNC = Object.freeze({ durability: 'os' } as const);

const Level = AbstractLevel as unknown as LevelConstructor;

/**
 * A database for everything that speaks abstract-level: `new VarveLevel('./data')`. Methods and options are those of
 * abstract-level 3; errors have its codes, with the engine's error as the `cause`.
 */
export class VarveLevel<KDefault = string, VDefault = string> extends Level<KDefault, VDefault> {
  readonly #location: string;
  #database: Database<Uint8Array, Uint8Array> | null = null;
  #hasBegunToClose = false;
  #texts!: Entries;
  #buffers!: Entries;

  /**
   * Opens the database in the next turn, unless `open()` is called before.
   * @param location the directory; made if it is missing
   */
  constructor(location: string, options?: DatabaseOptions<KDefault, VDefault>) {
    checkedLocation(location);
    super(MANIFEST, options);
    this.#location = location;
  }

  /** The directory, as it was passed to the constructor. */
  get location(): string {
    return this.#location;
  }

  /** Called by abstract-level, as all methods whose names begin with an underscore. */
  async _open(options: OpenOptions): Promise<void> {
    try {
      const database = await open(this.#location, engineOptionsOf(options));
      this.#database = database;
      this.#hasBegunToClose = false;
      this.#texts = this.#viewed(textEncoding, textEncoding);
      this.#buffers = this.#viewed(bufferEncoding, bufferEncoding);
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /**
   * The engine is closed even when that fails. Only the first call tells of it: abstract-level says `'open'` until a call
   * succeeds, and would neither open nor close again.
   */
  async _close(): Promise<void> {
    if (!this.#hasBegunToClose) {
      this.#hasBegunToClose = true;
      await this.#database?.close().catch(rethrow);
    }
    this.#database = null;
  }

  _put(key: LevelData, value: LevelData, options: LevelWriteOptions): Promise<void> {
    return this.#texts.put(key, value, writeOptionsOf(options)).catch(rethrow);
  }

  _del(key: LevelData, options: LevelWriteOptions): Promise<void> {
    return this.#texts.del(key, writeOptionsOf(options)).catch(rethrow);
  }

  _batch(operations: readonly EncodedOperation[], options: LevelWriteOptions): Promise<void> {
    return this.#texts.batch(withoutKeyspaces(operations), writeOptionsOf(options)).catch(rethrow);
  }

  _get(key: LevelData, options: EncodedReadOptions): Promise<LevelData | undefined> {
    return this.#entriesFor(options).get(key, readOptionsOf(options)).catch(rethrow);
  }

  _getSync(key: LevelData, options: EncodedReadOptions): LevelData | undefined {
    try {
      return this.#entriesFor(options).getSync(key, readOptionsOf(options));
    } catch (error) {
      throw toLevelError(error);
    }
  }

  _getMany(
    keys: readonly LevelData[],
    options: EncodedReadOptions,
  ): Promise<(LevelData | undefined)[]> {
    return this.#entriesFor(options).getMany(keys, readOptionsOf(options)).catch(rethrow);
  }

  _has(key: LevelData, options: EncodedReadOptions): Promise<boolean> {
    return this.#texts.has(key, readOptionsOf(options)).catch(rethrow);
  }

  _hasMany(keys: readonly LevelData[], options: EncodedReadOptions): Promise<boolean[]> {
    const readOptions = readOptionsOf(options);
    return Promise.all(keys.map((key) => this.#texts.has(key, readOptions))).catch(rethrow);
  }

  _clear(options: EncodedIteratorOptions & LevelWriteOptions): Promise<void> {
    const { limit = -1 } = options;
    const range = { ...boundsOf(options), ...readOptionsOf(options), ...(limit >= 0 && { limit }) };
    return this.#texts.clear(range, writeOptionsOf(options)).catch(rethrow);
  }

  _iterator(options: EncodedIteratorOptions): VarveIterator<this, KDefault, VDefault> {
    const { keys, values } = options;
    const entries = this.#viewed(
      keys === false ? unwantedEncoding : encodingOf(options.keyEncoding),
      values === false ? unwantedEncoding : encodingOf(options.valueEncoding),
    );
    const ahead = readAhead(options, (bounds) => entries.entries(bounds));
    return new VarveIterator(this, options as object, ahead);
  }

  _keys(options: EncodedIteratorOptions): VarveKeyIterator<this, KDefault> {
    const entries = this.#viewed(encodingOf(options.keyEncoding), unwantedEncoding);
    const ahead = readAhead(options, (bounds) => entries.keys(bounds));
    return new VarveKeyIterator(this, options as object, ahead);
  }

  _values(options: EncodedIteratorOptions): VarveValueIterator<this, KDefault, VDefault> {
    const entries = this.#viewed(textEncoding, encodingOf(options.valueEncoding));
    const ahead = readAhead(options, (bounds) => entries.values(bounds));
    return new VarveValueIterator(this, options as object, ahead);
  }

  _snapshot(options: object): VarveSnapshot {
    try {
      return new VarveSnapshot(this.#database!.snapshot(), options);
    } catch (error) {
      throw toLevelError(error);
    }
  }

  /**
   * About how many bytes the range from `start` to before `end` takes: in tables as they are stored, and in memory.
   */
  approximateSize(start: KDefault, end: KDefault): Promise<number>;
  approximateSize<K = KDefault>(start: K, end: K, options: StartEndOptions<K>): Promise<number>;
  async approximateSize(...range: RangeArguments): Promise<number> {
    const work = (gte: Uint8Array, lt: Uint8Array): number =>
      this.#database!.approximateSize({ gte, lt });
    return this.#withRange('approximateSize', range, work);
  }

  /** Merges everything from `start` to `end` down to the deepest level, without what was deleted or replaced. */
  compactRange(start: KDefault, end: KDefault): Promise<void>;
  compactRange<K = KDefault>(start: K, end: K, options: StartEndOptions<K>): Promise<void>;
  async compactRange(...range: RangeArguments): Promise<void> {
    const work = (gte: Uint8Array, lte: Uint8Array): Promise<void> =>
      this.#database!.compact({ gte, lte });
    return this.#withRange('compactRange', range, work);
  }

  /**
   * Details of the database, now: `'leveldb.stats'`, `'leveldb.sstables'`, `'leveldb.num-files-at-level<N>'`,
   * `'leveldb.approximate-memory-usage'` as in LevelDB, and `'varve.stats'`, all statistics as JSON. Empty for another name.
   */
  getProperty(property: string): string {
    if (typeof property !== 'string') {
      throw new TypeError("The first argument 'property' must be a string");
    }
    this.#assertOpen('getProperty');
    return propertyOf(this.#database!.stats(), property);
  }

  /** Removes the database in a directory that nobody has open, and nothing else; does nothing where there is none. */
  static async destroy(location: string): Promise<void> {
    try {
      await destroy(checkedLocation(location));
    } catch (error) {
      const isNone = error instanceof StorageError && error.code === 'INVALID_ARGUMENT';
      if (!isNone) throw toLevelError(error);
    }
  }

  /**
   * Checks the database in a directory that nobody has open, and replaces it by what is intact of it if anything is damaged;
   * the damaged one stays beside it, as `location` with `.damaged`.
   */
  static async repair(location: string): Promise<void> {
    await repair(checkedLocation(location)).catch(rethrow);
  }

  /** Waits for opening, encodes both ends, and does the work. */
  async #withRange<R>(
    name: string,
    range: RangeArguments,
    work: (start: Uint8Array, end: Uint8Array) => R | Promise<R>,
  ): Promise<R> {
    if (range.length < 2) throw new TypeError("The arguments 'start' and 'end' are required");
    if (this.status === 'opening') {
      return this.deferAsync(() => this.#withRange(name, range, work));
    }
    this.#assertOpen(name);
    const [start, end, options] = range;
    const encoding = this.keyEncoding((options?.keyEncoding ?? undefined) as never) as KeyEncoder;
    try {
      return await work(bytesOf(encoding.encode(start)), bytesOf(encoding.encode(end)));
    } catch (error) {
      throw toLevelError(error);
    }
  }

  #assertOpen(name: string): void {
    if (this.status === 'open') return;
    throw new LevelError(`Database is not open: cannot call ${name}()`, {
      code: 'LEVEL_DATABASE_NOT_OPEN',
    });
  }

  #viewed(key: Encoding<LevelData>, value: Encoding<LevelData>): Entries {
    const valueEncoding = valueEncodingOf(value);
    const entries = this.#database!.withEncodings({ keyEncoding: key, valueEncoding });
    return entries as unknown as Entries;
  }

  #entriesFor({ valueEncoding }: EncodedReadOptions): Entries {
    return valueEncoding === 'utf8' ? this.#texts : this.#buffers;
  }
}

function checkedLocation(location: string): string {
  if (typeof location === 'string' && location !== '') return location;
  throw new TypeError("The first argument 'location' must be a non-empty string");
}

/** Opens the range for an iterator, at once: it is to see the state of now. */
function readAhead<T>(
  options: EncodedIteratorOptions,
  scanOf: (bounds: RangeOptions<LevelData>) => Scan<T, LevelData>,
): ReadAhead<T> {
  const { signal, highWaterMarkBytes } = options;
  const bounds = boundsOf(options);
  try {
    const reader = scanOf({ ...bounds, ...readOptionsOf(options) }).reader();
    return new ReadAhead(reader, { bounds, signal, highWaterMarkBytes });
  } catch (error) {
    throw toLevelError(error);
  }
}

function readOptionsOf({ snapshot }: EncodedReadOptions): ReadOptions {
  return snapshot === undefined || snapshot === null ? NO_OPTIONS : snapshot.readOptions;
}

function writeOptionsOf({ sync, durability }: LevelWriteOptions): WriteOptions {
  if (durability !== undefined) return { durability };
  if (sync === undefined) return NO_OPTIONS;
  return sync ? SYNC : NO_SYNC;
}

/** The engine has a meaning for `keyspace`, which here is just something that the user put on an operation. */
function withoutKeyspaces(operations: readonly EncodedOperation[]): readonly Operation[] {
  for (let index = 0; index < operations.length; index++) {
    if (operations[index].keyspace !== undefined) {
      return operations.map(({ type, key, value }) => ({ type, key, value }) as Operation);
    }
  }
  return operations as readonly Operation[];
}
