// A regression here is one of packages/engine/src/log/record-writer.ts.

import type { Microbenchmark } from '../microbenchmark.js';
import { sealing } from '../sealing.js';

/** A commit group of 1000 entries of 16 + 100 bytes. */
const PAYLOAD_SIZE_BYTES = 120_014;

export const microbenchmark: Microbenchmark = {
  question: 'What does sealing the log record of a batch of 1000 puts cost?',
  operation: 'record',
  operationCount: 20,
  operationSizeBytes: PAYLOAD_SIZE_BYTES,
  setup: (operationCount) => sealing(operationCount, PAYLOAD_SIZE_BYTES),
};
