/** Opens the file of a table and checks that it is the table that was written. */
import { StorageError } from '@varve/base';
import { type ExpectedTable, type TableImage, TableReader } from '@varve/sstable';
import { type FileSystem, quietly, type ReadableFile } from '@varve/vfs';
import { tableFileName } from '../directory/index.js';
import type { TableFile } from './table-handle.js';

/** A table that a job wrote and read back, with what it then held in memory. */
export interface WrittenTable extends TableFile {
  readonly image: TableImage;
}

/** Where tables lie, and whose they are. */
export interface TablePlace {
  readonly directory: string;
  /** 16 bytes. */
  readonly databaseId: Uint8Array;
}

/** Opens files for reading. */
export interface TableFileOpener extends Pick<FileSystem, 'existsSync'> {
  openSync(path: string, mode: 'read'): ReadableFile;
}

/**
 * Opens a table; the reader closes the file. No file is left open when this throws.
 * @throws StorageError CORRUPTION `sst.missing` when the file is not there, other places when it is damaged; those of the
 * file system
 */
export function openTableSync(
  fileSystem: TableFileOpener,
  place: TablePlace,
  table: TableFile,
): TableReader {
  return openWith(fileSystem, place, table, (file, expected) =>
    TableReader.openSync(file, expected),
  );
}

/** As `openTableSync`, with what the thread that wrote the table has read and checked: in O(1). Same errors. */
export function adoptTableSync(
  fileSystem: TableFileOpener,
  place: TablePlace,
  table: WrittenTable,
): TableReader {
  return openWith(fileSystem, place, table, (file, expected) =>
    TableReader.adoptSync(file, expected, table.image),
  );
}

/** As `openTableSync`, reading on another thread. Rejects with the same errors. */
export async function openTable(
  fileSystem: TableFileOpener,
  place: TablePlace,
  table: TableFile,
): Promise<TableReader> {
  const file = openFile(fileSystem, place, table);
  try {
    return await TableReader.open(file, expectedOf(place, table));
  } catch (error) {
    quietly(() => file.closeSync());
    throw error;
  }
}

function openWith(
  fileSystem: TableFileOpener,
  place: TablePlace,
  table: TableFile,
  openReader: (file: ReadableFile, expected: ExpectedTable) => TableReader,
): TableReader {
  const file = openFile(fileSystem, place, table);
  try {
    return openReader(file, expectedOf(place, table));
  } catch (error) {
    quietly(() => file.closeSync());
    throw error;
  }
}

function openFile(
  fileSystem: TableFileOpener,
  { directory }: TablePlace,
  { fileNumber }: TableFile,
): ReadableFile {
  const path = `${directory}/${tableFileName(fileNumber)}`;
  if (fileSystem.existsSync(path)) return fileSystem.openSync(path, 'read');
  throw new StorageError('CORRUPTION', `Cannot open table ${path}: the file is missing`, {
    file: path,
    where: 'sst.missing',
  });
}

function expectedOf(
  { databaseId }: TablePlace,
  { fileNumber, tableId, sizeBytes }: TableFile,
): ExpectedTable {
  return { fileNumber, tableId, databaseId, sizeBytes };
}
