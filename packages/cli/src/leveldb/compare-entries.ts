// Two sequences of entries in the order of their keys, walked side by side.

import type { ByteEntry } from './classic-level.js';

/** How the entries of a copy relate to those of the original. */
export interface Comparison {
  /** Entries of the original that the copy has, with the same value. */
  readonly sameCount: number;
  /** Entries of the original that the copy does not have. */
  readonly missingCount: number;
  /** Entries of the original that the copy has with another value. */
  readonly differentCount: number;
  /** Entries of the copy that the original does not have. */
  readonly extraCount: number;
  /** The first key that is missing or different. */
  readonly firstWrongKey: Uint8Array | undefined;
}

/**
 * Compares byte by byte.
 * @param onRun called after each run with how many entries of the original have been looked at
 */
export async function compareEntries(
  original: AsyncIterable<readonly ByteEntry[]>,
  copy: AsyncIterable<ByteEntry>,
  onRun: (entryCount: number) => void,
): Promise<Comparison> {
  const copies = copy[Symbol.asyncIterator]();
  try {
    const comparing = new Comparing(copies);
    await comparing.step();
    for await (const run of original) {
      for (const [key, value] of run) {
        await comparing.look(key, value);
      }
      onRun(comparing.entryCount);
    }
    return await comparing.finish();
  } finally {
    await copies.return?.();
  }
}

class Comparing {
  readonly #copies: AsyncIterator<ByteEntry>;
  /** The entry of the copy that has not been compared yet. */
  #copy: ByteEntry | undefined;
  #sameCount = 0;
  #missingCount = 0;
  #differentCount = 0;
  #extraCount = 0;
  #firstWrongKey: Uint8Array | undefined;

  constructor(copies: AsyncIterator<ByteEntry>) {
    this.#copies = copies;
  }

  get entryCount(): number {
    return this.#sameCount + this.#missingCount + this.#differentCount;
  }

  async step(): Promise<void> {
    const { done, value } = await this.#copies.next();
    this.#copy = done ? undefined : value;
  }

  async look(key: Uint8Array, value: Uint8Array): Promise<void> {
    while (this.#copy !== undefined && Buffer.compare(this.#copy[0], key) < 0) {
      this.#extraCount += 1;
      await this.step();
    }
    if (this.#copy === undefined || Buffer.compare(this.#copy[0], key) !== 0) {
      this.#missingCount += 1;
      this.#firstWrongKey ??= key;
      return;
    }
    if (Buffer.compare(this.#copy[1], value) === 0) {
      this.#sameCount += 1;
    } else {
      this.#differentCount += 1;
      this.#firstWrongKey ??= key;
    }
    await this.step();
  }

  async finish(): Promise<Comparison> {
    for (; this.#copy !== undefined; await this.step()) {
      this.#extraCount += 1;
    }
    return {
      sameCount: this.#sameCount,
      missingCount: this.#missingCount,
      differentCount: this.#differentCount,
      extraCount: this.#extraCount,
      firstWrongKey: this.#firstWrongKey,
    };
  }
}
