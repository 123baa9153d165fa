/** Ends of logs that nothing depends on any more. */
import { isStorageError } from '@varve/base';
import { isLackOf } from './background-retries.js';
import type { WalWriter } from './wal/index.js';

/** Of a log that is synced, or whose end is known to be lost: whether closing it succeeds makes no difference. */
export function closeQuietly(log: WalWriter): void {
  try {
    log.closeSync();
  } catch (error) {
    if (!isStorageError(error)) throw error;
  }
}

/** The end record tells a reader no more than it can find out: at close, a full disk may keep it. */
export function finishQuietly(log: WalWriter): void {
  try {
    log.finishSync();
  } catch (error) {
    if (!isLackOf(error)) throw error;
  }
}
