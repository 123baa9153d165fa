/**
 * LMDB by `lmdb` 3.5, as its documentation advises: reads at once, writes queued and awaited.
 *
 * - `'always'`: `overlappingSync: false`, so that the promise of a write waits for the disk. (With overlapping syncs it
 *   resolves when the write is visible; awaiting `flushed` as well took four times as long for one writer, and as long for 64.)
 * - `'os'`: `noSync`, its fastest way that survives the end of the process. Less is promised than by the others: after a
 *   power cut the file may be damaged. `useWritemap` would halve the time of a write, but with it this version fails an
 *   assertion in `mdb_freelist_save`, or hangs, within seconds of puts and deletes.
 * - `getBinary` copies out of the map; `getBinaryFast` gives a buffer that the next read overwrites.
 * - There is no cache to size, no memtable and no filter: files are mapped, and the operating system caches them.
 */

import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import type { Done, Engine, EngineStore, ScanRange, StoreSettings } from './engine.js';
import type { Visit } from './peer.js';

/** LMDB with queued, awaited writes. */
export const engine: Engine = {
  name: 'lmdb',
  isAsynchronous: true,
  open: async (directory, settings) => new LmdbStore(openLmdb(directory, settings), settings),
};

/** Keys and values of the database are bytes. */
export type LmdbDatabase = RootDatabase<Buffer, Buffer>;

/** The database as `settings` ask for it, opened. */
export function openLmdb(directory: string, settings: StoreSettings): LmdbDatabase {
  const options: RootDatabaseOptionsWithPath = {
    path: directory,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    compression: settings.compression === 'lz4',
    ...syncOptions(settings),
  };
  return open<Buffer, Buffer>(options);
}

function syncOptions({ durability }: StoreSettings): Record<string, boolean> {
  return durability === 'always' ? { overlappingSync: false } : { noSync: true };
}

/** A store of LMDB; writes are queued. */
export class LmdbStore implements EngineStore {
  protected readonly lmdb: LmdbDatabase;
  readonly #settings: StoreSettings;

  /** `settings` are those `lmdb` was opened with. */
  constructor(lmdb: LmdbDatabase, settings: StoreSettings) {
    this.lmdb = lmdb;
    this.#settings = settings;
  }

  put(key: Buffer, value: Buffer): Done {
    return this.lmdb.put(key, value) as Promise<unknown> as Promise<void>;
  }

  del(key: Buffer): Done {
    return this.lmdb.remove(key) as Promise<unknown> as Promise<void>;
  }

  batch(keys: readonly Buffer[], values: readonly Buffer[]): Done {
    const done = this.lmdb.batch(() => {
      for (let index = 0; index < keys.length; index++) this.lmdb.put(keys[index]!, values[index]!);
    });
    return done as Promise<unknown> as Promise<void>;
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.lmdb.getBinary(key);
  }

  scan(range: ScanRange, visit?: Visit): number {
    let entryCount = 0;
    for (const { key, value } of this.lmdb.getRange(lmdbRange(range))) {
      entryCount += 1;
      visit?.(key, value);
    }
    return entryCount;
  }

  /** Its only iterator gives key and value objects already. */
  entries(range: ScanRange): number {
    return this.scan(range);
  }

  /** Waits for queued writes; a tree that is changed in place has no other background work. */
  async settle(): Promise<boolean> {
    await this.lmdb.flushed;
    return true;
  }

  describe(): Record<string, string | number | boolean> {
    return {
      ...syncOptions(this.#settings),
      cache: 'page cache of the operating system',
      filterBitsPerKey: 0,
      compression: this.#settings.compression === 'none' ? 'none' : 'lz4 of values from 1000 bytes',
      mapsFiles: true,
    };
  }

  writtenBytes(): null {
    return null;
  }

  close(): Promise<void> {
    return this.lmdb.close();
  }
}

function lmdbRange({ from, limit, reverse = false }: ScanRange): Record<string, unknown> {
  return { reverse, ...(from && { start: from }), ...(limit !== undefined && { limit }) };
}
