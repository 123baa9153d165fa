// A regression here is one of packages/engine/src/iterators/merging-cursor.ts, or of table-scan.

import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';
import { tableOf } from '../table-fixture.js';

const TABLE_COUNT = 4;

export const microbenchmark: Microbenchmark = {
  question: 'What does a step of a merge of four tables cost, blocks read from memory?',
  operation: 'entry',
  operationCount: 50_000,
  async setup(operationCount) {
    const { MergingCursor } = await rooms.iterators();
    const { DirectBlockSource, TableCursor } = await rooms.sstable();
    const readers = await Promise.all(
      Array.from({ length: TABLE_COUNT }, (_, first) =>
        tableOf(operationCount, { first, stride: TABLE_COUNT }),
      ),
    );
    const run = (): number => {
      const cursors = readers.map((reader) => new TableCursor(reader, new DirectBlockSource()));
      const merged = new MergingCursor(cursors);
      let valueSizeBytes = 0;
      for (merged.first(); merged.valid; merged.next()) valueSizeBytes += merged.valueLength;
      return valueSizeBytes;
    };
    return { run, expected: operationCount * 100 };
  },
};
