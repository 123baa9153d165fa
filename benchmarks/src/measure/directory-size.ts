/** How much room a store takes. */
import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK_SIZE_BYTES = 512;

/** Bytes that the file system has allocated for all files below a directory. Files that vanish meanwhile do not count. */
export function directorySizeBytes(directory: string): number {
  return entriesOf(directory).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? directorySizeBytes(path) : allocatedBytes(path));
  }, 0);
}

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function allocatedBytes(path: string): number {
  return (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK_SIZE_BYTES;
}
