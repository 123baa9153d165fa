// A regression here is one of packages/base/src/xxh32.ts.

import { KEY_SIZE_BYTES, presentKeys } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does the hash of a key of 16 bytes cost?',
  operation: 'key',
  operationCount: 10_000,
  async setup(operationCount) {
    const { hashKey } = await rooms.base();
    const keys = presentKeys(operationCount, 'sequential');
    const run = (): number => {
      let mixed = 0;
      for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
        mixed ^= hashKey(keys, start, start + KEY_SIZE_BYTES);
      }
      return mixed;
    };
    return { run, expected: run() };
  },
};
