// What an error of reading means for a salvage.
//
//   the bytes are bad         a loss: that is what a salvage is for
//   the device gives no bytes a loss too: a dying disk is when a salvage is needed; never silently
//   anything else             too few files allowed, no permission: says nothing of the bytes, and ends the salvage, since
//                             what is whole would pass for damaged

import { isStorageError, type StorageError, type StorageErrorCode } from '@varve/base';

const DAMAGE_CODES = new Set<StorageErrorCode>(['CORRUPTION', 'UNSUPPORTED_FORMAT', 'NOT_FOUND']);
/** Failures of the system that have the same code as those of a device, and go away with the right permissions. */
const REFUSALS = new Set(['EACCES', 'EPERM']);

/** Whether an error says that what was read is not what was written, or not there. */
export function isDamage(error: unknown): error is StorageError {
  return isStorageError(error) && DAMAGE_CODES.has(error.code);
}

/** Whether an error says that the device failed to give what is there. */
export function isDeviceFailure(error: unknown): error is StorageError {
  if (!isStorageError(error) || error.code !== 'IO') return false;
  const errno = errnoOf(error.cause);
  return errno !== undefined && !REFUSALS.has(errno);
}

/** What `read` gives; a read that the device fails is made once more: most such failures pass, and the bytes prove themselves. */
export function twice<R>(read: () => R): R {
  try {
    return read();
  } catch (error) {
    if (!isDeviceFailure(error)) throw error;
    return read();
  }
}

function errnoOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined;
  return typeof cause.code === 'string' ? cause.code : undefined;
}
