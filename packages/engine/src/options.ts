/**
 * Every option of a database: what it means, its unit, its default, what it costs. Checked and filled in once, here.
 *
 * Settings are plain data. `fileSystem` and `clock` are components: they are passed on as they are.
 */
import { type Clock, systemClock } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import type { EncodingOption, ValueOf } from './encoding/index.js';
import { type Durability, durabilityRank } from './write/index.js';

/** How a keyspace encodes and stores its entries. Part of `open` for the default keyspace. */
export interface KeyspaceOptions<
  KE extends EncodingOption = EncodingOption,
  VE extends EncodingOption = EncodingOption,
> {
  /** How keys become bytes; they order by those bytes. Must not change later. @defaultValue 'utf8' */
  readonly keyEncoding?: KE;
  /** How values become bytes. Must not change later. @defaultValue 'utf8' */
  readonly valueEncoding?: VE;
  /**
   * Codec of table blocks: `'lz4'` halves typical data for some CPU of the background threads and about 4 µs per block read
   * from a file. While memtables wait to be flushed, they are written uncompressed, which is faster. Stored with the
   * keyspace when that is created, and ignored for one that exists.
   * @defaultValue 'lz4'
   */
  readonly compression?: 'none' | 'lz4';
}

/** The options of `open`. */
export interface DatabaseOptions<
  KE extends EncodingOption = EncodingOption,
  VE extends EncodingOption = EncodingOption,
> extends KeyspaceOptions<KE, VE> {
  /**
   * What must hold before a write is acknowledged; each write can ask for another. `'always'` costs a disk sync per group
   * of concurrent writes, the others nothing. @defaultValue 'always'
   */
  readonly durability?: Durability;
  /** Longest time a write with durability `'interval'` may be off the disk, in milliseconds, 1 to 60,000. @defaultValue 100 */
  readonly syncIntervalMs?: number;
  /**
   * How long a write waits while background work has to make room, in milliseconds; then it is refused with BUSY and nothing
   * of it was written. @defaultValue no limit
   */
  readonly writeTimeoutMs?: number;
  /**
   * Memory for memtables, cached blocks, indexes and filters together, in bytes; at least 1 MiB. About half of it is used
   * for writes when they are heavy. The process needs some 100 MiB more for JavaScript and its threads.
   * @defaultValue 256 MiB
   */
  readonly memoryBudgetBytes?: number;
  /** Whether a missing database is created. @defaultValue true */
  readonly createIfMissing?: boolean;
  /** Whether it is an error (ALREADY_EXISTS) that the database exists. @defaultValue false */
  readonly errorIfExists?: boolean;
  /** Open without the lock and without changing a byte; every write fails with READ_ONLY. @defaultValue false */
  readonly readOnly?: boolean;
  /** Worker threads for flushes and compactions: 2, 1, or 0 to run them on this thread. @defaultValue 2 */
  readonly backgroundThreads?: 0 | 1 | 2;
  /**
   * Size of a file that only occupies space, in bytes: it is given up when the disk is full, so that what is in memory can
   * still be written to tables, and made again in the background when there is space. 0: none.
   * @defaultValue a little more than a memtable, as soon as the tables have eight times that size
   */
  readonly reserveSizeBytes?: number;
  /** Where files live. Any but the default runs background work on this thread. @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
  /** What time it is. @defaultValue the system clock */
  readonly clock?: Clock;
  /** For measurements and unusual loads; the defaults follow from `memoryBudgetBytes`. */
  readonly tuning?: TuningOptions;
}

/** Advanced options. */
export interface TuningOptions {
  /** Bytes of entries in one memtable, 64 KiB to 1 GiB. Larger: fewer, larger flushes. @defaultValue an eighth of the budget, at most 64 MiB */
  readonly memtableSizeBytes?: number;
  /** Full memtables that may wait for their flush before writers wait. 1 to 16. @defaultValue 2 */
  readonly frozenMemtableCountMax?: number;
  /** Content of a data block, 512 B to 1 MiB. Smaller: less read per lookup, more index. @defaultValue 4096 */
  readonly blockSizeBytes?: number;
  /** Bits of Bloom filter per key, 0 (none) to 30; 10 let 1 in 100 useless probes through. @defaultValue 10 */
  readonly filterBitsPerKey?: number;
  /** Size at which a compaction starts its next table, 64 KiB to 1 GiB. @defaultValue 32 MiB */
  readonly targetFileSizeBytes?: number;
  /** Runs in level 0 that make a compaction due, 1 to 64. @defaultValue 4 */
  readonly level0CompactionTrigger?: number;
  /** Runs in level 0 at which writers wait; above the trigger. @defaultValue 20 */
  readonly level0StopTrigger?: number;
  /** Bytes owed to compaction at which writers wait. @defaultValue 16 GiB */
  readonly pendingCompactionLimitBytes?: number;
  /** A call to the file system that takes as long as this, in milliseconds, is told of by `diskSlow`. @defaultValue 5000 */
  readonly diskSlowMs?: number;
  /** Each level's target size over that of the level above, 2 to 100. @defaultValue 10 */
  readonly levelSizeMultiplier?: number;
  /** Least target size of the first level below level 0. @defaultValue 4 memtables */
  readonly baseLevelSizeBytes?: number;
  /**
   * Bytes of tables that were replaced and are kept for open iterators and cursors (`stats().snapshots.pinnedBytes`), from
   * which on `snapshot()` is refused with BUSY; at least 1 MiB. @defaultValue no limit
   */
  readonly pinnedLimitBytes?: number;
  /**
   * Files of tables that are open at once, at least 1; those being read come on top. The least recently used one is closed
   * for the next, and a read of it later opens it again. For a process that may open few files. @defaultValue no limit
   */
  readonly openTableFileCountMax?: number;
  /** Age of the oldest snapshot at which the event `oldSnapshot` tells of it, in milliseconds, at least 1. @defaultValue 10 minutes */
  readonly snapshotWarningAgeMs?: number;
}

