import { initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { LogKind, LogWriter, RECORD_HEADER_SIZE_BYTES, RecordType } from '../log/index.js';
import { type ScannedLog, scanLog } from './record-scan.js';

const PATH = '/000007.log';
const OUR_ID = new Uint8Array(16).fill(1);
const OTHER_ID = new Uint8Array(16).fill(2);

beforeAll(initializeChecksums);

/** Scans a log of one record of the database `OUR_ID`; `damagedOffset`: the byte that is wrong. */
function scan(databaseIds: readonly Uint8Array[], damagedOffset?: number): ScannedLog | null {
  const fileSystem = new MemoryFileSystem();
  const identity = { kind: LogKind.wal, logId: 7, databaseId: OUR_ID };
  const log = LogWriter.createSync(fileSystem, PATH, identity);
  log.appendSync(new Uint8Array(RECORD_HEADER_SIZE_BYTES + 8), 0, 8, RecordType.batch);
  log.closeSync();
  const file = fileSystem.openSync(PATH, 'write');
  if (damagedOffset !== undefined) file.writeSync(Uint8Array.of(0xee), 0, 1, damagedOffset);
  const scanned = scanLog(file, { kind: LogKind.wal, logId: 7, databaseIds });
  file.closeSync();
  return scanned;
}

describe('scanLog', () => {
  test('gives the records of a log of the database asked for, or of any when none is', () => {
    for (const databaseIds of [[OUR_ID], [OTHER_ID, OUR_ID], []]) {
      const log = scan(databaseIds);
      expect(log).toMatchObject({ header: 'whole', databaseId: OUR_ID });
      expect(log!.records.some(({ type }) => type === RecordType.batch)).toBe(true);
    }
  });

  test('remakes a damaged header with the database asked for, or the one it names', () => {
    for (const databaseIds of [[OTHER_ID, OUR_ID], []]) {
      expect(scan(databaseIds, 60)).toMatchObject({ header: 'remade', databaseId: OUR_ID });
    }
  });

  test('refuses a log of another database, whether its header is whole or damaged', () => {
    expect(scan([OTHER_ID])).toBeNull();
    expect(scan([OTHER_ID], 60)).toBeNull();
  });
});
