// A regression here is one of packages/base/src/varint.ts.

import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does writing a varint cost, one in ten of two bytes?',
  operation: 'number',
  operationCount: 10_000,
  async setup(operationCount) {
    const { writeVarint } = await rooms.base();
    const bytes = Buffer.alloc(operationCount * 2);
    const run = (): number => {
      let offset = 0;
      for (let index = 0; index < operationCount; index++) {
        offset = writeVarint(bytes, offset, index % 10 === 0 ? 1000 : index & 0x7f);
      }
      return offset;
    };
    return { run, expected: operationCount + Math.ceil(operationCount / 10) };
  },
};
