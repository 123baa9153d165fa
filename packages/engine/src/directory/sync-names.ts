// The sync of names where only a path is known: of those in the directory, as jobs do it, and of a directory's own.

import { isStorageError, StorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';

/**
 * The parent of a directory may be somebody else's, who lets nobody read it (`NotCapable` is Deno's word), or, where the
 * directory is a mount point, on a file system that syncs no directories.
 */
const REFUSALS = new Set(['EACCES', 'EPERM', 'NotCapable', 'EINVAL', 'EROFS']);

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

/**
 * Returns once the name of a directory that was found survives a power loss, if it may be synced. Blocks.
 *
 * @param path - Absolute, without symbolic links.
 * @throws StorageError as {@link syncNamesSync}
 */
export function syncNameFoundSync(fileSystem: FileSystem, path: string): void {
  // The root has no name.
  if (path === '/') return;
  const parent = parentOf(path);
  try {
    fileSystem.syncDirectorySync(parent);
  } catch (cause) {
    if (!isRefusal(cause)) throw failedSyncOfNames(parent, cause);
  }
}

/** The path of the directory that a path's last name is in. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  if (slash < 0) return '.';
  return slash === 0 ? '/' : trimmed.slice(0, slash);
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

/** Whether a sync was refused in a way that says nothing of the disk, and says so every time. */
function isRefusal(error: unknown): boolean {
  if (!isStorageError(error) || !(error.cause instanceof Error)) return false;
  const { cause } = error;
  return REFUSALS.has(cause.name) || ('code' in cause && REFUSALS.has(String(cause.code)));
}
