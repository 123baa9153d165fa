// A directory without CURRENT: is there no database yet, or did one lose its CURRENT?
//
// Creating a database may be cut short before CURRENT is written. What is left then is worth nothing: a
// manifest that nothing refers to, and a log without entries. Tables, and logs with entries, come later.
// So if there are any, there was a CURRENT, and to create a new database would destroy what it named.

import { StorageError } from '@varve/base';
import { usingFileSync } from '@varve/vfs';
import {
  CURRENT_FILE_NAME,
  type DatabaseDirectory,
  type NumberedFile,
  numberedFileName,
} from '../directory/index.js';
import { LogKind, LogReader, RecordType } from '../log/index.js';

/**
 * Throws if the directory holds a table, or a log with entries. Reads every log. Requires: there is no
 * CURRENT.
 *
 * @throws StorageError CORRUPTION `current`, or what the reading of a log throws.
 */
export function refuseLostCurrentSync(directory: DatabaseDirectory): void {
  const evidence = directory.listSync().find((file) => provesDatabase(directory, file));
  if (evidence === undefined) return;
  const path = directory.pathOf(CURRENT_FILE_NAME);
  const name = numberedFileName(evidence);
  throw new StorageError('CORRUPTION', `Cannot read ${path}: it is missing, but ${name} exists`, {
    file: path,
    where: 'current',
  });
}

function provesDatabase(directory: DatabaseDirectory, file: NumberedFile): boolean {
  return file.kind === 'table' || (file.kind === 'log' && hasEntries(directory, file.fileNumber));
}

function hasEntries(directory: DatabaseDirectory, fileNumber: number): boolean {
  const path = directory.pathOf(numberedFileName({ kind: 'log', fileNumber }));
  return usingFileSync(directory.fileSystem.openSync(path, 'read'), (file) => {
    const expected = { kind: LogKind.wal, logId: fileNumber, databaseId: null };
    const log = LogReader.readSync(file, expected);
    while (log.next()) {
      if (log.type === RecordType.batch) return true;
    }
    return false;
  });
}
