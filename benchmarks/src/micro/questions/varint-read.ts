// A regression here is one of packages/base/src/varint.ts.

import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does reading a varint cost, one in ten of two bytes?',
  operation: 'number',
  operationCount: 10_000,
  async setup(operationCount) {
    const { readVarint, varintLength, writeVarint } = await rooms.base();
    const bytes = Buffer.alloc(operationCount * 2);
    let end = 0;
    let expected = 0;
    for (let index = 0; index < operationCount; index++) {
      const value = index % 10 === 0 ? 1000 : index & 0x7f;
      end = writeVarint(bytes, end, value);
      expected += value;
    }
    const run = (): number => {
      let sum = 0;
      for (let offset = 0; offset < end; ) {
        const value = readVarint(bytes, offset, end);
        offset += varintLength(value);
        sum += value;
      }
      return sum;
    };
    return { run, expected };
  },
};
