// A directory without CURRENT: is there no database yet, or did one lose its CURRENT?
//
// Creating a database may be cut short before CURRENT is written. What is left then is worth nothing: a
// manifest that nothing refers to, and a log without entries. Tables, and logs with entries, come later.
// So if there are any, there was a CURRENT, and to create a new database would destroy what it named.

import { assert, StorageError } from '@varve/base';
import { usingFileSync } from '@varve/vfs';
import {
  CURRENT_FILE_NAME,
  type DatabaseDirectory,
  isFileNumber,
  type NumberedFile,
  numberedFileName,
} from '../directory/index.js';
import { LOG_FILE_HEADER_SIZE_BYTES, LogKind, LogReader, RecordType } from '../log/index.js';

/**
 * Throws if the directory holds a table, or a log with entries. Reads every log. Requires: there is no
 * CURRENT.
 *
 * @throws StorageError CORRUPTION `current`, or what the reading of a log throws.
 */
export function refuseLostCurrentSync(directory: DatabaseDirectory): void {
  const evidence = directory.listSync().find((file) => provesDatabase(directory, file));
  if (evidence === undefined) return;
  assert(evidence.kind !== 'manifest', 'a manifest alone does not prove that there was a CURRENT');
  assert(evidence.kind !== 'temporary', 'a CURRENT that was never in force proves nothing');
  assert(evidence.kind !== 'spareLog', 'a spare log holds nothing that could be lost');
  const path = directory.pathOf(CURRENT_FILE_NAME);
  const name = numberedFileName(evidence);
  throw new StorageError('CORRUPTION', `Cannot read ${path}: it is missing, but ${name} exists`, {
    file: path,
    where: 'current',
  });
}

function provesDatabase(directory: DatabaseDirectory, file: NumberedFile): boolean {
  assert(isFileNumber(file.fileNumber), 'a file that is listed has a number from 1 on');
  return file.kind === 'table' || (file.kind === 'log' && hasEntries(directory, file.fileNumber));
}

function hasEntries(directory: DatabaseDirectory, fileNumber: number): boolean {
  const path = directory.pathOf(numberedFileName({ kind: 'log', fileNumber }));
  return usingFileSync(directory.fileSystem.openSync(path, 'read'), (file) => {
    const expected = { kind: LogKind.wal, logId: fileNumber, databaseId: null };
    const log = LogReader.readSync(file, expected);
    assert(log.header.identity.logId === fileNumber, 'the log that was asked for is read');
    while (log.next()) {
      assert(log.recordOffset >= LOG_FILE_HEADER_SIZE_BYTES, 'records stand behind the header');
      assert(log.payloadEnd > log.recordOffset, 'every record moves the reader on');
      if (log.type === RecordType.batch) return true;
    }
    return false;
  });
}
