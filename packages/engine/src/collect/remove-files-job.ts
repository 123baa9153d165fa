/**
 * Removes files that nothing needs, on a background thread: unlinking a large file can take milliseconds.
 *
 * A file that cannot be removed is reported, not fatal: it is tried again with the next removal and found as an orphan
 * at the next open.
 */
import type { FileSystem } from '@varve/vfs';

export interface RemoveFilesJob {
  readonly kind: 'removeFiles';
  readonly paths: readonly string[];
}

export interface RemoveFilesResult {
  readonly kind: 'removeFiles';
  readonly failedPaths: readonly string[];
}

export function runRemoveFilesJob(fileSystem: FileSystem, job: RemoveFilesJob): RemoveFilesResult {
  const failedPaths: string[] = [];
  for (const path of job.paths) {
    try {
      if (fileSystem.existsSync(path)) fileSystem.removeSync(path);
    } catch {
      // Kept for a later try; the space is lost until then, nothing else.
      failedPaths.push(path);
    }
  }
  return { kind: 'removeFiles', failedPaths };
}
