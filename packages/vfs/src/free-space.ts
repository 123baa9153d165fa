// How full a disk is, for those who can do without knowing.

import { quietly } from './closing.js';
import type { FileSystem } from './file-system.js';

/** Bytes that may still be written to the disk of `path`; infinite when nobody knows. */
export function freeBytesAt(fileSystem: Pick<FileSystem, 'freeSpaceSync'>, path: string): number {
  let freeBytes = Number.POSITIVE_INFINITY;
  quietly(() => {
    freeBytes = fileSystem.freeSpaceSync(path);
  });
  return freeBytes;
}
