/**
 * SQLite by `better-sqlite3` 12: prepared statements on one table of blobs without row ids, so that the table is the tree.
 *
 * - WAL, with a checkpoint each `memtableSizeBytes` of log; `synchronous` FULL for `'always'`, else OFF, its fastest way that
 *   survives the end of the process.
 * - `locking_mode = EXCLUSIVE`: the other engines lock their directories too, and a read saves two thirds of its time.
 * - A scan up to a limit takes all rows at once, a longer one iterates: each the faster way for its length.
 * - An upsert: REPLACE would delete a row and insert it again.
 */

import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';
import { SqliteStatements } from './better-sqlite3-statements.js';
import type { Engine, EngineStore, ScanRange, StoreSettings } from './engine.js';
import { ENTRIES_PER_FETCH_MAX, EngineMissingError, type Visit } from './peer.js';

const PAGE_SIZE_BYTES = 4096;

/** SQLite; all of its calls are synchronous. */
export const engine: Engine = {
  name: 'better-sqlite3',
  isAsynchronous: false,
  open: async (directory, settings) => new SqliteStore(openSqlite(directory), settings),
};

function openSqlite(directory: string): Database {
  try {
    return new Sqlite(join(directory, 'store.sqlite'));
  } catch (cause) {
    if (!String(cause).includes('bindings file')) throw cause;
    const remedy = 'run `pnpm --filter @varve/benchmarks run build:peers`';
    throw new EngineMissingError('better-sqlite3', { remedy, cause });
  }
}

class SqliteStore implements EngineStore {
  readonly #sqlite: Database;
  readonly #pragmas: Record<string, string | number>;
  readonly #statements: SqliteStatements;

  constructor(sqlite: Database, settings: StoreSettings) {
    this.#sqlite = sqlite;
    this.#pragmas = pragmasOf(settings);
    for (const [name, value] of Object.entries(this.#pragmas)) sqlite.pragma(`${name} = ${value}`);
    this.#statements = new SqliteStatements(sqlite);
  }

  put(key: Buffer, value: Buffer): void {
    this.#statements.put.run(key, value);
  }

  del(key: Buffer): void {
    this.#statements.del.run(key);
  }

  batch(keys: readonly Buffer[], values: readonly Buffer[]): void {
    this.#statements.putAll(keys, values);
  }

  get(key: Buffer): Uint8Array | undefined {
    return this.#statements.get.get(key);
  }

  scan(range: ScanRange, visit?: Visit): number {
    const rows = this.#statements.rows(range);
    if (range.limit !== undefined && range.limit <= ENTRIES_PER_FETCH_MAX)
      return visitAll(rows.all(), visit);
    return visitAll(rows.iterate(), visit);
  }

  entries(range: ScanRange): number {
    let entryCount = 0;
    for (const _row of this.#statements.rowObjects(range).iterate()) entryCount += 1;
    return entryCount;
  }

  /** Checkpoints are part of commits; nothing happens in the background. */
  async settle(): Promise<boolean> {
    return true;
  }

  describe(): Record<string, string | number | boolean> {
    return { ...this.#pragmas, filterBitsPerKey: 0, compression: 'none' };
  }

  writtenBytes(): null {
    return null;
  }

  async close(): Promise<void> {
    this.#sqlite.close();
  }
}

/** In the order they are set: the locking mode before the journal, so that no shared memory is made. */
function pragmasOf(settings: StoreSettings): Record<string, string | number> {
  return {
    locking_mode: 'EXCLUSIVE',
    journal_mode: 'WAL',
    synchronous: settings.durability === 'always' ? 'FULL' : 'OFF',
    // Negative: in KiB.
    cache_size: -Math.ceil(settings.cacheSizeBytes / 1024),
    wal_autocheckpoint: Math.max(1, Math.ceil(settings.memtableSizeBytes / PAGE_SIZE_BYTES)),
  };
}

function visitAll(rows: Iterable<[Uint8Array, Uint8Array]>, visit: Visit | undefined): number {
  let entryCount = 0;
  for (const [key, value] of rows) {
    entryCount += 1;
    visit?.(key, value);
  }
  return entryCount;
}
