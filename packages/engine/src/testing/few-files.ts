// A file system that opens no file beyond so many, as that of a process with a low limit.

import { StorageError } from '@varve/base';
import type { FileOperation, MemoryFileSystem } from '@varve/vfs';
import { HookedFileSystem } from './hooked-file-system.js';

/** What takes a file, if only for the time of the call. */
const TAKES_FILE: ReadonlySet<FileOperation> = new Set([
  'open',
  'create',
  'list',
  'syncDirectory',
] as const);

/** Passes everything on to `memory`, but fails with TOO_MANY_FILES what takes a file while `openCountMax` are open. */
export function withFewFiles(memory: MemoryFileSystem, openCountMax: number): HookedFileSystem {
  const hooked = new HookedFileSystem(memory);
  hooked.beforeCall = ({ operation, path }) => {
    if (!TAKES_FILE.has(operation) || memory.openPaths().length < openCountMax) return;
    const message = `Cannot ${operation} ${path}: ${openCountMax} files are open: ${memory.openPaths().join()}`;
    throw new StorageError('TOO_MANY_FILES', message, { file: path });
  };
  return hooked;
}
