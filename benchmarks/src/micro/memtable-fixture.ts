/** A memtable whose arena holds entries that are not indexed yet, or are. */
import {
  KEY_SIZE_BYTES,
  type Order,
  presentKeys,
  someValues,
  VALUE_SIZE_BYTES,
} from './entries.js';
import { type Memtable, rooms } from './rooms.js';

/** Room for one entry with its header. */
const ENTRY_ROOM_BYTES = 128;

/** The only keyspace of microbenchmarks. */
export const KEYSPACE_ID = 0;

/** A memtable with entries that are encoded in its arena, and where each of them starts. */
export interface EncodedEntries {
  readonly memtable: Memtable;
  readonly offsets: Int32Array;
}

/** Gives an empty memtable with `count` entries in its arena, and where they start. */
export async function memtableWithEntries(count: number, order: Order): Promise<EncodedEntries> {
  const { Memtable, writePut } = await rooms.memtable();
  const memtable = new Memtable({
    arenaSizeBytes: (count + 1) * ENTRY_ROOM_BYTES,
    firstSequence: 1,
  });
  const keys = presentKeys(count, order);
  const values = someValues(count);
  const offsets = new Int32Array(count);
  const { bytes } = memtable.arena;
  let offset = 0;
  for (let index = 0; index < count; index++) {
    const key = index * KEY_SIZE_BYTES;
    const value = index * VALUE_SIZE_BYTES;
    const ends = [key + KEY_SIZE_BYTES, value + VALUE_SIZE_BYTES] as const;
    offsets[index] = offset;
    offset = writePut(bytes, offset, KEYSPACE_ID, keys, key, ends[0], values, value, ends[1]);
  }
  return { memtable, offsets };
}

/** As {@link memtableWithEntries}, with the entries indexed under the sequences from 1 on. */
export async function filledMemtable(count: number): Promise<Memtable> {
  const { memtable, offsets } = await memtableWithEntries(count, 'random');
  for (let index = 0; index < count; index++) memtable.insert(offsets[index], index + 1);
  return memtable;
}
