/** What the questions about decoding a block have in common: all but the codec. */

import type { Prepared } from './microbenchmark.js';
import type { BlockCodec } from './rooms.js';
import { tableOf } from './table-fixture.js';

/** Blocks of a table of this many entries are decoded in turn. */
const ENTRY_COUNT = 1000;

/** Prepares decoding `blockCount` blocks into the same memory. */
export async function decoding(blockCount: number, codec: BlockCodec): Promise<Prepared> {
  const reader = await tableOf(ENTRY_COUNT, { codec });
  // The last block may be short.
  const lastIndex = reader.blockCount - 1;
  const stored = Buffer.alloc(reader.storedOffset(lastIndex));
  reader.readStoredSync(stored, 0);
  const target = Buffer.alloc(8192);
  const run = (): number => {
    let contentBytes = 0;
    for (let count = 0; count < blockCount; count++) {
      const blockIndex = count % lastIndex;
      const start = reader.storedOffset(blockIndex);
      contentBytes += reader.decodeBlock(blockIndex, stored, start, target, 0);
    }
    return contentBytes;
  };
  return { run, expected: run() };
}
