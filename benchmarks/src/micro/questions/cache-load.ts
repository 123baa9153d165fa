// A regression here is one of packages/engine/src/tables/block-loader.ts, or of block-decode and
// cache-insert.

import { cacheOf, handleOf, SLOT_SIZE_BYTES } from '../cache-fixture.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does loading a block into the cache cost, its file being memory?',
  operation: 'block',
  operationCount: 500,
  operationSizeBytes: SLOT_SIZE_BYTES,
  async setup(operationCount) {
    const { BlockLoader } = await rooms.tables();
    const handle = await handleOf(operationCount);
    const loader = new BlockLoader(await cacheOf(operationCount));
    const run = (): number => {
      for (let block = 0; block < operationCount; block++) loader.loadSync(handle, block);
      return loader.cache.usedBytes / SLOT_SIZE_BYTES;
    };
    return { run, expected: operationCount, reset: () => loader.cache.dropTable(handle) };
  },
};
