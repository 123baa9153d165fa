// A dump shows damage instead of stopping at it.

import { isStorageError, type StorageError } from '@varve/base';

/** Gives what `action` gives, or the `StorageError` it throws. */
export function attempt<Result>(action: () => Result): Result | StorageError {
  try {
    return action();
  } catch (error) {
    if (isStorageError(error)) return error;
    throw error;
  }
}
