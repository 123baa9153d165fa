/** A filter of the present keys. */
import { hashesOf, presentKeys } from './entries.js';
import { type BloomReader, rooms } from './rooms.js';

const BITS_PER_KEY = 10;

/** Gives a filter of `count` keys, opened. */
export async function filterOf(count: number): Promise<BloomReader> {
  const { BloomReader, BloomWriter } = await rooms.bloom();
  const writer = new BloomWriter(BITS_PER_KEY);
  for (const hash of await hashesOf(presentKeys(count, 'sequential'))) writer.add(hash);
  return new BloomReader(writer.finish(), { file: 'filter', where: 'sst.filter', baseOffset: 0 });
}

/** Counts the hashes that may be of a key in the filter. */
export function countPossible(filter: BloomReader, hashes: Int32Array): number {
  let possibleCount = 0;
  for (let index = 0; index < hashes.length; index++) {
    if (filter.mayContain(hashes[index])) possibleCount++;
  }
  return possibleCount;
}
