// CURRENT names the manifest in force, in one line: `MANIFEST-000022\n`.
//
// It is replaced by a rename, so that after a crash it names the old or the new manifest and never
// neither. Its content is matched strictly and used as a number only: whatever the file says, no path
// outside the directory can be opened. The number is a multiple of 11, which makes its digits check each
// other: no single byte that is wrong leaves a valid CURRENT.

import { assert, isStorageError, StorageError } from '@varve/base';
import { type RandomAccessFile, usingFile, usingFileSync } from '@varve/vfs';
import type { DatabaseDirectory } from './database-directory.js';
import {
  CURRENT_FILE_NAME,
  MANIFEST_NUMBER_STEP,
  manifestFileName,
  parseFileName,
  temporaryFileName,
} from './file-names.js';
import { namesUnknown } from './sync-names.js';

/** One more than any valid content has, so that a longer file is seen to be too long. */
const READ_SIZE_BYTES = 'MANIFEST-'.length + 16 + '\n'.length + 1;

/**
 * Gives the number of the manifest in force, or `undefined` if there is no CURRENT.
 *
 * @throws StorageError CORRUPTION `current` when the file is not exactly what was written, or no regular
 * file.
 */
export function readCurrentSync(directory: DatabaseDirectory): number | undefined {
  const path = directory.pathOf(CURRENT_FILE_NAME);
  if (!directory.fileSystem.existsSync(path)) return undefined;
  if (directory.fileSystem.statSync(path).kind !== 'file') {
    throw damaged(path, 'it is not a regular file');
  }
  const name = readLine(directory.fileSystem.openSync(path, 'read'));
  const file = name === undefined ? undefined : parseFileName(name);
  if (file?.kind !== 'manifest' || !canBeCurrent(file.fileNumber)) {
    throw damaged(path, 'its content does not name a manifest');
  }
  return file.fileNumber;
}

/**
 * Writes what CURRENT will say to a temporary file and makes it durable. CURRENT is not touched. Requires:
 * content and name of the manifest `fileNumber` are durable, and the number is a multiple of
 * {@link MANIFEST_NUMBER_STEP}.
 */
export async function stageCurrent(
  directory: DatabaseDirectory,
  fileNumber: number,
): Promise<void> {
  assert(canBeCurrent(fileNumber), 'the number of a manifest in force is a multiple of 11');
  const content = asciiBytes(`${manifestFileName(fileNumber)}\n`);
  const path = directory.pathOf(temporaryFileName(fileNumber));
  await usingFile(directory.fileSystem.openSync(path, 'create'), async (file) => {
    file.writeSync(content, 0, content.length, 0);
    await file.syncData();
  });
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
  try {
    await directory.sync();
  } catch (cause) {
    const isUnbegun = isStorageError(cause) && cause.code === 'TOO_MANY_FILES';
    throw isUnbegun ? namesUnknown(directory.path, cause) : cause;
  }
}

function canBeCurrent(fileNumber: number): boolean {
  return fileNumber % MANIFEST_NUMBER_STEP === 0;
}

/** The line in the file without its newline, or `undefined` when it is not exactly one line. */
function readLine(file: RandomAccessFile): string | undefined {
  const bytes = new Uint8Array(READ_SIZE_BYTES);
  const length = usingFileSync(file, () => file.readSync(bytes, 0, bytes.length, 0));
  const text = String.fromCharCode(...bytes.subarray(0, length));
  return text.indexOf('\n') === length - 1 ? text.slice(0, -1) : undefined;
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
