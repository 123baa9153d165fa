// A regression here is one of packages/bloom/src/bloom-reader.ts.

import { hashesOf, missingKeys } from '../entries.js';
import { countPossible, filterOf } from '../filter-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does asking a filter of 100,000 keys for one it does not have cost?',
  operation: 'key',
  operationCount: 100_000,
  async setup(operationCount) {
    const filter = await filterOf(operationCount);
    const hashes = await hashesOf(missingKeys(operationCount, 'random'));
    const run = (): number => countPossible(filter, hashes);
    return { run, expected: run() };
  },
};
