// A regression here is one of packages/engine/src/write/entry-encoder.ts.

import { KEY_SIZE_BYTES, presentKeys, someValues, VALUE_SIZE_BYTES } from '../entries.js';
import type { Microbenchmark } from '../microbenchmark.js';
import { rooms } from '../rooms.js';

const ENTRY_ROOM_BYTES = 160;

export const microbenchmark: Microbenchmark = {
  question: 'What does encoding a put into the arena cost, key and value in binary?',
  operation: 'entry',
  operationCount: 10_000,
  async setup(operationCount) {
    const { EntryEncoder } = await rooms.entryEncoder();
    const { resolveEncoding } = await rooms.encoding();
    const encoder = new EntryEncoder();
    const format = {
      keyspaceId: 0,
      key: resolveEncoding('binary'),
      value: resolveEncoding('binary'),
    };
    const arena = Buffer.from(new SharedArrayBuffer(operationCount * ENTRY_ROOM_BYTES));
    const key = presentKeys(operationCount, 'random').subarray(0, KEY_SIZE_BYTES);
    const value = someValues(1).subarray(0, VALUE_SIZE_BYTES);
    const run = (): number => {
      let offset = 0;
      for (let index = 0; index < operationCount; index++) {
        key[KEY_SIZE_BYTES - 1] = index;
        encoder.putBound(format, key, value);
        offset = encoder.put(format, arena, offset, key, value);
      }
      return offset;
    };
    return { run, expected: operationCount * 120 };
  },
};
