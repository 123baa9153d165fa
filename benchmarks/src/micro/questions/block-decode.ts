// A regression here is one of packages/sstable/src/data-block/decode.ts and validate.ts.

import { decoding } from '../decoding.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does verifying and decoding a block of 4 KiB cost, stored as it is?',
  operation: 'block',
  operationCount: 200,
  operationSizeBytes: 4096,
  setup: (operationCount) => decoding(operationCount, 'none'),
};
