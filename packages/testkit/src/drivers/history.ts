// Runs a list of operations and writes down everything that the database answered: its history. Every operation is awaited
// before the next one, except those that belong together, so nothing in a history depends on time.

import { initializeChecksums } from '@varve/base';
import {
  type Database,
  type DatabaseOptions,
  type Keyspace,
  open,
  type Snapshot,
} from '@varve/engine';
import { MemoryFileSystem } from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import type { MetamorphicOperation, WrittenEntry } from './metamorphic-operations.js';
import type { OptionSet } from './option-sets.js';
import { withRealDirectory } from './real-directory.js';
import { StepWorld } from './step-world.js';
import { DATABASE_PATH } from './workload.js';

/** What was answered, one line for each operation. */
export type History = readonly string[];

const MEMORY_BUDGET_BYTES = 8 * 1024 * 1024;
const SHOWN_LENGTH = 24;

/** See the head of this file. */
export async function historyOf(
  operations: readonly MetamorphicOperation[],
  set: OptionSet,
): Promise<History> {
  await initializeChecksums();
  if (set.world === 'directory') {
    return withRealDirectory((path) =>
      new Run(set, { path, backgroundThreads: 1 }).all(operations),
    );
  }
  const world = new StepWorld();
  const files = new StrictFileSystem(new MemoryFileSystem({ scheduler: world }));
  const place: Place = {
    path: DATABASE_PATH,
    backgroundThreads: 0,
    fileSystem: files,
    clock: world,
  };
  const history = await world.settle(new Run(set, place).all(operations));
  files.assertFaultless();
  return history;
}

type Place = { readonly path: string } & Pick<
  DatabaseOptions,
  'backgroundThreads' | 'fileSystem' | 'clock'
>;

class Run {
  readonly #set: OptionSet;
  readonly #place: Place;
  readonly #lines: string[] = [];
  #database: Database | null = null;
  #snapshot: Snapshot | null = null;

  constructor(set: OptionSet, place: Place) {
    this.#set = set;
    this.#place = place;
  }

  async all(operations: readonly MetamorphicOperation[]): Promise<History> {
    await this.#open();
    for (const [index, operation] of operations.entries()) {
      const answer = await this.#carryOut(operation);
      this.#lines.push(`${index} ${operation.kind}: ${answer}`);
    }
    await this.#db.close();
    return this.#lines;
  }

  get #db(): Database {
    return this.#database!;
  }

  get #isSync(): boolean {
    return this.#set.form === 'sync';
  }

  async #open(): Promise<void> {
    const { path, ...place } = this.#place;
    const options = { memoryBudgetBytes: MEMORY_BUDGET_BYTES, ...this.#set.options, ...place };
    this.#database = await open(path, options);
  }

  async #carryOut(operation: MetamorphicOperation): Promise<string> {
    const db = this.#db;
    switch (operation.kind) {
      case 'write':
        await this.#write(operation.entries);
        return this.#sequence();
      case 'writeTogether':
        await Promise.all(operation.groups.map((entries) => db.batch(entries.map(toBatch))));
        return this.#sequence();
      case 'get':
        return shown(this.#isSync ? db.getSync(operation.key) : await db.get(operation.key));
      case 'getOld':
        return shown(await db.get(operation.key, this.#readOptions()));
      case 'getMany':
        return (await db.getMany([...operation.keys])).map(shown).join(' ');
      case 'scan':
        return this.#scan(operation.range);
      case 'snapshot':
        this.#snapshot?.close();
        this.#snapshot = db.snapshot();
        return String(this.#snapshot.sequence);
      case 'flush':
        await db.flush();
        return 'done';
      case 'compact':
        await db.compact();
        return 'done';
      case 'reopen':
        return this.#reopen();
      case 'keyspace':
        return this.#useKeyspace(operation);
    }
  }

  async #write(entries: readonly WrittenEntry[]): Promise<void> {
    const operations = entries.map(toBatch);
    if (this.#isSync) this.#db.batchSync(operations);
    else await this.#db.batch(operations);
  }

  #sequence(): string {
    const snapshot = this.#db.snapshot();
    const { sequence } = snapshot;
    snapshot.close();
    return `sequence ${sequence}`;
  }

  async #scan(range: object): Promise<string> {
    const scan = this.#db.entries({ ...range, ...this.#readOptions() });
    const parts: string[] = [];
    if (this.#isSync) for (const [key, value] of scan) parts.push(`${key}=${shown(value)}`);
    else for await (const [key, value] of scan) parts.push(`${key}=${shown(value)}`);
    return parts.join(' ');
  }

  #readOptions(): { readonly snapshot?: Snapshot } {
    return this.#snapshot === null ? {} : { snapshot: this.#snapshot };
  }

  async #reopen(): Promise<string> {
    this.#snapshot?.close();
    this.#snapshot = null;
    await this.#db.close();
    await this.#open();
    return this.#sequence();
  }

  async #useKeyspace(operation: MetamorphicOperation & { kind: 'keyspace' }): Promise<string> {
    const { name, entries, fate } = operation;
    const keyspace: Keyspace<string, string> = await this.#db.keyspace(name);
    await keyspace.batch(entries.map(toBatch));
    const found = [...keyspace.entries()].map(([key, value]) => `${key}=${shown(value)}`).join(' ');
    if (fate === 'dropped') await this.#db.dropKeyspace(name);
    const names = this.#db.keyspaces().map((info) => info.name);
    return `${found} of ${names.sort().join(' ')}`;
  }
}

function toBatch({ key, value }: WrittenEntry) {
  return value === null ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const);
}

/** The start of a value, which says where it came from, and its length. */
function shown(value: string | undefined): string {
  return value === undefined ? '-' : `${value.slice(0, SHOWN_LENGTH)}(${value.length})`;
}
