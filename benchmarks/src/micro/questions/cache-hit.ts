// A regression here is one of packages/engine/src/tables/block-cache.ts.

import { cacheOf, handleOf } from '../cache-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';

const ROUND_COUNT = 10;

export const microbenchmark: Microbenchmark = {
  question: 'What does finding a cached block cost?',
  operation: 'block',
  operationCount: 1000 * ROUND_COUNT,
  async setup(operationCount) {
    const blockCount = Math.max(1, operationCount / ROUND_COUNT);
    const handle = await handleOf(blockCount);
    const cache = await cacheOf(blockCount);
    for (let block = 0; block < blockCount; block++) cache.publish(cache.takeSlot(), handle, block);
    const run = (): number => {
      let hitCount = 0;
      for (let count = 0; count < operationCount; count++) {
        const slot = handle.blockSlots[count % blockCount];
        if (slot < 0) continue;
        cache.touch(slot);
        hitCount++;
      }
      return hitCount;
    };
    return { run, expected: operationCount };
  },
};
