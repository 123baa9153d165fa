/**
 * RocksDB 9.7 by `@nxtedition/rocksdb` 12, with the calls of abstract-level: everything is awaited.
 *
 * - Its ready-made `compaction: 'level'` would merge two memtables at each flush and compress with ZSTD whatever else is
 *   said; so the levels are RocksDB's own, as in db_bench, and the memtable has RocksDB's 64 MiB: it cannot be set.
 * - The log is not compressed (the binding would, with ZSTD), and there are two background jobs, both as in db_bench.
 * - Its only codec is ZSTD, with a dictionary: that is what it gets where the others get LZ4.
 * - Durable writes are batches of one: the binding's `put` and `del` forget their `sync`.
 * - Single reads are `getMany` of one key: `get` is the same call, but throws for each key that is missing.
 */

import { type RocksIterator, RocksLevel } from '@nxtedition/rocksdb';
import { countEntries, levelRange, scanByArrays } from './abstract-level.js';
import type { Done, Engine, EngineStore, ScanRange, StoreSettings } from './engine.js';
import { pollUntil, type Visit } from './peer.js';

const UINT32_MAX = 2 ** 32 - 1;
const BUFFERS = { keyEncoding: 'buffer', valueEncoding: 'buffer' };

/** Zero in all of them means that nothing happens in the background. */
const PENDING_WORK = [
  'rocksdb.num-immutable-mem-table',
  'rocksdb.mem-table-flush-pending',
  'rocksdb.num-running-flushes',
  'rocksdb.compaction-pending',
  'rocksdb.num-running-compactions',
];

/** RocksDB with awaited calls. */
export const engine: Engine = {
  name: 'rocksdb-node',
  isAsynchronous: true,
  open: async (directory, settings) =>
    new RocksStore(await openRocks(directory, settings), settings),
};

/** The database as `settings` ask for it, opened. */
export async function openRocks(directory: string, settings: StoreSettings): Promise<RocksLevel> {
  const rocks = new RocksLevel(directory, BUFFERS);
  await rocks.open({ createIfMissing: true, ...rocksOptions(settings) });
  return rocks;
}

function rocksOptions(settings: StoreSettings) {
  return {
    cacheSize: Math.min(settings.cacheSizeBytes, UINT32_MAX),
    filterPolicy: `bloomfilter:${settings.filterBitsPerKey}:false`,
    compression: settings.compression !== 'none',
    walCompression: false,
    parallelism: 2,
  };
}

/** A store of RocksDB; what it is given it copies. */
export class RocksStore implements EngineStore {
  protected readonly rocks: RocksLevel;
  protected readonly writeOptions: { sync: boolean };
  readonly #settings: StoreSettings;

  /** `settings` are those `rocks` was opened with. */
  constructor(rocks: RocksLevel, settings: StoreSettings) {
    this.rocks = rocks;
    this.#settings = settings;
    this.writeOptions = { sync: settings.durability === 'always' };
  }

  put(key: Buffer, value: Buffer): Done {
    if (!this.writeOptions.sync) return this.rocks.put(key, value);
    return this.rocks.batch().put(key, value).write(this.writeOptions);
  }

  del(key: Buffer): Done {
    if (!this.writeOptions.sync) return this.rocks.del(key);
    return this.rocks.batch().del(key).write(this.writeOptions);
  }

  batch(keys: readonly Buffer[], values: readonly Buffer[]): Done {
    const batch = this.rocks.batch();
    for (let index = 0; index < keys.length; index++) batch.put(keys[index]!, values[index]!);
    return batch.write(this.writeOptions);
  }

  get(key: Buffer): Uint8Array | undefined | Promise<Uint8Array | undefined> {
    return this.rocks.getMany([key]).then(first);
  }

  getMany(keys: readonly Buffer[]): Promise<(Uint8Array | undefined)[]> {
    return this.rocks.getMany(keys);
  }

  scan(range: ScanRange, visit?: Visit): number | Promise<number> {
    return scanByArrays(this.#iterator(range), { limit: range.limit, visit });
  }

  entries(range: ScanRange): number | Promise<number> {
    return countEntries(this.#iterator(range));
  }

  async settle(): Promise<boolean> {
    await pollUntil(() => PENDING_WORK.every((name) => this.rocks.getProperty(name) === '0'));
    return true;
  }

  describe(): Record<string, string | number | boolean> {
    const { compression, ...options } = rocksOptions(this.#settings);
    return {
      ...options,
      compression: compression ? 'zstd' : 'none',
      memtableSizeBytes: 64 * 1024 * 1024,
      sync: this.writeOptions.sync,
    };
  }

  /** RocksDB counts, but its text gives no more than hundredths of a gigabyte. */
  writtenBytes(): null {
    return null;
  }

  close(): Promise<void> {
    return this.rocks.close();
  }

  #iterator(range: ScanRange): RocksIterator {
    return this.rocks.iterator({ ...levelRange(range), fillCache: true });
  }
}

function first<Value>(values: readonly Value[]): Value | undefined {
  return values[0];
}
