// A regression here is one of packages/engine/src/encoding.

import { encodingWrite } from '../encoding-values.js';
import type { Microbenchmark } from '../microbenchmark.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does writing an object of five fields as json cost?',
  operation: 'value',
  operationCount: 5000,
  setup: (operationCount) => encodingWrite('json', operationCount),
};
