// A regression here is one of packages/bloom/src/bloom-reader.ts.

import { hashesOf, presentKeys } from '../entries.js';
import { countPossible, filterOf } from '../filter-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does asking a filter of 100,000 keys for one it has cost?',
  operation: 'key',
  operationCount: 100_000,
  async setup(operationCount) {
    const filter = await filterOf(operationCount);
    const hashes = await hashesOf(presentKeys(operationCount, 'random'));
    return { run: () => countPossible(filter, hashes), expected: operationCount };
  },
};
