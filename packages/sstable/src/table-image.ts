// What an open table holds in memory, as plain data for `postMessage`.
//
// Opening a table reads, hashes and checks its filter and its index: a millisecond or so, which a thread that answers
// requests should not spend two dozen times in one turn. So the thread that wrote the table, and has read it back, hands
// over what it holds; taking that over costs two small reads and no pass over anything.

import type { TableIndexImage } from './index-block/reader.js';
import type { TableProperties } from './table-properties.js';

/** See the head of this file. Nothing of it may be changed. */
export interface TableImage {
  readonly properties: TableProperties;
  readonly index: TableIndexImage;
  /** Null if the table has no filter. */
  readonly filter: Uint8Array | null;
}

/** The memory of an image, each buffer once: handed over by transferring them, not copied. */
export function imageBuffers({ index, filter }: TableImage): ArrayBuffer[] {
  const { slab, ends, rules, heads, starts } = index.separators;
  const parts = [index.ends, index.contentLengths, slab, ends, rules, heads, starts, filter];
  const buffers = new Set<ArrayBuffer>();
  for (const part of parts) {
    if (part?.buffer instanceof ArrayBuffer) buffers.add(part.buffer);
  }
  return [...buffers];
}
