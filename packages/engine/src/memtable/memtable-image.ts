// A memtable as plain data: what crosses to a worker thread.
//
// The two buffers are shared, not copied, so making, sending and opening an image costs the same for any size.

import type { RootTable } from './radix/tree.js';

/** Everything another thread needs to read a frozen memtable. Can be cloned by `structuredClone` and `postMessage`. */
export interface MemtableImage {
  readonly arenaBuffer: SharedArrayBuffer;
  readonly arenaUsedBytes: number;
  readonly indexBuffer: SharedArrayBuffer;
  readonly indexUsedBytes: number;
  readonly roots: RootTable;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly entryCount: number;
  readonly tombstoneCount: number;
}
