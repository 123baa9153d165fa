// A regression here is one of packages/base/src/checksum.ts.

import { someBytes } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

const BLOCK_SIZE_BYTES = 4096;

export const microbenchmark: Microbenchmark = {
  question: 'What does the 64-bit checksum of a block of 4 KiB cost?',
  operation: 'block',
  operationCount: 200,
  operationSizeBytes: BLOCK_SIZE_BYTES,
  async setup(operationCount) {
    const { checksum64, initializeChecksums } = await rooms.base();
    await initializeChecksums();
    const block = someBytes(BLOCK_SIZE_BYTES);
    const run = (): number => {
      let checksum = 1n;
      for (let index = 0; index < operationCount; index++) {
        checksum = checksum64(block, 0, BLOCK_SIZE_BYTES, checksum);
      }
      return Number(checksum & 0xffff_ffffn);
    };
    return { run, expected: run() };
  },
};
