/**
 * Options of a database, in the words of the engine and, where there is a counterpart, in those of classic-level.
 */
import type { Durability, DatabaseOptions as EngineOptions, TuningOptions } from '@varve/engine';
import type { AbstractDatabaseOptions, AbstractOpenOptions } from 'abstract-level';
import { LevelError } from './level-error.js';

/** Options that opening takes; those of classic-level that have a counterpart are understood too. */
export interface OpenOptions
  extends AbstractOpenOptions,
    Pick<
      EngineOptions,
      | 'syncIntervalMs'
      | 'memoryBudgetBytes'
      | 'readOnly'
      | 'backgroundThreads'
      | 'fileSystem'
      | 'clock'
      | 'tuning'
    > {
  /**
   * What must hold before a write without the option `sync` is acknowledged. `'os'`: the operating system has it, so it
   * survives the end of the process, as in LevelDB; after a power failure the last moments of writes can be missing, never one
   * in the middle. `'interval'`: also on the disk within `syncIntervalMs`. `'always'`: on the disk. `'none'`: in memory only.
   * @defaultValue 'os'
   */
  readonly durability?: Durability;
  /** Codec of table blocks; `true` is `'lz4'`, `false` is `'none'`. @defaultValue 'lz4' */
  readonly compression?: boolean | 'lz4' | 'none';
  /** Bytes for cached blocks. @defaultValue follows from `memoryBudgetBytes` */
  readonly cacheSize?: number;
  /** Bytes of one memtable: `tuning.memtableSizeBytes`. */
  readonly writeBufferSize?: number;
  /** Bytes of a block: `tuning.blockSizeBytes`. */
  readonly blockSize?: number;
  /** Bytes of a table: `tuning.targetFileSizeBytes`. */
  readonly maxFileSize?: number;
  /** Not supported: the lock of a directory is held by one thread. */
  readonly multithreading?: false;
}

/** Options of the constructor. */
export interface DatabaseOptions<K, V>
  extends AbstractDatabaseOptions<K, V>,
    Omit<OpenOptions, 'passive'> {}

/** Memtables that memory is counted for: one that is written and two that are flushed, with their indexes. */
const MEMTABLE_SHARE_OF_BUDGET = 3 * 1.4;
const DEFAULT_WRITE_BUFFER_BYTES = 32 * 1024 * 1024;
const MINIMUM_MEMORY_BUDGET_BYTES = 8 * 1024 * 1024;

/** The options of the engine. Keys and values are bytes to it: encodings are Level's business. */
export function engineOptionsOf(
  options: OpenOptions,
): EngineOptions<'binary', 'binary'> & { keyEncoding: 'binary'; valueEncoding: 'binary' } {
  if ((options.multithreading as boolean | undefined) === true) {
    throw new LevelError(
      'Cannot open the database with multithreading: one thread holds the directory; give the others a channel to it',
      { code: 'LEVEL_NOT_SUPPORTED' },
    );
  }
  const { syncIntervalMs, readOnly, backgroundThreads, fileSystem, clock } = options;
  return {
    keyEncoding: 'binary',
    valueEncoding: 'binary',
    durability: options.durability ?? 'os',
    createIfMissing: options.createIfMissing !== false,
    errorIfExists: options.errorIfExists === true,
    compression: compressionOf(options.compression),
    tuning: tuningOf(options),
    ...defined({ syncIntervalMs, readOnly, backgroundThreads, fileSystem, clock }),
    ...defined({ memoryBudgetBytes: options.memoryBudgetBytes ?? budgetOf(options) }),
  };
}

function compressionOf(compression: OpenOptions['compression']): 'lz4' | 'none' {
  if (typeof compression === 'string') return compression;
  return compression === false ? 'none' : 'lz4';
}

function tuningOf(options: OpenOptions): TuningOptions {
  const { writeBufferSize, blockSize, maxFileSize, tuning } = options;
  return {
    ...defined({
      memtableSizeBytes: writeBufferSize,
      blockSizeBytes: blockSize,
      targetFileSizeBytes: maxFileSize,
    }),
    ...tuning,
  };
}

/** classic-level gives cache and memtables sizes of their own; the engine has one budget for both. */
function budgetOf({ cacheSize, writeBufferSize }: OpenOptions): number | undefined {
  if (cacheSize === undefined) return undefined;
  const memtables = (writeBufferSize ?? DEFAULT_WRITE_BUFFER_BYTES) * MEMTABLE_SHARE_OF_BUDGET;
  return Math.max(MINIMUM_MEMORY_BUDGET_BYTES, Math.ceil(cacheSize + memtables));
}

/** The fields that have a value. */
function defined<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof T]?: Exclude<T[Name], undefined> };
}
