// A database whose entries are spread over several keyspaces, each key always in the same one, so that a batch is a write to
// several and must hold in all of them or in none. To the oracle it is one keyspace.

import type { Database, Keyspace, Snapshot, WriteOptions } from '@varve/engine';
import { readEverything } from '../drivers/image-check.js';
import type { TextEntry, TextRange } from '../model-test/model.js';
import { type BatchEntry, type Content, RESERVED_KEY } from './history.js';

type TextKeyspace = Keyspace<string, string>;

interface SnapshotOption {
  readonly snapshot?: Snapshot;
}

/** See the head of this file. With one keyspace it is the database itself. */
export class SpreadStore {
  readonly database: Database;
  /** The first is the database. */
  readonly #parts: readonly TextKeyspace[];

  private constructor(database: Database, others: readonly TextKeyspace[]) {
    this.database = database;
    this.#parts = [database, ...others];
  }

  /** Creates the keyspaces that are missing; if that fails the database is closed. */
  static async over(database: Database, keyspaceCount: number): Promise<SpreadStore> {
    try {
      const others: TextKeyspace[] = [];
      for (let number = 1; number < keyspaceCount; number++) {
        others.push(await database.keyspace(`part-${number}`));
      }
      return new SpreadStore(database, others);
    } catch (error) {
      // What failed first is what counts.
      await database.close().catch(() => undefined);
      throw error;
    }
  }

  batch(entries: readonly BatchEntry[], options: WriteOptions): Promise<void> {
    return this.database.batch(entries.map(this.#operationOf), options);
  }

  batchSync(entries: readonly BatchEntry[], options: WriteOptions): void {
    this.database.batchSync(entries.map(this.#operationOf), options);
  }

  get(key: string): Promise<string | undefined> {
    return this.#partOf(key).get(key);
  }

  getSync(key: string, options: SnapshotOption = {}): string | undefined {
    return this.#partOf(key).getSync(key, options);
  }

  /** Not as of one moment, unless there is a snapshot or all keys are in one keyspace. */
  async getMany(
    keys: readonly string[],
    options: SnapshotOption = {},
  ): Promise<(string | undefined)[]> {
    if (this.#parts.length === 1) return this.database.getMany([...keys], options);
    return Promise.all(keys.map((key) => this.#partOf(key).get(key, options)));
  }

  /** Everything in the range, as of one moment. */
  async entries(range: TextRange, options: SnapshotOption = {}): Promise<TextEntry[]> {
    if (this.#parts.length === 1) return readAll(this.database.entries({ ...range, ...options }));
    const own = options.snapshot === undefined ? this.database.snapshot() : undefined;
    const snapshot = options.snapshot ?? own!;
    try {
      const scans = this.#parts.map((part) => readAll(part.entries({ ...range, snapshot })));
      return merged(await Promise.all(scans), range);
    } finally {
      own?.close();
    }
  }

  entriesSync(range: TextRange): TextEntry[] {
    if (this.#parts.length === 1) return [...this.database.entries(range)];
    const snapshot = this.database.snapshot();
    try {
      return merged(
        this.#parts.map((part) => [...part.entries({ ...range, snapshot })]),
        range,
      );
    } finally {
      snapshot.close();
    }
  }

  async compact(range: { readonly gte?: string; readonly lte?: string }): Promise<void> {
    for (const { name } of this.#parts) await this.database.compact({ ...range, keyspace: name });
  }

  /** Reads everything in every way; throws if these ways do not agree, or if a key is where it does not belong. */
  everything(): Content {
    const found = new Map<string, string>();
    for (const part of this.#parts) {
      for (const [key, value] of readEverything(part)) {
        if (this.#partOf(key) !== part) {
          throw new Error(`key ${JSON.stringify(key)} is in keyspace ${part.name}`);
        }
        found.set(key, value);
      }
    }
    return new Map([...found].sort(byKey));
  }

  #operationOf = ({ key, value }: BatchEntry) => {
    const keyspace = this.#partOf(key);
    const place = keyspace === this.database ? {} : { keyspace };
    return value === undefined
      ? ({ type: 'del', key, ...place } as const)
      : ({ type: 'put', key, value, ...place } as const);
  };

  #partOf(key: string): TextKeyspace {
    return key === RESERVED_KEY ? this.database : this.#parts[hashOf(key) % this.#parts.length]!;
  }
}

function merged(lists: readonly TextEntry[][], { reverse, limit }: TextRange): TextEntry[] {
  const all = lists.flat().sort(byKey);
  if (reverse === true) all.reverse();
  return limit === undefined ? all : all.slice(0, limit);
}

/** The order of the texts that keys are made of is that of their bytes. */
function byKey([a]: TextEntry, [b]: TextEntry): number {
  return a < b ? -1 : 1;
}

function hashOf(key: string): number {
  let hash = 7;
  for (let index = 0; index < key.length; index++) hash = (hash * 31 + key.charCodeAt(index)) >>> 0;
  return hash;
}

async function readAll(source: AsyncIterable<TextEntry>): Promise<TextEntry[]> {
  const entries: TextEntry[] = [];
  for await (const entry of source) entries.push(entry);
  return entries;
}
