/**
 * The types of a database: abstract-level's, with the options that are ours.
 */
import type { Durability } from '@varve/engine';
import type {
  AbstractBatchOperation,
  AbstractBatchOptions,
  AbstractChainedBatch,
  AbstractChainedBatchWriteOptions,
  AbstractDelOptions,
  AbstractIterator,
  AbstractIteratorOptions,
  AbstractKeyIterator,
  AbstractKeyIteratorOptions,
  AbstractLevel,
  AbstractPutOptions,
  AbstractValueIterator,
  AbstractValueIteratorOptions,
  Transcoder,
} from 'abstract-level';
import type { DatabaseOptions, OpenOptions } from './level-options.js';

/** How durable a write is to be when it is acknowledged. */
export interface LevelWriteOptions {
  /**
   * `true`: when the write is acknowledged it is on the disk (durability `'always'`). `false`: the operating system has it
   * (`'os'`). @defaultValue the `durability` of the database
   */
  readonly sync?: boolean | undefined;
  /** The same in the words of the engine, which are more; wins over `sync`. */
  readonly durability?: Durability | undefined;
}

/** Options of `put`. */
export interface PutOptions<K, V> extends AbstractPutOptions<K, V>, LevelWriteOptions {}

/** Options of `del`. */
export interface DelOptions<K> extends AbstractDelOptions<K>, LevelWriteOptions {}

/** Options of `batch`. */
export interface BatchOptions<K, V> extends AbstractBatchOptions<K, V>, LevelWriteOptions {}

/** Options of `write` of a chained batch. */
export interface ChainedBatchWriteOptions
  extends AbstractChainedBatchWriteOptions,
    LevelWriteOptions {}

/** A chained batch whose `write` takes our options. */
export interface ChainedBatch<TDatabase, K, V> extends AbstractChainedBatch<TDatabase, K, V> {
  write(): Promise<void>;
  write(options: ChainedBatchWriteOptions): Promise<void>;
}

/** How an iterator is to read. */
export interface LevelReadAheadOptions {
  /**
   * The array of a `nextv` ends with the item that brings its keys and values to this many bytes, and so does what `next`
   * reads ahead. @defaultValue 1 MiB for `nextv`, 64 KiB for `next`
   */
  readonly highWaterMarkBytes?: number | undefined;
}

/** Options of `iterator`. */
export type IteratorOptions<K, V> = AbstractIteratorOptions<K, V> & LevelReadAheadOptions;

/** Options of `keys`. */
export type KeyIteratorOptions<K> = AbstractKeyIteratorOptions<K> & LevelReadAheadOptions;

/** Options of `values`. */
export type ValueIteratorOptions<K, V> = AbstractValueIteratorOptions<K, V> & LevelReadAheadOptions;

/** Options of `approximateSize` and `compactRange`. */
export interface StartEndOptions<K> {
  /** How `start` and `end` are encoded. @defaultValue the key encoding of the database */
  readonly keyEncoding?: string | Transcoder.PartialEncoder<K> | undefined;
}

/** The formats that keys and values have between abstract-level and the database. */
export type LevelFormat = string | Buffer | Uint8Array;

/** What abstract-level gives a database, with our options in place of the abstract ones. */
export interface LevelMethods<KDefault, VDefault>
  extends AbstractLevel<LevelFormat, KDefault, VDefault> {
  open(): Promise<void>;
  open(options: OpenOptions): Promise<void>;
  put(key: KDefault, value: VDefault): Promise<void>;
  put<K = KDefault, V = VDefault>(key: K, value: V, options: PutOptions<K, V>): Promise<void>;
  del(key: KDefault): Promise<void>;
  del<K = KDefault>(key: K, options: DelOptions<K>): Promise<void>;
  batch(operations: Array<AbstractBatchOperation<this, KDefault, VDefault>>): Promise<void>;
  batch<K = KDefault, V = VDefault>(
    operations: Array<AbstractBatchOperation<this, K, V>>,
    options: BatchOptions<K, V>,
  ): Promise<void>;
  batch(): ChainedBatch<this, KDefault, VDefault>;
  iterator(): AbstractIterator<this, KDefault, VDefault>;
  iterator<K = KDefault, V = VDefault>(
    options: IteratorOptions<K, V>,
  ): AbstractIterator<this, K, V>;
  keys(): AbstractKeyIterator<this, KDefault>;
  keys<K = KDefault>(options: KeyIteratorOptions<K>): AbstractKeyIterator<this, K>;
  values(): AbstractValueIterator<this, KDefault, VDefault>;
  values<K = KDefault, V = VDefault>(
    options: ValueIteratorOptions<K, V>,
  ): AbstractValueIterator<this, K, V>;
}

/** The constructor of abstract-level with those methods. */
export type LevelConstructor = new <KDefault = string, VDefault = string>(
  manifest: object,
  options?: DatabaseOptions<KDefault, VDefault>,
) => LevelMethods<KDefault, VDefault>;
