// A regression here is one of packages/engine/src/log/record-writer.ts.

import type { Microbenchmark } from '../microbenchmark.js';
import { sealing } from '../sealing.js';

/** A commit group of one entry of 16 + 100 bytes. */
const PAYLOAD_SIZE_BYTES = 133;

export const microbenchmark: Microbenchmark = {
  question: 'What does sealing the log record of a single put cost?',
  operation: 'record',
  operationCount: 2000,
  setup: (operationCount) => sealing(operationCount, PAYLOAD_SIZE_BYTES),
};
