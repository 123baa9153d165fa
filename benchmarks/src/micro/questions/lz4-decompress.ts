// A regression here is one of packages/sstable/src/block/lz4-library.ts.

import { BLOCK_SIZE_BYTES, compressedBlock } from '../compressed-block.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

const PLACE = { file: 'block', where: 'sst.data', offset: 0 } as const;

export const microbenchmark: Microbenchmark = {
  question: 'What does decompressing a block of 4 KiB with LZ4 cost?',
  operation: 'block',
  operationCount: 200,
  operationSizeBytes: BLOCK_SIZE_BYTES,
  async setup(operationCount) {
    const { CODEC_LZ4, decompressInto } = await rooms.compression();
    const { block, stored, storedSizeBytes } = await compressedBlock();
    const size = BLOCK_SIZE_BYTES;
    const target = Buffer.alloc(size);
    const run = (): number => {
      for (let index = 0; index < operationCount; index++) {
        decompressInto(CODEC_LZ4, stored, 0, storedSizeBytes, target, 0, size, PLACE);
      }
      return target.compare(block);
    };
    return { run, expected: 0 };
  },
};
