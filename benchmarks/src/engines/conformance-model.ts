/** What the conformance test compares stores with: a map whose keys are sorted when it is asked for a range. */

import type { EngineStore, ScanRange } from './engine.js';

const KEY_COUNT = 120;

/** What is used of a random source of @varve/base. */
interface Random {
  below(limit: number): number;
  fill(bytes: Uint8Array): void;
}

/** Entries as text in Latin-1, which sorts as its bytes do. */
export class SortedModel {
  readonly #values = new Map<string, string>();
  readonly #used = new Set<string>();

  get size(): number {
    return this.#values.size;
  }

  put(key: Buffer, value: Buffer): void {
    this.#used.add(key.toString('latin1'));
    this.#values.set(key.toString('latin1'), value.toString('latin1'));
  }

  del(key: Buffer): void {
    this.#used.add(key.toString('latin1'));
    this.#values.delete(key.toString('latin1'));
  }

  get(key: Buffer): string | undefined {
    return this.#values.get(key.toString('latin1'));
  }

  /** Keys that were written at any time, so that those since deleted are looked for too. */
  allKeysEverUsed(): Buffer[] {
    return [...this.#used].map((key) => Buffer.from(key, 'latin1'));
  }

  /** What a scan of `range` must visit. */
  range({ from, limit = Infinity, reverse = false }: ScanRange): [string, string][] {
    const bound = from?.toString('latin1');
    const keys = [...this.#values.keys()].sort();
    if (reverse) keys.reverse();
    const isWithin = (key: string) =>
      bound === undefined || (reverse ? key <= bound : key >= bound);
    return keys
      .filter(isWithin)
      .slice(0, limit)
      .map((key) => [key, this.#values.get(key)!]);
  }

  /** Ranges that begin at keys that are there, that are not, or anywhere; with and without a limit. */
  randomRanges(random: Random, count: number): ScanRange[] {
    return Array.from({ length: count }, () => ({
      reverse: random.below(2) === 0,
      ...(random.below(4) > 0 && { from: randomKey(random) }),
      ...(random.below(3) > 0 && { limit: 1 + random.below(KEY_COUNT) }),
    }));
  }
}

/** What a scan of `store` visits, as text. */
export async function visited(store: EngineStore, range: ScanRange): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  const count = await store.scan(range, (key, value) => {
    entries.push([latin1(key), latin1(value)]);
  });
  if (count !== entries.length)
    throw new Error(`A scan gave ${count} and visited ${entries.length}`);
  return entries;
}

/** Does the same puts, deletes and batches to the store and to the model. */
export async function applyRandomWrites(
  { store, model, random }: { store: EngineStore; model: SortedModel; random: Random },
  count: number,
): Promise<void> {
  for (let index = 0; index < count; index++) {
    const choice = random.below(10);
    if (choice < 6) await put(randomKey(random), randomValue(random));
    else if (choice < 9) await del(randomKey(random));
    else await batch(Array.from({ length: 1 + random.below(20) }, () => randomKey(random)));
  }

  async function put(key: Buffer, value: Buffer): Promise<void> {
    await store.put(key, value);
    model.put(key, value);
  }

  async function del(key: Buffer): Promise<void> {
    await store.del(key);
    model.del(key);
  }

  async function batch(keys: Buffer[]): Promise<void> {
    const values = keys.map(() => randomValue(random));
    await store.batch(keys, values);
    keys.forEach((key, index) => {
      model.put(key, values[index]!);
    });
  }
}

/** Bytes of all kinds, also above 0x7f; one key may be a prefix of another. */
function randomKey(random: Random): Buffer {
  const number = random.below(KEY_COUNT);
  const key = Buffer.alloc(3 + (number % 5), 0x80 + (number % 0x80));
  key[0] = (number * 37) % 256;
  key[1] = number;
  return key;
}

/** Mostly small, at times large enough for pages of their own; never empty. */
function randomValue(random: Random): Buffer {
  const value = Buffer.alloc(
    1 + (random.below(20) === 0 ? random.below(20_000) : random.below(200)),
  );
  random.fill(value);
  return value;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
