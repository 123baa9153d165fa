/** The verification of a database on disk, as users call it. */
import { initializeChecksums, systemClock } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import { type VerifyProgress, type VerifyReport, verifyDirectory } from './inspect/index.js';

/** Options of `verify`. */
export interface VerifyOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
  /** Called after every table. */
  readonly onProgress?: (progress: VerifyProgress) => void;
}

/**
 * Checks every checksum, the order of all entries, bounds, level invariants, the manifest and the logs of the database in
 * a directory, and gives everything that is damaged. Changes nothing and takes no lock; for a database that is not being
 * written to. Reads everything: about 300 MB/s.
 *
 * @throws StorageError NOT_FOUND when there is no database; IO
 */
export async function verify(path: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  await initializeChecksums();
  const { onProgress, fileSystem = new NodeFileSystem() } = options;
  return verifyDirectory(path, {
    fileSystem,
    yieldTurn: () => new Promise((resolve) => systemClock.soon(resolve)),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}
