/**
 * What the harness asks of an engine. To add one, write a file like those beside this one and name it in `registry.ts`.
 *
 * Methods may be synchronous or not: a store whose `put` returns nothing is called in a plain loop, one that returns a
 * promise is awaited. So the same workload measures both kinds, and neither pays for the other.
 *
 * Keys and values that are passed in are reused after the call (or its promise) is done. What a store gives back must be
 * bytes the caller may keep.
 */

/** What a store is opened with; every engine gets the same. */
export interface StoreSettings {
  /** What must hold before a write is acknowledged: `'always'` is on the disk, `'os'` survives the process. */
  readonly durability: 'always' | 'os' | 'none';
  /** Memory for cached blocks, in bytes; where an engine has one budget for everything, that budget. */
  readonly cacheSizeBytes: number;
  /** Memory for one memtable, in bytes. */
  readonly memtableSizeBytes: number;
  /** Bits of Bloom filter per key. */
  readonly filterBitsPerKey: number;
  readonly compression: 'none' | 'lz4';
}

/** An engine: how to open a store of it. */
export interface Engine {
  /** As it stands in results: lower case, words joined by hyphens. */
  readonly name: string;
  /** Whether its calls return promises that are awaited. */
  readonly isAsynchronous: boolean;
  /** Opens an empty or an existing directory. */
  open(directory: string, settings: StoreSettings): Promise<EngineStore>;
}

/** Nothing, or a promise of nothing. */
export type Done = void | Promise<void>;

/** A range to scan. */
export interface ScanRange {
  /** The first key; the smallest (or, reversed, the largest) when missing. */
  readonly from?: Buffer;
  /** Most entries to visit; all when missing. */
  readonly limit?: number;
  /** From `from` downwards. */
  readonly reverse?: boolean;
}

/** An open store. */
export interface EngineStore {
  put(key: Buffer, value: Buffer): Done;
  del(key: Buffer): Done;
  /** All or nothing: `keys[i]` gets `values[i]`. The arrays are reused. */
  batch(keys: readonly Buffer[], values: readonly Buffer[]): Done;
  /** The value, or undefined. */
  get(key: Buffer): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** The values of many keys in their order; for engines that have such a call. */
  getMany?(keys: readonly Buffer[]): Promise<(Uint8Array | undefined)[]>;
  /**
   * Visits a range by the cheapest means the engine has, and gives how many entries it saw. The bytes of every key and
   * value must be at hand, though not copied: `visit`, if given, gets them, valid during the call only.
   */
  scan(
    range: ScanRange,
    visit?: (key: Uint8Array, value: Uint8Array) => void,
  ): number | Promise<number>;
  /** As `scan`, by the engine's iterator of key and value objects that the caller may keep. */
  entries(range: ScanRange): number | Promise<number>;
  /** Waits until background work (flushes, compactions) is done; false if the engine cannot tell. */
  settle(): Promise<boolean>;
  /**
   * Merges everything that was written as far as it goes, for engines that have such a call. Stores for reading are prepared
   * with it, as db_bench's are.
   */
  compact?(): Promise<void>;
  /** Options the store was really opened with, for the record. */
  describe(): Record<string, string | number | boolean>;
  /**
   * Bytes written to files since it was opened, for logs and tables together, or null if the engine cannot tell. (The
   * harness also reads what the kernel counts for the whole process.)
   */
  writtenBytes(): number | null;
  close(): Promise<void>;
}
