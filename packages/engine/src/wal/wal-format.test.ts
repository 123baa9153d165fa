// The worked example of docs/format/wal.md, checked byte for byte against what the writer writes.

import { readFileSync } from 'node:fs';
import { encodeText, initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { LogKind, RECORD_HEADER_SIZE_BYTES, RecordType } from '../log/index.js';
import { DATABASE_ID, fileBytes, readLog } from '../log/testing/log-fixture.js';
import { decodePredecessor } from './predecessor-record.js';
import { DIRECTORY, logPath, startLog } from './testing/wal-fixture.js';

const PAGE = new URL('../../../../docs/format/wal.md', import.meta.url);
const LOG_ID = 7;
const PREDECESSOR = { logId: 6, endOffset: 131, checksum: 0xcafe_f00d };

beforeAll(initializeChecksums);

/** The bytes of the page's block marked `hex`: lines of an offset, a colon, bytes, and a comment after `#`. */
function exampleBytes(): Uint8Array {
  const block = /```hex\n(?<lines>[^`]*)```/.exec(readFileSync(PAGE, 'utf8'))?.groups?.['lines'];
  const bytes: number[] = [];
  for (const line of (block ?? '').trim().split('\n')) {
    const [offset, rest] = line.split(':');
    expect(Number.parseInt(offset, 10), line).toBe(bytes.length);
    const hex = rest.split('#')[0].trim().split(/\s+/);
    bytes.push(...hex.map((digits) => Number.parseInt(digits, 16)));
  }
  return Uint8Array.from(bytes);
}

/** The payload of the page: one batch with one put of `k` = `v`, sequence number 1. */
function examplePayload(): Uint8Array {
  return Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 1, ...encodeText('kv'));
}

describe('docs/format/wal.md', () => {
  test('shows the bytes that the writer writes', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync(DIRECTORY);
    const log = startLog(fileSystem, LOG_ID, { predecessor: { ...PREDECESSOR, durable: true } });
    const payload = examplePayload();
    const record = Uint8Array.of(...new Uint8Array(RECORD_HEADER_SIZE_BYTES), ...payload);
    log.appendBatchSync(record, 0, payload.length);
    log.syncSync();
    log.appendMarkerSync();
    log.finishSync();
    expect(exampleBytes()).toEqual(fileBytes(fileSystem, logPath(LOG_ID)));
  });

  test('shows bytes that read as the page says', () => {
    const expected = { kind: LogKind.wal, logId: LOG_ID, databaseId: DATABASE_ID };
    const reader = readLog(exampleBytes(), expected);
    const records: [number, number][] = [];
    while (reader.next()) {
      records.push([reader.recordOffset, reader.type]);
      if (reader.type === RecordType.predecessor) {
        expect(decodePredecessor(reader.bytes, reader.payloadStart)).toEqual(PREDECESSOR);
      }
    }
    const { predecessor, batch, marker, end } = RecordType;
    expect(records).toEqual([
      [64, predecessor],
      [96, batch],
      [131, marker],
      [147, end],
    ]);
    expect(reader).toMatchObject({ ending: 'closed', attestedOffset: 131 });
  });
});
