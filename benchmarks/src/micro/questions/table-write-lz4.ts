// A regression here is one of packages/sstable/src/table-writer.ts, or of data-block-build,
// key-hash, checksum-block and bloom-build.

import { ENTRY_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { tableWriting } from '../table-writing.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does an entry cost in a table that is written, blocks compressed with LZ4?',
  operation: 'entry',
  operationCount: 50_000,
  operationSizeBytes: ENTRY_SIZE_BYTES,
  setup: (operationCount) => tableWriting(operationCount, 'lz4'),
};
