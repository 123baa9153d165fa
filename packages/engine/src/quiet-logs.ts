/** Ends of logs that nothing depends on any more. */
import { isStorageError, type StorageError } from '@varve/base';
import { isLackOf } from './background-retries.js';
import type { WalWriter } from './wal/index.js';

/**
 * Closes a log that is synced, not needed any more, or whose end is known to be lost: an error of that is the end of nothing.
 * Gives it, to be told.
 */
export function closeLog(log: WalWriter): StorageError | null {
  try {
    log.closeSync();
    return null;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return error;
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
