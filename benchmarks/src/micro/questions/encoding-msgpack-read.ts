// A regression here is one of packages/engine/src/encoding.

import { encodingRead } from '../encoding-values.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does reading an object of five fields as msgpack cost?',
  operation: 'value',
  operationCount: 5000,
  setup: (operationCount) => encodingRead('msgpack', operationCount),
};
