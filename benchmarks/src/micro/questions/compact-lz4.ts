// A regression here is one of merge-tables or table-write.

import { compacting } from '../compacting.js';
import { ENTRY_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does an entry cost in merging four tables into one, blocks compressed with LZ4?',
  operation: 'entry',
  operationCount: 50_000,
  operationSizeBytes: ENTRY_SIZE_BYTES,
  setup: (operationCount) => compacting(operationCount, 'lz4'),
};
