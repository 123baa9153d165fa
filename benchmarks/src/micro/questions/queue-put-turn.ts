// A regression here is one of packages/engine/src/write/commit-queue.ts and group-committer.ts, or
// of entry-encode, log-append and memtable-insert.

import { KEY_SIZE_BYTES, presentKeys, someValues, VALUE_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { placeInMemory } from '../putting.js';
import { binaryFormat, queueMaker } from '../queue-fixture.js';
import { rooms } from '../rooms.js';

const PUTS_PER_TURN = 100;

export const microbenchmark: Microbenchmark = {
  question: 'What does a put cost that shares its group and promise with 99 others, without a log?',
  operation: 'put',
  operationCount: 20_000,
  async setup(operationCount) {
    const { durabilityRank } = await rooms.write();
    const { renew, close, memtable } = await queueMaker(await placeInMemory(), operationCount);
    const rank = durabilityRank('none');
    const format = await binaryFormat();
    const keys = presentKeys(operationCount, 'random');
    const key = Buffer.alloc(KEY_SIZE_BYTES);
    const value = someValues(1).subarray(0, VALUE_SIZE_BYTES);
    let queue = renew();
    const run = async (): Promise<number> => {
      for (let count = 0; count < operationCount; count++) {
        const start = count * KEY_SIZE_BYTES;
        for (let index = 0; index < KEY_SIZE_BYTES; index++) key[index] = keys[start + index];
        const promise = queue.put(format, key, value, rank);
        const isLastOfTurn = count % PUTS_PER_TURN === PUTS_PER_TURN - 1;
        if (isLastOfTurn || count === operationCount - 1) await promise;
      }
      return memtable.entryCount;
    };
    const reset = (): void => {
      queue = renew();
    };
    return { run, isAsync: true, expected: operationCount, reset, close };
  },
};
