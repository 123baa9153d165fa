/** The statements of the SQLite adapter, each prepared once. */

import type { Database, Statement } from 'better-sqlite3';
import type { ScanRange } from './engine.js';

const TABLE = `CREATE TABLE IF NOT EXISTS entries (
  key BLOB PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID`;

const UPSERT =
  'INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value';

/** A statement with its range bound. */
export interface BoundRows<Row> {
  all(): Row[];
  iterate(): IterableIterator<Row>;
}

/** All that is asked of SQLite. Creates the table if it is missing. */
export class SqliteStatements {
  readonly put: Statement<[Buffer, Buffer]>;
  readonly del: Statement<[Buffer]>;
  readonly get: Statement<[Buffer], Uint8Array>;
  /** All entries in one transaction. */
  readonly putAll: (keys: readonly Buffer[], values: readonly Buffer[]) => void;
  readonly #sqlite: Database;
  readonly #scans = new Map<string, Statement>();

  constructor(sqlite: Database) {
    this.#sqlite = sqlite;
    sqlite.exec(TABLE);
    this.put = sqlite.prepare(UPSERT);
    this.del = sqlite.prepare('DELETE FROM entries WHERE key = ?');
    this.get = sqlite
      .prepare<[Buffer], Uint8Array>('SELECT value FROM entries WHERE key = ?')
      .pluck();
    this.putAll = sqlite.transaction((keys: readonly Buffer[], values: readonly Buffer[]) => {
      for (let index = 0; index < keys.length; index++) this.put.run(keys[index]!, values[index]!);
    });
  }

  /** Rows as arrays of key and value. */
  rows(range: ScanRange): BoundRows<[Uint8Array, Uint8Array]> {
    const text = scanText(range);
    const statement = this.#prepared(`array: ${text}`, () => this.#sqlite.prepare(text).raw());
    return bind(statement, range) as BoundRows<[Uint8Array, Uint8Array]>;
  }

  /** Rows as objects. */
  rowObjects(range: ScanRange): BoundRows<unknown> {
    const text = scanText(range);
    return bind(
      this.#prepared(`object: ${text}`, () => this.#sqlite.prepare(text)),
      range,
    );
  }

  #prepared(name: string, prepare: () => Statement): Statement {
    const existing = this.#scans.get(name);
    // A statement that iterates is busy; a second scan of the kind gets one of its own.
    if (existing && !existing.busy) return existing;
    const statement = prepare();
    this.#scans.set(name, statement);
    return statement;
  }
}

function scanText({ from, reverse = false }: ScanRange): string {
  const where = from ? `WHERE key ${reverse ? '<=' : '>='} @from` : '';
  return `SELECT key, value FROM entries ${where} ORDER BY key ${reverse ? 'DESC' : ''} LIMIT @limit`;
}

function bind(statement: Statement, { from, limit = -1 }: ScanRange): BoundRows<unknown> {
  const parameters = { limit, ...(from && { from }) };
  return {
    all: () => statement.all(parameters),
    iterate: () => statement.iterate(parameters),
  };
}
