// A regression here is one of packages/bloom/src/bloom-writer.ts.

import { hashesOf, presentKeys } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

const BITS_PER_KEY = 10;

export const microbenchmark: Microbenchmark = {
  question: 'What does a key cost in the filter that is built of it, hash not counted?',
  operation: 'key',
  operationCount: 100_000,
  async setup(operationCount) {
    const { BloomWriter } = await rooms.bloom();
    const hashes = await hashesOf(presentKeys(operationCount, 'sequential'));
    const run = (): number => {
      const writer = new BloomWriter(BITS_PER_KEY);
      for (let index = 0; index < operationCount; index++) writer.add(hashes[index]);
      return writer.finish().length;
    };
    return { run, expected: run() };
  },
};
