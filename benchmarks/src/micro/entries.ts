/** Keys and values of microbenchmarks: 16 and 100 bytes as in db_bench, end to end in one buffer, no object per entry. */
import { KeyOrder, ValueSource, writeKey } from '../random-entries.js';
import { rooms } from './rooms.js';

export const KEY_SIZE_BYTES = 16;
export const VALUE_SIZE_BYTES = 100;
/** Size of the user data of one entry. */
export const ENTRY_SIZE_BYTES = KEY_SIZE_BYTES + VALUE_SIZE_BYTES;

/** `'randomAgain'` is far from `'random'`, too: what was written in the one order is read all over memory in the other. */
export type Order = 'sequential' | 'random' | 'randomAgain';

/** Gives `count` keys end to end: the even numbers below `2 * count`, so that the odd ones are keys that are missing. */
export function presentKeys(count: number, order: Order): Buffer {
  return keysOf(count, order, (index) => 2 * index);
}

/** Gives `count` keys end to end that lie between those of {@link presentKeys}. */
export function missingKeys(count: number, order: Order): Buffer {
  return keysOf(count, order, (index) => 2 * index + 1);
}

function keysOf(count: number, order: Order, numberOf: (index: number) => number): Buffer {
  const keys = Buffer.alloc(count * KEY_SIZE_BYTES);
  const indices = new KeyOrder(count, order === 'sequential' ? 'sequential' : 'random');
  const indexAt = (index: number): number => indices.at(index);
  const placeAt = order === 'randomAgain' ? (index: number) => indexAt(indexAt(index)) : indexAt;
  for (let index = 0; index < count; index++) {
    const start = index * KEY_SIZE_BYTES;
    writeKey(keys.subarray(start, start + KEY_SIZE_BYTES), numberOf(placeAt(index)));
  }
  return keys;
}

/** Gives `count` values end to end, half of whose bytes compress. */
export function someValues(count: number): Buffer {
  const source = new ValueSource(VALUE_SIZE_BYTES);
  const values = Buffer.alloc(count * VALUE_SIZE_BYTES);
  for (let index = 0; index < count; index++) values.set(source.next(), index * VALUE_SIZE_BYTES);
  return values;
}

/** Gives so many bytes of values end to end. */
export function someBytes(sizeBytes: number): Buffer {
  return someValues(Math.ceil(sizeBytes / VALUE_SIZE_BYTES)).subarray(0, sizeBytes);
}

/** Gives the hashes of keys that lie end to end. */
export async function hashesOf(keys: Uint8Array): Promise<Int32Array> {
  const { hashKey } = await rooms.base();
  const hashes = new Int32Array(keys.length / KEY_SIZE_BYTES);
  for (let index = 0; index < hashes.length; index++) {
    hashes[index] = hashKey(keys, index * KEY_SIZE_BYTES, (index + 1) * KEY_SIZE_BYTES);
  }
  return hashes;
}
