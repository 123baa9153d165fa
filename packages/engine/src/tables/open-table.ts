/** Opens the file of a table and checks that it is the table that was written. */
import { StorageError } from '@varve/base';
import { TableReader } from '@varve/sstable';
import type { FileSystem } from '@varve/vfs';
import { tableFileName } from '../directory/index.js';
import type { TableFile } from './table-handle.js';

/** Where tables lie, and whose they are. */
export interface TablePlace {
  readonly directory: string;
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
}

/**
 * Opens a table; the reader closes the file. No file is left open when this throws.
 * @throws StorageError CORRUPTION `sst.missing` when the file is not there, other places when it is damaged; those of the
 * file system
 */
export function openTableSync(
  fileSystem: FileSystem,
  { directory, databaseId }: TablePlace,
  { fileNumber, tableId, sizeBytes }: TableFile,
): TableReader {
  const path = `${directory}/${tableFileName(fileNumber)}`;
  if (!fileSystem.existsSync(path)) {
    throw new StorageError('CORRUPTION', `Cannot open table ${path}: the file is missing`, {
      file: path,
      where: 'sst.missing',
    });
  }
  const file = fileSystem.openSync(path, 'read');
  try {
    return TableReader.openSync(file, { fileNumber, tableId, databaseId, sizeBytes });
  } catch (error) {
    file.closeSync();
    throw error;
  }
}
