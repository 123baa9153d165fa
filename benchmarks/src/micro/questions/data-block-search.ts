// A regression here is one of packages/sstable/src/data-block/reader.ts.

import { hashesOf, KEY_SIZE_BYTES, presentKeys } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';
import { tableOf } from '../table-fixture.js';

const ROUND_COUNT = 200;

export const microbenchmark: Microbenchmark = {
  question: 'What does finding a key in a data block of 4 KiB cost?',
  operation: 'key',
  operationCount: 32 * ROUND_COUNT,
  async setup(operationCount) {
    const { findEntry } = await rooms.sstable();
    const keyCount = Math.max(1, Math.round(operationCount / ROUND_COUNT));
    const reader = await tableOf(keyCount, {});
    const block = Buffer.alloc(reader.contentLength(0));
    reader.readBlockSync(0, block, 0);
    const keys = presentKeys(keyCount, 'random');
    const hashes = await hashesOf(keys);
    const roundCount = Math.round(operationCount / keyCount);
    const run = (): number => {
      let foundCount = 0;
      for (let round = 0; round < roundCount; round++) {
        for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
          const end = start + KEY_SIZE_BYTES;
          if (findEntry(block, 0, keys, start, end, Infinity, hashes[start / KEY_SIZE_BYTES]) >= 0)
            foundCount++;
        }
      }
      return foundCount;
    };
    return { run, expected: keyCount * roundCount };
  },
};
