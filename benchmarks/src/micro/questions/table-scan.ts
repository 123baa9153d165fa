// A regression here is one of packages/sstable/src/table-cursor.ts, or of block-decode.

import { ENTRY_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';
import { tableOf } from '../table-fixture.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does a step of a cursor over one table cost, blocks read from memory?',
  operation: 'entry',
  operationCount: 50_000,
  operationSizeBytes: ENTRY_SIZE_BYTES,
  async setup(operationCount) {
    const { DirectBlockSource, TableCursor } = await rooms.sstable();
    const reader = await tableOf(operationCount);
    const run = (): number => {
      const cursor = new TableCursor(reader, new DirectBlockSource());
      let valueSizeBytes = 0;
      for (cursor.first(); cursor.valid; cursor.next()) valueSizeBytes += cursor.valueLength;
      return valueSizeBytes;
    };
    return { run, expected: operationCount * 100 };
  },
};
