// A regression here is one of packages/engine/src/memtable/radix/find.ts.

import { KEY_SIZE_BYTES, presentKeys } from '../entries.js';
import { filledMemtable, KEYSPACE_ID } from '../memtable-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does finding a key in a memtable of 100,000 cost, keys at random?',
  operation: 'key',
  operationCount: 100_000,
  async setup(operationCount) {
    const memtable = await filledMemtable(operationCount);
    const keys = presentKeys(operationCount, 'randomAgain');
    const run = (): number => {
      let foundCount = 0;
      for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
        const end = start + KEY_SIZE_BYTES;
        if (memtable.find(KEYSPACE_ID, keys, start, end, operationCount) >= 0) foundCount++;
      }
      return foundCount;
    };
    return { run, expected: operationCount };
  },
};
