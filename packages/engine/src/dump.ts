/** Annotated dumps of the files of a database, for people who debug one. */
import { initializeChecksums, StorageError } from '@varve/base';
import { describeTable } from '@varve/sstable';
import { type FileSystem, NodeFileSystem, type RandomAccessFile } from '@varve/vfs';
import { type NumberedFile, parseFileName } from './directory/index.js';
import { describeLog } from './inspect/index.js';
import { describeManifest } from './manifest/index.js';

/** A table is read whole; a larger one is a job for `verify`, which reads block by block. */
const TABLE_SIZE_BYTES_MAX = 2 * 1024 ** 3;

/** Options of `dump`. */
export interface DumpOptions {
  /** @defaultValue the file system of Node.js */
  readonly fileSystem?: FileSystem;
}

/**
 * Describes one file of a database in lines of text, without line ends; its name says what it is (`000013.sst`,
 * `000012.log`, `MANIFEST-000022`). Shows keys and values. Damage in a table is part of its dump; a damaged log or
 * manifest throws, before the first line.
 *
 * The lines can be walked once. Cost: the file is in memory until then; the lines of a table, which come to many times
 * its size, are made as they are walked, those of a log or manifest at once.
 *
 * @throws StorageError INVALID_ARGUMENT for any other name and for a table above 2 GiB, NOT_FOUND, CORRUPTION, IO
 */
export async function dump(path: string, options: DumpOptions = {}): Promise<Iterable<string>> {
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

function describe(
  file: RandomAccessFile,
  { kind, fileNumber }: NumberedFile,
): IterableIterator<string> {
  switch (kind) {
    case 'table':
      return describeTable(readTable(file));
    case 'log':
      return linesOf(describeLog(file, fileNumber));
    case 'manifest':
      return linesOf(describeManifest(file, fileNumber));
    default:
      throw notOurs(file.path);
  }
}

function readTable(file: RandomAccessFile): Uint8Array {
  const sizeBytes = file.sizeSync();
  if (sizeBytes > TABLE_SIZE_BYTES_MAX) {
    throw new StorageError(
      'INVALID_ARGUMENT',
      `Cannot dump ${file.path}: its ${sizeBytes} bytes are more than the ${TABLE_SIZE_BYTES_MAX} that a dump can hold`,
      { file: file.path },
    );
  }
  const bytes = new Uint8Array(sizeBytes);
  return bytes.subarray(0, file.readSync(bytes, 0, sizeBytes, 0));
}

function linesOf(text: string): IterableIterator<string> {
  return text.trimEnd().split('\n').values();
}

function notOurs(path: string): StorageError {
  return new StorageError(
    'INVALID_ARGUMENT',
    `Cannot dump ${path}: its name is not that of a table (000013.sst), a log (000012.log) or a manifest (MANIFEST-000022)`,
    { file: path },
  );
}
