/**
 * What all ways to walk over a scan share: the range that was asked for, and when to give the event loop a turn.
 */
import type { BlockWait } from '../tables/index.js';
import type { ByteRange } from './range.js';
import { RangeCursor, type RangeHost } from './range-cursor.js';
import type { Take } from './take.js';

/** A range with what to make of its entries. */
export interface Scanned<T> {
  readonly host: RangeHost;
  readonly keyspaceId: number;
  readonly range: ByteRange;
  readonly take: Take<T>;
}

/** Entries, shown or skipped, between two looks at the clock. */
export const STEPS_PER_CLOCK_READ = 128;

/** How long an asynchronous iteration may keep the event loop from other work. */
export const TURN_LIMIT_MS = 5;

/** Opens the range; asynchronously, its steps pause over entries that are skipped, as often as the clock is read. The caller closes it. */
export function openRange<T>(scanned: Scanned<T>, wait: BlockWait): RangeCursor {
  const { host, keyspaceId, range } = scanned;
  const { snapshot, signal } = range;
  const cursor = new RangeCursor(host, { keyspaceId, bounds: range, snapshot, signal, wait });
  if (wait === 'async') cursor.inner.pauseEvery(STEPS_PER_CLOCK_READ);
  return cursor;
}
