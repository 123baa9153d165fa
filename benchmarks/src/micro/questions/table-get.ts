// A regression here is one of key-hash, bloom-probe-hit, index-block-search or data-block-search.

import { KEY_SIZE_BYTES, presentKeys } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';
import { tableOf } from '../table-fixture.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does finding a value in a table of 100,000 cost: hash, filter, index, block?',
  operation: 'key',
  operationCount: 100_000,
  async setup(operationCount) {
    const { hashKey } = await rooms.base();
    const { findEntry, valueEnd, valueStart } = await rooms.sstable();
    const reader = await tableOf(operationCount);
    const slotSizeBytes = 4096;
    const slab = Buffer.alloc(reader.blockCount * slotSizeBytes);
    for (let block = 0; block < reader.blockCount; block++) {
      reader.readBlockSync(block, slab, block * slotSizeBytes);
    }
    const keys = presentKeys(operationCount, 'randomAgain');
    const run = (): number => {
      let valueSizeBytes = 0;
      for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
        const end = start + KEY_SIZE_BYTES;
        const hash = hashKey(keys, start, end);
        if (!reader.mayContain(hash)) continue;
        const base = reader.findBlock(keys, start, end) * slotSizeBytes;
        const entryIndex = findEntry(slab, base, keys, start, end, Infinity, hash);
        valueSizeBytes += valueEnd(slab, base, entryIndex) - valueStart(slab, base, entryIndex);
      }
      return valueSizeBytes;
    };
    return { run, expected: operationCount * 100 };
  },
};
