// A regression here is one of packages/engine/src/write/commit-queue.ts and group-committer.ts, or
// of entry-encode, log-append and memtable-insert.

import type { Microbenchmark } from '../microbenchmark.js';
import { placeInMemory, putting } from '../putting.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does a put through the commit queue cost without a log?',
  operation: 'put',
  operationCount: 20_000,
  async setup(operationCount) {
    return putting(operationCount, { ...(await placeInMemory()), durability: 'none' });
  },
};
