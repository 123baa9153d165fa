// A regression here is one of packages/engine/src/memtable/radix/insert.ts and node.ts.

import { memtableWithEntries } from '../memtable-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

const KEY_COUNT = 1000;

export const microbenchmark: Microbenchmark = {
  question: 'What does indexing one more version of a key that is there cost?',
  operation: 'entry',
  operationCount: 100_000,
  async setup(operationCount) {
    const { memtable, offsets } = await memtableWithEntries(KEY_COUNT, 'random');
    const run = (): number => {
      for (let index = 0; index < operationCount; index++) {
        memtable.insert(offsets[index % KEY_COUNT], index + 1);
      }
      return memtable.entryCount;
    };
    return { run, expected: operationCount, reset: () => memtable.reset(1) };
  },
};
