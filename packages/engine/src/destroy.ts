/**
 * Removes a database from disk: its own files by their names, nothing else.
 */
import { StorageError } from '@varve/base';
import { type FileSystem, NodeFileSystem, usingFileSync } from '@varve/vfs';
import {
  CURRENT_FILE_NAME,
  DatabaseDirectory,
  LOCK_FILE_NAME,
  numberedFileName,
  RESERVE_FILE_NAME,
} from './directory/index.js';
import { hasLogMagic, LOG_FILE_HEADER_SIZE_BYTES } from './log/index.js';

/** Options of `destroy`. */
export interface DestroyOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
}

/**
 * Deletes the database in a directory; the directory too, if nothing else is in it. Files that are not the database's own
 * are left. Does nothing when the directory does not exist. The names of the files are no proof, other engines use the same:
 * one log or manifest at least must begin as ours do.
 *
 * @throws StorageError LOCKED while the database is open; INVALID_ARGUMENT when the directory holds no database; IO
 */
export async function destroy(path: string, options: DestroyOptions = {}): Promise<void> {
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  if (!fileSystem.existsSync(path)) return;
  if (!holdsDatabase(fileSystem, path)) {
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
    // While it is held: once given back it may be somebody else's, who makes a new database here.
    fileSystem.removeSync(directory.pathOf(LOCK_FILE_NAME));
  } finally {
    directory.close();
  }
  if (fileSystem.listSync(directory.path).length === 0) {
    fileSystem.removeDirectorySync(directory.path);
  }
}

/** Whether a file of content is ours, or there is nothing but CURRENT, as in what is left of a database half destroyed. */
function holdsDatabase(fileSystem: FileSystem, path: string): boolean {
  if (!fileSystem.existsSync(`${path}/${CURRENT_FILE_NAME}`)) return false;
  const access = { access: 'readOnly', createIfMissing: false, owner: 'varve destroy' } as const;
  const directory = DatabaseDirectory.openSync(fileSystem, path, access);
  const heads = directory
    .listSync()
    .filter(({ kind }) => kind !== 'temporary')
    .map((file) => directory.pathOf(numberedFileName(file)))
    .filter((file) => fileSystem.statSync(file).kind === 'file')
    .map((file) => headOf(fileSystem, file))
    .filter(({ length }) => length > 0);
  return heads.length === 0 || heads.some(hasLogMagic);
}

function headOf(fileSystem: FileSystem, path: string): Uint8Array {
  return usingFileSync(fileSystem.openSync(path, 'read'), (file) => {
    const head = new Uint8Array(LOG_FILE_HEADER_SIZE_BYTES);
    return head.subarray(0, file.readSync(head, 0, head.length, 0));
  });
}

/**
 * Manifests go after everything that they name, and CURRENT goes last: as long as it is there, and a manifest if anything else
 * is, a destruction that was cut short can be started again.
 */
function removeFiles(fileSystem: FileSystem, directory: DatabaseDirectory): void {
  const names = directory.listSync().map((file) => ({ ...file, name: numberedFileName(file) }));
  const others = names.filter(({ kind }) => kind !== 'manifest').map(({ name }) => name);
  const manifests = names.filter(({ kind }) => kind === 'manifest').map(({ name }) => name);
  if (fileSystem.existsSync(directory.pathOf(RESERVE_FILE_NAME))) others.push(RESERVE_FILE_NAME);
  for (const group of [others, manifests]) {
    for (const name of group) fileSystem.removeSync(directory.pathOf(name));
    directory.syncSync();
  }
  fileSystem.removeSync(directory.pathOf(CURRENT_FILE_NAME));
}
