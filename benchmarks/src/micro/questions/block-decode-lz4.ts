// A regression here is one of packages/sstable/src/data-block/decode.ts, or of lz4-decompress.

import { decoding } from '../decoding.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does verifying and decoding a block of 4 KiB cost, compressed with LZ4?',
  operation: 'block',
  operationCount: 200,
  operationSizeBytes: 4096,
  setup: (operationCount) => decoding(operationCount, 'lz4'),
};
