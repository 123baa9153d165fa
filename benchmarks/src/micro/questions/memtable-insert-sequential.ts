// A regression here is one of packages/engine/src/memtable/radix/insert.ts and node.ts.

import { memtableWithEntries } from '../memtable-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does indexing an entry in the radix tree cost, keys in order?',
  operation: 'entry',
  operationCount: 100_000,
  async setup(operationCount) {
    const { memtable, offsets } = await memtableWithEntries(operationCount, 'sequential');
    const run = (): number => {
      for (let index = 0; index < operationCount; index++)
        memtable.insert(offsets[index], index + 1);
      return memtable.entryCount;
    };
    // Emptying the memtable leaves the encoded entries where they are.
    return { run, expected: operationCount, reset: () => memtable.reset(1) };
  },
};
