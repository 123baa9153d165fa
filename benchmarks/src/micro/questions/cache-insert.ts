// A regression here is one of packages/engine/src/tables/block-cache.ts.

import { cacheOf, handleOf } from '../cache-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does taking a free slot for a block cost, the block itself not counted?',
  operation: 'block',
  operationCount: 2000,
  async setup(operationCount) {
    const handle = await handleOf(operationCount);
    const cache = await cacheOf(operationCount);
    const run = (): number => {
      for (let block = 0; block < operationCount; block++) {
        cache.publish(cache.takeSlot(), handle, block);
      }
      return cache.usedBytes / cache.slotSizeBytes;
    };
    return { run, expected: operationCount, reset: () => cache.dropTable(handle) };
  },
};
