// The sync of the directory as jobs do it, which know its path alone.

import { isStorageError, StorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';

/**
 * Returns once every name made, changed or removed before in the directory survives a power loss. Blocks.
 *
 * @throws StorageError DURABILITY_UNKNOWN: which names survive is not known, and neither another sync nor one that runs
 * meanwhile would tell: after a failure the system may count as clean what it has not written. TOO_MANY_FILES: the
 * directory could not be opened, so nothing was begun, and it may be tried again.
 */
export function syncNamesSync(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.syncDirectorySync(path);
  } catch (cause) {
    throw failedSyncOfNames(path, cause);
  }
}

/** What a sync of the directory throws that failed of this: see {@link syncNamesSync}. */
export function failedSyncOfNames(path: string, cause: unknown): StorageError {
  const isUnbegun = isStorageError(cause) && cause.code === 'TOO_MANY_FILES';
  return isUnbegun ? cause : namesUnknown(path, cause);
}

/** Which names survive is not known. */
export function namesUnknown(path: string, cause: unknown): StorageError {
  const message = `Cannot sync ${path}: which names in it survive a power loss is unknown`;
  return new StorageError('DURABILITY_UNKNOWN', message, { cause, file: path });
}
