/** What the questions about single puts have in common: all but where the log is. */
import { KEY_SIZE_BYTES, presentKeys, someValues, VALUE_SIZE_BYTES } from './entries.js';
import type { Prepared } from './microbenchmark.js';
import { binaryFormat, type QueuePlace, queueMaker } from './queue-fixture.js';
import { rooms } from './rooms.js';

/** Prepares `putCount` synchronous puts of random keys, acknowledged at the given durability. */
export async function putting(
  putCount: number,
  { durability, ...place }: QueuePlace & { readonly durability: 'none' | 'os' },
): Promise<Prepared> {
  const { durabilityRank } = await rooms.write();
  const { renew, close, memtable } = await queueMaker(place, putCount);
  const rank = durabilityRank(durability);
  const format = await binaryFormat();
  const keys = presentKeys(putCount, 'random');
  const key = Buffer.alloc(KEY_SIZE_BYTES);
  const value = someValues(1).subarray(0, VALUE_SIZE_BYTES);
  let queue = renew();
  const run = (): number => {
    for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
      for (let index = 0; index < KEY_SIZE_BYTES; index++) key[index] = keys[start + index];
      queue.putSync(format, key, value, rank);
    }
    return memtable.entryCount;
  };
  const reset = (): void => {
    queue = renew();
  };
  return { run, expected: putCount, reset, close };
}

/** A place in memory: for writes that use no log. */
export async function placeInMemory(): Promise<QueuePlace> {
  const { MemoryFileSystem } = await rooms.vfs();
  const fileSystem = new MemoryFileSystem();
  fileSystem.makeDirectorySync('/log');
  return { fileSystem, directory: '/log' };
}
