// A regression here is one of packages/sstable/src/data-block/writer.ts.

import { hashesOf, KEY_SIZE_BYTES, presentKeys, someValues, VALUE_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

const BLOCK_ENTRY_COUNT = 33;
const PUT = 1;

export const microbenchmark: Microbenchmark = {
  question: 'What does an entry cost in the data block that is built of it?',
  operation: 'entry',
  operationCount: 33_000,
  async setup(operationCount) {
    const { DataBlockWriter } = await rooms.dataBlockWriter();
    const writer = new DataBlockWriter();
    const keys = presentKeys(operationCount, 'sequential');
    const values = someValues(operationCount);
    const hashes = await hashesOf(keys);
    const target = Buffer.alloc(8192);
    const run = (): number => {
      let sizeBytes = 0;
      for (let index = 0; index < operationCount; index++) {
        const key = index * KEY_SIZE_BYTES;
        const value = index * VALUE_SIZE_BYTES;
        const valueEnd = value + VALUE_SIZE_BYTES;
        writer.append(
          keys,
          key,
          key + KEY_SIZE_BYTES,
          values,
          value,
          valueEnd,
          index + 1,
          PUT,
          hashes[index],
        );
        if (writer.entryCount < BLOCK_ENTRY_COUNT) continue;
        sizeBytes += writer.encode(target, 0);
        writer.clear();
      }
      return sizeBytes;
    };
    run();
    writer.clear();
    return { run, expected: run(), reset: () => writer.clear() };
  },
};
