import { initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type DatabaseDirectory, logFileName } from '../directory/index.js';
import { LogKind, LogWriter, RECORD_HEADER_SIZE_BYTES, RecordType } from '../log/index.js';
import { DATABASE_ID, openDirectory } from './testing/fixtures.js';
import { VersionSet } from './version-set.js';

beforeAll(initializeChecksums);

const LOST = expect.objectContaining({ code: 'CORRUPTION', where: 'current', file: '/db/CURRENT' });

let fileSystem: MemoryFileSystem;
let directory: DatabaseDirectory;

beforeEach(() => {
  fileSystem = new MemoryFileSystem();
  directory = openDirectory(fileSystem);
});

/** A log with a record of each of these types. */
function writeLog(fileNumber: number, types: readonly RecordType[]): void {
  const path = directory.pathOf(logFileName(fileNumber));
  const identity = { kind: LogKind.wal, logId: fileNumber, databaseId: DATABASE_ID };
  const log = LogWriter.createSync(fileSystem, path, identity);
  for (const type of types) {
    const record = new Uint8Array(RECORD_HEADER_SIZE_BYTES + 16);
    log.appendSync(record, 0, 16, type);
  }
  log.closeSync();
}

function createFile(name: string): void {
  fileSystem.openSync(directory.pathOf(name), 'create').closeSync();
}

describe('VersionSet.loadSync without CURRENT', () => {
  test('finds no database in what is left of one that was not finished being created', () => {
    writeLog(1, [RecordType.predecessor]);
    writeLog(2, []);
    for (const name of ['MANIFEST-000003', '000003.tmp', '000004.log.spare', 'notes.txt']) {
      createFile(name);
    }
    expect(VersionSet.loadSync(directory)).toBeUndefined();
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('M3: refuses a directory that has a table', () => {
    createFile('000007.sst');
    expect(() => VersionSet.loadSync(directory)).toThrow(LOST);
  });

  test('M3: refuses a directory that has a log with entries', () => {
    writeLog(1, [RecordType.predecessor]);
    writeLog(2, [RecordType.predecessor, RecordType.batch]);
    expect(() => VersionSet.loadSync(directory)).toThrow(LOST);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('M3: refuses a directory that has a log which cannot be read', () => {
    createFile('000007.log');
    expect(() => VersionSet.loadSync(directory)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'wal', file: '/db/000007.log' }),
    );
  });
});
