/** What the questions about merging have in common: all but the number of runs. */
import { KEY_SIZE_BYTES, presentKeys } from './entries.js';
import { FlatCursor } from './flat-cursor.js';
import type { Prepared } from './microbenchmark.js';
import { rooms } from './rooms.js';

/** Prepares walking a merge of `runCount` runs of `entryCount` entries together, dealt out in turn: the worst order. */
export async function merging(entryCount: number, runCount: number): Promise<Prepared> {
  const { MergingCursor } = await rooms.iterators();
  const runs = dealOut(presentKeys(entryCount, 'sequential'), runCount);
  const run = (): number => {
    const merged = new MergingCursor(runs.map((keys) => new FlatCursor(keys)));
    let count = 0;
    for (merged.first(); merged.valid; merged.next()) count++;
    return count;
  };
  return { run, expected: entryCount };
}

function dealOut(keys: Buffer, runCount: number): Buffer[] {
  const parts: Buffer[][] = Array.from({ length: runCount }, () => []);
  for (let start = 0; start < keys.length; start += KEY_SIZE_BYTES) {
    const run = (start / KEY_SIZE_BYTES) % runCount;
    parts[run].push(keys.subarray(start, start + KEY_SIZE_BYTES));
  }
  return parts.map((part) => Buffer.concat(part));
}
