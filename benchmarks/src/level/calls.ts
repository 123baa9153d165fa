/**
 * The calls of abstract-level that are compared: the same function drives both databases.
 *
 * Each gives how many operations it did. Keys are scattered over the range; values are half compressible.
 */
import type { AbstractLevel } from 'abstract-level';

/** A database of Level whose keys and values have the type of its encoding. */
export type AnyLevel = AbstractLevel<string | Buffer | Uint8Array, LevelData, LevelData>;

/** A key or value, in the encoding that is measured. */
export type LevelData = string | Uint8Array;

/** What is written and read: `keys[i]` has `values[i]`. */
export interface LevelEntries {
  readonly keys: readonly LevelData[];
  readonly values: readonly LevelData[];
}

/** One thing to measure. */
export interface LevelCall {
  readonly name: string;
  /** How many times as fast as classic-level it has to be. */
  readonly bar: number;
  /** What comes before: `'settled'` merges everything that was written, as stores for reading are prepared elsewhere. */
  readonly store: 'written' | 'settled';
  run(level: AnyLevel, entries: LevelEntries): Promise<number>;
}

const BATCH_ENTRY_COUNT = 1000;
const NEXTV_ENTRY_COUNT = 1000;
const DURABLE_PUT_COUNT = 1000;

async function put(level: AnyLevel, { keys, values }: LevelEntries): Promise<number> {
  for (let index = 0; index < keys.length; index++) await level.put(keys[index], values[index]);
  return keys.length;
}

async function putDurably(level: AnyLevel, { keys, values }: LevelEntries): Promise<number> {
  const count = Math.min(DURABLE_PUT_COUNT, keys.length);
  const options = { sync: true };
  for (let index = 0; index < count; index++) {
    await level.put(keys[index], values[index], options as object);
  }
  return count;
}

async function batch(level: AnyLevel, { keys, values }: LevelEntries): Promise<number> {
  for (let start = 0; start < keys.length; start += BATCH_ENTRY_COUNT) {
    const part = keys.slice(start, start + BATCH_ENTRY_COUNT);
    // Literals: objects made by spreading another cost 1 µs more each, which is no cost of a database.
    const operations = part.map(
      (key, index) => ({ type: 'put', key, value: values[start + index] }) as const,
    );
    await level.batch(operations);
  }
  return keys.length;
}

async function chainedBatch(level: AnyLevel, { keys, values }: LevelEntries): Promise<number> {
  for (let start = 0; start < keys.length; start += BATCH_ENTRY_COUNT) {
    const chained = level.batch();
    const end = Math.min(start + BATCH_ENTRY_COUNT, keys.length);
    for (let index = start; index < end; index++) chained.put(keys[index], values[index]);
    await chained.write();
  }
  return keys.length;
}

async function get(level: AnyLevel, { keys }: LevelEntries): Promise<number> {
  for (let index = 0; index < keys.length; index++) await level.get(keys[index]);
  return keys.length;
}

async function getSync(level: AnyLevel, { keys }: LevelEntries): Promise<number> {
  for (let index = 0; index < keys.length; index++) level.getSync(keys[index]);
  return keys.length;
}

async function nextv(level: AnyLevel): Promise<number> {
  const iterator = level.iterator();
  let count = 0;
  for (;;) {
    const entries = await iterator.nextv(NEXTV_ENTRY_COUNT);
    if (entries.length === 0) break;
    count += entries.length;
  }
  await iterator.close();
  return count;
}

async function forAwait(level: AnyLevel): Promise<number> {
  let count = 0;
  for await (const _ of level.iterator()) count += 1;
  return count;
}

/** In the order in which they are measured: the first ones fill the databases. */
export const LEVEL_CALLS: readonly LevelCall[] = [
  { name: 'put', store: 'written', bar: 3, run: put },
  { name: 'batch of 1000', store: 'written', bar: 3, run: batch },
  { name: 'chained batch of 1000', store: 'written', bar: 1, run: chainedBatch },
  { name: 'get', store: 'settled', bar: 10, run: get },
  { name: 'getSync', store: 'settled', bar: 5, run: getSync },
  { name: 'nextv(1000)', store: 'settled', bar: 3, run: nextv },
  { name: 'for await', store: 'settled', bar: 3, run: forAwait },
  { name: 'put with sync', store: 'settled', bar: 1.2, run: putDurably },
];