/** The types of keys and values that follow from options. */
export type KeyOf<O> = O extends { readonly keyEncoding: infer KE extends EncodingOption }
  ? ValueOf<KE>
  : string;
export type ValueTypeOf<O> = O extends { readonly valueEncoding: infer VE extends EncodingOption }
  ? ValueOf<VE>
  : string;

/** Options with every field filled in and checked. */
export type ResolvedOptions = Readonly<
  Required<Omit<DatabaseOptions, 'tuning'>> & {
    readonly tuning: Readonly<Required<TuningOptions>>;
    readonly durabilityRank: number;
    /** Table bytes from which on the reserve is kept. */
    readonly reserveFromBytes: number;
    /** Share of the memory budget for blocks, indexes and filters. */
    readonly cacheSizeBytes: number;
  }
>;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

/** The longest that a timer of the host waits. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const DEFAULT_MEMORY_BUDGET_BYTES = 256 * MIB;
const MINIMUM_MEMORY_BUDGET_BYTES = MIB;
const DEFAULT_SYNC_INTERVAL_MS = 100;
const DEFAULT_SNAPSHOT_WARNING_AGE_MS = 10 * 60 * 1000;
const MEMTABLE_BUDGET_SHARE = 1 / 8;
const LARGEST_DEFAULT_MEMTABLE_BYTES = 64 * MIB;
/** What a memtable takes besides its entries: the index of entries of some 100 bytes. */
const MEMTABLE_OVERHEAD_FACTOR = 1.4;
/** A table of the entries of a memtable, with its index and filter. */
const RESERVE_FACTOR = 1.125;
/** The edits of the manifest, and the header of a log. */
const RESERVE_EXTRA_BYTES = 256 * KIB;
/** A database that is not this many times as large as its reserve does without, unless it is asked for. */
const RESERVE_SHARE = 8;
/** The cache never has less than this share of the budget. */
const LEAST_CACHE_SHARE = 1 / 4;

/**
 * Fills in defaults and checks everything, before any I/O.
 * @throws TypeError, RangeError naming the option
 */
export function resolveOptions(options: DatabaseOptions): ResolvedOptions {
  const memoryBudgetBytes = integer(options, 'memoryBudgetBytes', DEFAULT_MEMORY_BUDGET_BYTES, [
    MINIMUM_MEMORY_BUDGET_BYTES,
    Number.MAX_SAFE_INTEGER,
  ]);
  const tuning = resolveTuning(options.tuning ?? {}, memoryBudgetBytes);
  const durability = options.durability ?? 'always';
  const writeBytes =
    tuning.memtableSizeBytes * MEMTABLE_OVERHEAD_FACTOR * (tuning.frozenMemtableCountMax + 1);
  return {
    durability,
    durabilityRank: durabilityRank(durability),
    writeTimeoutMs:
      options.writeTimeoutMs === undefined
        ? Number.POSITIVE_INFINITY
        : integer(options, 'writeTimeoutMs', 0, [1, LONGEST_TIMER_MS]),
    syncIntervalMs: integer(options, 'syncIntervalMs', DEFAULT_SYNC_INTERVAL_MS, [1, 60_000]),
    memoryBudgetBytes,
    cacheSizeBytes: Math.max(
      Math.floor(memoryBudgetBytes * LEAST_CACHE_SHARE),
      Math.floor(memoryBudgetBytes - writeBytes),
    ),
    keyEncoding: options.keyEncoding ?? 'utf8',
    valueEncoding: options.valueEncoding ?? 'utf8',
    compression: resolveCompression(options.compression),
    createIfMissing: flag(options, 'createIfMissing', true),
    errorIfExists: flag(options, 'errorIfExists', false),
    readOnly: flag(options, 'readOnly', false),
    backgroundThreads: integer(options, 'backgroundThreads', 2, [0, 2]) as 0 | 1 | 2,
    ...resolveReserve(options, tuning),
    fileSystem: options.fileSystem ?? new NodeFileSystem(),
    clock: options.clock ?? systemClock,
    tuning,
  };
}

