/**
 * Removes a database from disk: its own files by their names, nothing else.
 */
import { StorageError } from '@varve/base';
import { type FileSystem, NodeFileSystem } from '@varve/vfs';
import {
  CURRENT_FILE_NAME,
  DatabaseDirectory,
  LOCK_FILE_NAME,
  numberedFileName,
  RESERVE_FILE_NAME,
} from './directory/index.js';

/** Options of `destroy`. */
export interface DestroyOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
}

/**
 * Deletes the database in a directory; the directory too, if nothing else is in it. Files that are not the database's own
 * are left. Does nothing when the directory does not exist.
 *
 * @throws StorageError LOCKED while the database is open; INVALID_ARGUMENT when the directory holds no database; IO
 */
export async function destroy(path: string, options: DestroyOptions = {}): Promise<void> {
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  if (!fileSystem.existsSync(path)) return;
  if (!fileSystem.existsSync(`${path}/${CURRENT_FILE_NAME}`)) {
    throw new StorageError('INVALID_ARGUMENT', `Cannot destroy ${path}: it holds no database`, {
      file: path,
    });
  }
  const directory = DatabaseDirectory.openSync(fileSystem, path, {
    access: 'readWrite',
    createIfMissing: false,
    owner: 'varve destroy',
  });
  try {
    removeFiles(fileSystem, directory);
  } finally {
    directory.close();
  }
  fileSystem.removeSync(directory.pathOf(LOCK_FILE_NAME));
  if (fileSystem.listSync(directory.path).length === 0) {
    fileSystem.removeDirectorySync(directory.path);
  }
}

/** CURRENT goes last: as long as it is there, a destruction that was cut short can be started again. */
function removeFiles(fileSystem: FileSystem, directory: DatabaseDirectory): void {
  for (const file of directory.listSync()) {
    fileSystem.removeSync(directory.pathOf(numberedFileName(file)));
  }
  const reserve = directory.pathOf(RESERVE_FILE_NAME);
  if (fileSystem.existsSync(reserve)) fileSystem.removeSync(reserve);
  directory.syncSync();
  fileSystem.removeSync(directory.pathOf(CURRENT_FILE_NAME));
}
