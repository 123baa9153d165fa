// The mixed load of the soak: one database on a real directory, written, read, scanned, compacted and now and then opened
// again for hours, with everything it answers compared with a map of what it should hold.

import { createRandom, type Random } from '@varve/base';
import { type Database, open } from '@varve/engine';

const KEY_COUNT = 20_000;
const BATCH_ENTRY_COUNT = 20;
const VALUE_SIZE_MAX = 1_500;
const SCAN_LIMIT = 200;
const MEMORY_BUDGET_BYTES = 64 * 1024 * 1024;
const MEMTABLE_SIZE_BYTES = 1024 * 1024;
/** Steps between two openings. */
const REOPEN_STRIDE = 20_000;

/** What a step found wrong. */
export class WrongAnswerError extends Error {}

/** See the head of this file. */
export class SoakLoad {
  readonly #path: string;
  readonly #random: Random;
  /** The version of each key that was written last; 0 for none. */
  readonly #versions = new Uint32Array(KEY_COUNT);
  #database: Database | null = null;
  #stepCount = 0;

  constructor(path: string, seed: number) {
    this.#path = path;
    this.#random = createRandom(seed);
  }

  get stepCount(): number {
    return this.#stepCount;
  }

  /** The database; requires that it is open. */
  get database(): Database {
    return this.#database!;
  }

  /** Opens the database, and expects what was written before. */
  async open(): Promise<void> {
    this.#database = await open(this.#path, {
      memoryBudgetBytes: MEMORY_BUDGET_BYTES,
      tuning: { memtableSizeBytes: MEMTABLE_SIZE_BYTES },
    });
  }

  /** Does one thing and checks the answer. Throws a WrongAnswerError. */
  async step(): Promise<void> {
    this.#stepCount += 1;
    if (this.#stepCount % REOPEN_STRIDE === 0) return this.#reopen();
    const choice = this.#random.below(100);
    if (choice < 45) return this.#write('async');
    if (choice < 50) return this.#write('sync');
    if (choice < 85) return this.#get();
    if (choice < 97) return this.#scan();
    if (choice < 99) return this.#getOld();
    if (this.#random.below(50) === 0) await this.database.compact();
  }

  /** Closes the database. */
  async close(): Promise<void> {
    await this.database.close();
    this.#database = null;
  }

  async #reopen(): Promise<void> {
    await this.close();
    await this.open();
  }

  async #write(form: 'sync' | 'async'): Promise<void> {
    const operations = Array.from({ length: 1 + this.#random.below(BATCH_ENTRY_COUNT) }, () => {
      const number = this.#random.below(KEY_COUNT);
      const isRemoved = this.#random.below(5) === 0;
      this.#versions[number] = isRemoved ? 0 : this.#stepCount;
      const key = keyOf(number);
      if (isRemoved) return { type: 'del', key } as const;
      return { type: 'put', key, value: textOf(number, this.#stepCount) } as const;
    });
    if (form === 'sync') this.database.batchSync(operations, { durability: 'os' });
    else await this.database.batch(operations, { durability: 'os' });
  }

  async #get(): Promise<void> {
    const number = this.#random.below(KEY_COUNT);
    this.#expect(number, this.#versions[number]!, await this.database.get(keyOf(number)));
  }

  async #scan(): Promise<void> {
    let number = this.#random.below(KEY_COUNT);
    const range = { gte: keyOf(number), limit: SCAN_LIMIT };
    for await (const [key, value] of this.database.entries(range)) {
      while (keyOf(number) !== key) {
        this.#expect(number, this.#versions[number]!, undefined);
        number += 1;
      }
      this.#expect(number, this.#versions[number]!, value);
      number += 1;
    }
  }

  /** A snapshot shows what was there, whatever is written and compacted meanwhile. */
  async #getOld(): Promise<void> {
    const number = this.#random.below(KEY_COUNT);
    const version = this.#versions[number]!;
    const snapshot = this.database.snapshot();
    await this.#write('async');
    const value = await this.database.get(keyOf(number), { snapshot });
    snapshot.close();
    this.#expect(number, version, value);
  }

  #expect(number: number, version: number, found: string | undefined): void {
    const wanted = version === 0 ? undefined : textOf(number, version);
    if (found === wanted) return;
    throw new WrongAnswerError(
      `step ${this.#stepCount}: ${keyOf(number)} is ${String(found).slice(0, 40)}, not version ${version}`,
    );
  }
}

function keyOf(number: number): string {
  return `key/${String(number).padStart(6, '0')}`;
}

/** Follows from its key and version, so that nothing but the version has to be remembered. */
function textOf(number: number, version: number): string {
  const start = `${number}:${version}:`;
  const length = (Math.imul(number ^ version, 0x9e37_79b1) >>> 0) % VALUE_SIZE_MAX;
  return start.padEnd(length, start);
}
