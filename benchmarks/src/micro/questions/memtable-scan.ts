// A regression here is one of packages/engine/src/memtable/memtable-cursor.ts.

import { filledMemtable, KEYSPACE_ID } from '../memtable-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does a step of a cursor over a memtable of 100,000 cost?',
  operation: 'entry',
  operationCount: 100_000,
  async setup(operationCount) {
    const memtable = await filledMemtable(operationCount);
    const run = (): number => {
      const cursor = memtable.cursor(KEYSPACE_ID, operationCount);
      let valueSizeBytes = 0;
      for (cursor.first(); cursor.valid; cursor.next()) valueSizeBytes += cursor.valueLength;
      return valueSizeBytes;
    };
    return { run, expected: operationCount * 100 };
  },
};
