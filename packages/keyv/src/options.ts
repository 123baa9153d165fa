/** What a storage can be told. */
import type { Database, DatabaseOptions, Durability } from '@varve/engine';

/** Where a storage keeps its entries: `path`, or `database` for one that is open already. */
export interface KeyvVarveOptions {
  /** Directory of a database that this storage opens at its first use and closes in `disconnect()`. */
  readonly path?: string;
  /** An open database, for several storages, or for one next to other data. `disconnect()` leaves it open. */
  readonly database?: Pick<Database<never, never>, 'keyspace'>;
  /** Options for opening `path`. */
  readonly open?: Omit<DatabaseOptions, 'keyEncoding' | 'valueEncoding' | 'readOnly'>;
  /** Name of the keyspace, created if it is missing. @defaultValue 'keyv' */
  readonly keyspace?: string;
  /**
   * What must hold before a write is acknowledged. A cache is well served by `'os'`, which costs no disk sync.
   * @defaultValue the durability of the database: 'always' unless it was opened with another
   */
  readonly durability?: Durability;
}
