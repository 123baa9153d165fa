// A regression here is one of packages/sstable/src/index-block/reader.ts.

import { KEY_SIZE_BYTES, presentKeys } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { tableOf } from '../table-fixture.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does finding the block of a key in the index of a table of 100,000 cost?',
  operation: 'key',
  operationCount: 100_000,
  async setup(operationCount) {
    const reader = await tableOf(operationCount);
    const keys = presentKeys(operationCount, 'random');
    const run = (): number => {
      let foundCount = 0;
      for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
        const end = start + KEY_SIZE_BYTES;
        if (reader.findBlock(keys, start, end) < reader.blockCount) foundCount++;
      }
      return foundCount;
    };
    return { run, expected: operationCount };
  },
};