function resolveReserve(
  options: DatabaseOptions,
  { memtableSizeBytes }: { readonly memtableSizeBytes: number },
): { reserveSizeBytes: number; reserveFromBytes: number } {
  const defaultBytes = Math.ceil(memtableSizeBytes * RESERVE_FACTOR) + RESERVE_EXTRA_BYTES;
  const reserveSizeBytes = integer(options, 'reserveSizeBytes', defaultBytes, [0, 16 * GIB]);
  const isWanted = options.reserveSizeBytes !== undefined;
  return { reserveSizeBytes, reserveFromBytes: isWanted ? 0 : reserveSizeBytes * RESERVE_SHARE };
}

/** @throws RangeError for anything but a codec name */
export function resolveCompression(compression: 'none' | 'lz4' | undefined): 'none' | 'lz4' {
  if (compression === undefined) return 'lz4';
  if (compression === 'none' || compression === 'lz4') return compression;
  throw new RangeError(
    `Cannot use compression ${JSON.stringify(compression)}: it must be 'none' or 'lz4'`,
  );
}

function resolveTuning(
  tuning: TuningOptions,
  memoryBudgetBytes: number,
): Readonly<Required<TuningOptions>> {
  const defaultMemtableBytes = Math.min(
    Math.floor(memoryBudgetBytes * MEMTABLE_BUDGET_SHARE),
    LARGEST_DEFAULT_MEMTABLE_BYTES,
  );
  const memtableSizeBytes = integer(tuning, 'memtableSizeBytes', defaultMemtableBytes, [
    64 * KIB,
    GIB,
  ]);
  const trigger = integer(tuning, 'level0CompactionTrigger', 4, [1, 64]);
  return {
    memtableSizeBytes,
    frozenMemtableCountMax: integer(tuning, 'frozenMemtableCountMax', 2, [1, 16]),
    blockSizeBytes: integer(tuning, 'blockSizeBytes', 4096, [512, MIB]),
    filterBitsPerKey: integer(tuning, 'filterBitsPerKey', 10, [0, 30]),
    targetFileSizeBytes: integer(tuning, 'targetFileSizeBytes', 32 * MIB, [64 * KIB, GIB]),
    level0CompactionTrigger: trigger,
    level0StopTrigger: integer(tuning, 'level0StopTrigger', Math.max(20, trigger + 4), [
      trigger + 1,
      1024,
    ]),
    pendingCompactionLimitBytes: integer(tuning, 'pendingCompactionLimitBytes', 16 * GIB, [
      MIB,
      Number.MAX_SAFE_INTEGER,
    ]),
    diskSlowMs: integer(tuning, 'diskSlowMs', 5000, [1, LONGEST_TIMER_MS]),
    levelSizeMultiplier: integer(tuning, 'levelSizeMultiplier', 10, [2, 100]),
    baseLevelSizeBytes: integer(tuning, 'baseLevelSizeBytes', 4 * memtableSizeBytes, [
      64 * KIB,
      Number.MAX_SAFE_INTEGER,
    ]),
    pinnedLimitBytes: integer(tuning, 'pinnedLimitBytes', Number.MAX_SAFE_INTEGER, [
      MIB,
      Number.MAX_SAFE_INTEGER,
    ]),
    openTableFileCountMax: integer(tuning, 'openTableFileCountMax', Number.MAX_SAFE_INTEGER, [
      1,
      Number.MAX_SAFE_INTEGER,
    ]),
    snapshotWarningAgeMs: integer(tuning, 'snapshotWarningAgeMs', DEFAULT_SNAPSHOT_WARNING_AGE_MS, [
      1,
      Number.MAX_SAFE_INTEGER,
    ]),
  };
}

/** A whole number between two bounds, both allowed. */
function integer<O extends object>(
  options: O,
  name: keyof O & string,
  defaultValue: number,
  bounds: readonly [number, number],
): number {
  const value = (options[name] as number | undefined) ?? defaultValue;
  const [least, most] = bounds;
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(
    `Cannot open the database: ${name} must be an integer from ${least} to ${most}: received ${String(value)}`,
  );
}

function flag<O extends object>(
  options: O,
  name: keyof O & string,
  defaultValue: boolean,
): boolean {
  const value = (options[name] as boolean | undefined) ?? defaultValue;
  if (typeof value === 'boolean') return value;
  throw new TypeError(
    `Cannot open the database: ${name} must be true or false: received ${typeof value}`,
  );
}

/** Space is allocated ahead where every write is synced, from the start: overwriting allocated blocks syncs faster. */
export function logAllocationOf(options: ResolvedOptions): 'steps' | 'onDemand' {
  return options.durability === 'always' ? 'steps' : 'onDemand';
}
