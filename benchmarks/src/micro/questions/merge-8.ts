// A regression here is one of packages/engine/src/iterators/merging-cursor.ts.

import { merging } from '../merging.js';
import type { Microbenchmark } from '../microbenchmark.js';

const RUN_COUNT = 8;

export const microbenchmark: Microbenchmark = {
  question: 'What does a step of a merge of eight runs cost, over runs that cost next to nothing?',
  operation: 'entry',
  operationCount: 20_000,
  setup: (operationCount) => merging(operationCount, RUN_COUNT),
};
