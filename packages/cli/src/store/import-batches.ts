// Entries gathered into batches of a size at which the cost of a commit no longer shows.

import type { StoredEntry } from '../records/entry-reader.js';
import type { StoredKeyspace } from './open-store.js';

const BATCH_ENTRY_COUNT = 1000;
const BATCH_SIZE_BYTES = 1024 * 1024;

/** Writes entries to a keyspace in batches. They are sure to be on the disk once the store is closed. */
export class ImportBatches {
  readonly #keyspace: StoredKeyspace;
  #waiting: StoredEntry[] = [];
  #waitingSizeBytes = 0;
  #entryCount = 0;

  constructor(keyspace: StoredKeyspace) {
    this.#keyspace = keyspace;
  }

  /** Entries added so far. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** True when the caller should `await commit()` before adding more. */
  get isFull(): boolean {
    return this.#waiting.length >= BATCH_ENTRY_COUNT || this.#waitingSizeBytes >= BATCH_SIZE_BYTES;
  }

  add(entry: StoredEntry): void {
    this.#waiting.push(entry);
    this.#waitingSizeBytes += entry.sizeBytes;
    this.#entryCount += 1;
  }

  /** Hands what waits to the store; resolves when the operating system has it. */
  async commit(): Promise<void> {
    const entries = this.#waiting;
    this.#waiting = [];
    this.#waitingSizeBytes = 0;
    await this.#keyspace.putAll(entries, { durability: 'os' });
  }
}
