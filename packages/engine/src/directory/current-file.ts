// CURRENT names the manifest in force, in one line: `MANIFEST-000005\n`.
//
// It is replaced by a rename, so that after a crash it names the old or the new manifest and never
// neither. Its content is matched strictly and used as a number only: whatever the file says, no path
// outside the directory can be opened.

import { StorageError } from '@varve/base';
import type { RandomAccessFile } from '@varve/vfs';
import type { DatabaseDirectory } from './database-directory.js';
import {
  CURRENT_FILE_NAME,
  manifestFileName,
  parseFileName,
  temporaryFileName,
} from './file-names.js';

/** One more than any valid content has, so that a longer file is seen to be too long. */
const READ_SIZE_BYTES = 'MANIFEST-'.length + 16 + '\n'.length + 1;

/**
 * Gives the number of the manifest in force, or `undefined` for a directory in which no database was
 * ever finished being created.
 *
 * @throws StorageError CORRUPTION `current` when the file is not exactly what was written, is no
 * regular file, or is missing although the directory holds logs or tables.
 */
export function readCurrentSync(directory: DatabaseDirectory): number | undefined {
  const path = directory.pathOf(CURRENT_FILE_NAME);
  if (!directory.fileSystem.existsSync(path)) {
    refuseLostCurrent(directory, path);
    return undefined;
  }
  if (directory.fileSystem.statSync(path).kind !== 'file') {
    throw damaged(path, 'it is not a regular file');
  }
  const name = readLine(directory.fileSystem.openSync(path, 'read'));
  const file = name === undefined ? undefined : parseFileName(name);
  if (file?.kind !== 'manifest') throw damaged(path, 'its content does not name a manifest');
  return file.fileNumber;
}

/**
 * Writes what CURRENT will say to a temporary file and makes it durable. Requires: content and name of
 * the manifest `fileNumber` are durable. CURRENT is not touched.
 */
export async function stageCurrent(
  directory: DatabaseDirectory,
  fileNumber: number,
): Promise<void> {
  const content = asciiBytes(`${manifestFileName(fileNumber)}\n`);
  const path = directory.pathOf(temporaryFileName(fileNumber));
  const file = directory.fileSystem.openSync(path, 'create');
  try {
    file.writeSync(content, 0, content.length, 0);
    await file.syncData();
  } finally {
    file.closeSync();
  }
}

/**
 * Puts the manifest `fileNumber` in force, for good once it resolves. Requires: `stageCurrent` has
 * resolved.
 *
 * @throws StorageError DURABILITY_UNKNOWN: the old or the new manifest is in force.
 */
export async function publishCurrent(
  directory: DatabaseDirectory,
  fileNumber: number,
): Promise<void> {
  const path = directory.pathOf(CURRENT_FILE_NAME);
  try {
    directory.fileSystem.renameSync(directory.pathOf(temporaryFileName(fileNumber)), path);
  } catch (cause) {
    const message = `Cannot replace ${path}: which manifest is in force is unknown`;
    throw new StorageError('DURABILITY_UNKNOWN', message, { cause, file: path });
  }
  await directory.sync();
}

/** The line in the file without its newline, or `undefined` when it is not exactly one line. */
function readLine(file: RandomAccessFile): string | undefined {
  const bytes = new Uint8Array(READ_SIZE_BYTES);
  let length: number;
  try {
    length = file.readSync(bytes, 0, bytes.length, 0);
  } finally {
    file.closeSync();
  }
  const text = String.fromCharCode(...bytes.subarray(0, length));
  return text.indexOf('\n') === length - 1 ? text.slice(0, -1) : undefined;
}

/** CURRENT is written before the first log and the first table, so those are never without it. */
function refuseLostCurrent(directory: DatabaseDirectory, path: string): void {
  const orphan = directory.listSync().find(({ kind }) => kind === 'log' || kind === 'table');
  if (orphan !== undefined) {
    throw damaged(path, `it is missing, but ${orphan.kind} ${orphan.fileNumber} exists`);
  }
}

function damaged(path: string, reason: string): StorageError {
  return new StorageError('CORRUPTION', `Cannot read ${path}: ${reason}`, {
    file: path,
    where: 'current',
  });
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
