// A regression here is one of packages/sstable/src/block/lz4-library.ts.

import { BLOCK_SIZE_BYTES, compressedBlock } from '../compressed-block.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does compressing a block of 4 KiB with LZ4 cost?',
  operation: 'block',
  operationCount: 200,
  operationSizeBytes: BLOCK_SIZE_BYTES,
  async setup(operationCount) {
    const { compressInPlace } = await rooms.compression();
    const { block, storedSizeBytes } = await compressedBlock();
    const target = Buffer.alloc(BLOCK_SIZE_BYTES);
    const run = (): number => {
      let sizeBytes = 0;
      for (let index = 0; index < operationCount; index++) {
        // Compressing is done in place, as in the output buffer of a table; the copy is a hundredth of it.
        target.set(block);
        sizeBytes += compressInPlace(target, 0, BLOCK_SIZE_BYTES);
      }
      return sizeBytes;
    };
    return { run, expected: operationCount * storedSizeBytes };
  },
};
