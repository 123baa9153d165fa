// A regression here is one of packages/engine/src/write/group-committer.ts, or of entry-encode,
// record-seal, log-append and memtable-insert.

import { KEY_SIZE_BYTES, presentKeys, someValues, VALUE_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { binaryFormat, queueMaker } from '../queue-fixture.js';
import { rooms } from '../rooms.js';
import { makeScratch } from '../scratch.js';

const GROUP_ENTRY_COUNT = 1000;

export const microbenchmark: Microbenchmark = {
  question: 'What does an entry cost in a group of 1000: encode, seal, write to the log, index?',
  operation: 'entry',
  operationCount: 20_000,
  async setup(operationCount) {
    const { NodeFileSystem } = await rooms.vfs();
    const { durabilityRank } = await rooms.write();
    const { path, remove } = makeScratch();
    const place = { fileSystem: new NodeFileSystem(), directory: path };
    const { renew, close, memtable } = await queueMaker(place, operationCount);
    const rank = durabilityRank('os');
    const format = await binaryFormat();
    const operations = operationsOf(operationCount);
    let queue = renew();
    const run = (): number => {
      for (const group of operations) queue.batchSync(group, () => format, rank);
      return memtable.entryCount;
    };
    const reset = (): void => {
      queue = renew();
    };
    const closeAll = (): void => {
      close();
      remove();
    };
    return { run, expected: operationCount, reset, close: closeAll };
  },
};

function operationsOf(count: number) {
  const keys = presentKeys(count, 'random');
  const values = someValues(count);
  const operations = Array.from({ length: count }, (_, index) => ({
    type: 'put' as const,
    key: keys.subarray(index * KEY_SIZE_BYTES, (index + 1) * KEY_SIZE_BYTES),
    value: values.subarray(index * VALUE_SIZE_BYTES, (index + 1) * VALUE_SIZE_BYTES),
  }));
  const groups = [];
  for (let start = 0; start < count; start += GROUP_ENTRY_COUNT) {
    groups.push(operations.slice(start, start + GROUP_ENTRY_COUNT));
  }
  return groups;
}
