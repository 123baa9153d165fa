// Ranges of user keys, both ends inclusive: what tables cover.

import { compareWhole } from '@varve/base';
import type { TableMetadata } from '../manifest/index.js';

/** From `smallest` to `largest`, both inclusive. */
export interface KeyRange {
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
}

/** The range that covers all of `tables`. Requires: at least one. */
export function rangeOf(tables: readonly TableMetadata[]): KeyRange {
  let { smallestKey: smallest, largestKey: largest } = tables[0];
  for (const { smallestKey, largestKey } of tables) {
    if (compareWhole(smallestKey, smallest) < 0) smallest = smallestKey;
    if (compareWhole(largestKey, largest) > 0) largest = largestKey;
  }
  return { smallest, largest };
}

/** Whether two ranges have a key in common. */
export function rangesMeet(a: KeyRange, b: KeyRange): boolean {
  return compareWhole(a.smallest, b.largest) <= 0 && compareWhole(a.largest, b.smallest) >= 0;
}

/** Sum of the sizes of `tables`. */
export function totalSizeBytes(tables: readonly TableMetadata[]): number {
  return tables.reduce((sum, table) => sum + table.sizeBytes, 0);
}
