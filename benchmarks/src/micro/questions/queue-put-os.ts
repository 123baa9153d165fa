// A regression here is one of packages/engine/src/write/commit-queue.ts and group-committer.ts, or
// of entry-encode, log-append and memtable-insert.

import type { Microbenchmark } from '../microbenchmark.js';
import { putting } from '../putting.js';
import { rooms } from '../rooms.js';
import { makeScratch } from '../scratch.js';

export const microbenchmark: Microbenchmark = {
  question: 'What does a put through the commit queue cost with its own write to the log?',
  operation: 'put',
  operationCount: 20_000,
  async setup(operationCount) {
    const { NodeFileSystem } = await rooms.vfs();
    const { path, remove } = makeScratch();
    const place = { fileSystem: new NodeFileSystem(), directory: path };
    const prepared = await putting(operationCount, { ...place, durability: 'os' });
    const close = (): void => {
      prepared.close?.();
      remove();
    };
    return { ...prepared, close };
  },
};
