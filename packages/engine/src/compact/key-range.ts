// Ranges of user keys, both ends inclusive: what tables cover.

import { assert, compareWhole } from '@varve/base';
import type { TableMetadata } from '../manifest/index.js';

/** From `smallest` to `largest`, both inclusive. */
export interface KeyRange {
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** The range that covers all of `tables`. Requires: at least one. */
export function rangeOf(tables: readonly TableMetadata[]): KeyRange {
  assert(tables.length > 0, 'no tables cover no range');
  let { smallestKey: smallest, largestKey: largest } = tables[0];
  for (const { smallestKey, largestKey } of tables) {
    if (compareWhole(smallestKey, smallest) < 0) smallest = smallestKey;
    if (compareWhole(largestKey, largest) > 0) largest = largestKey;
  }
  const range = { smallest, largest };
  assertRange(range);
  return range;
}

/** Whether two ranges have a key in common. */
export function rangesMeet(a: KeyRange, b: KeyRange): boolean {
  return compareWhole(a.smallest, b.largest) <= 0 && compareWhole(a.largest, b.smallest) >= 0;
}

/** Sum of the sizes of `tables`. */
export function totalSizeBytes(tables: readonly TableMetadata[]): number {
  const sizeBytes = tables.reduce((sum, table) => sum + table.sizeBytes, 0);
  assert(Number.isSafeInteger(sizeBytes), 'sizes add up to a size');
  assert(sizeBytes >= tables.length, 'no table is empty');
  return sizeBytes;
}

/** What everybody who looks for a range between tables relies on. */
export function assertRange({ smallest, largest }: KeyRange): void {
  assert(compareWhole(smallest, largest) <= 0, 'a range starts before it ends');
}
