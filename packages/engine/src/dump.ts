/** Annotated dumps of the files of a database, for people who debug one. */
import { initializeChecksums, StorageError } from '@varve/base';
import { describeTable } from '@varve/sstable';
import { type FileSystem, NodeFileSystem, type RandomAccessFile } from '@varve/vfs';
import { type NumberedFile, parseFileName } from './directory/index.js';
import { describeLog } from './inspect/index.js';
import { describeManifest } from './manifest/index.js';

/** Options of `dump`. */
export interface DumpOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
}

/**
 * Describes one file of a database as text; its name says what it is (`000013.sst`, `000012.log`, `MANIFEST-000005`).
 * Shows keys and values. Damage in a table is part of its dump; a damaged log or manifest throws.
 *
 * @throws StorageError INVALID_ARGUMENT for any other name, NOT_FOUND, CORRUPTION, IO
 */
export async function dump(path: string, options: DumpOptions = {}): Promise<string> {
  await initializeChecksums();
  const named = parseFileName(path.slice(path.lastIndexOf('/') + 1));
  const fileSystem = options.fileSystem ?? new NodeFileSystem();
  if (named === undefined) throw notOurs(path);
  const file = fileSystem.openSync(path, 'read');
  try {
    return describe(file, named);
  } finally {
    file.closeSync();
  }
}

function describe(file: RandomAccessFile, { kind, fileNumber }: NumberedFile): string {
  switch (kind) {
    case 'table':
      return describeTable(readAll(file));
    case 'log':
      return describeLog(file, fileNumber);
    case 'manifest':
      return describeManifest(file, fileNumber);
    default:
      throw notOurs(file.path);
  }
}

function readAll(file: RandomAccessFile): Uint8Array {
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  return bytes;
}

function notOurs(path: string): StorageError {
  return new StorageError(
    'INVALID_ARGUMENT',
    `Cannot dump ${path}: its name is not that of a table (000013.sst), a log (000012.log) or a manifest (MANIFEST-000005)`,
    { file: path },
  );
}
