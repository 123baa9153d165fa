import { checksum32, initializeChecksums, writeU32 } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { LOG_FILE_HEADER_SIZE_BYTES, logSeedOf } from './log-file-header.js';
import {
  headerCheckOf,
  headerHash,
  RECORD_HEADER_SIZE_BYTES,
  RecordType,
  recordSeed,
} from './record-format.js';
import { scanTail } from './tail-scan.js';
import { readLog, writeLog } from './testing/log-fixture.js';

beforeAll(initializeChecksums);

/** Fills a log with headers that are genuine, one behind the other, each of a record that reaches to the end. */
function forgedLog(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  bytes.set(writeLog(''));
  const logSeed = logSeedOf(bytes);
  const first = LOG_FILE_HEADER_SIZE_BYTES + 1;
  for (let offset = first; offset + 16 <= sizeBytes; offset += 16) {
    const payloadLength = sizeBytes - offset - RECORD_HEADER_SIZE_BYTES;
    const seed = recordSeed(logSeed, offset);
    const check = headerCheckOf(headerHash(seed, payloadLength, RecordType.batch, 0));
    writeU32(bytes, offset, checksum32(bytes, 0, 8, offset));
    writeU32(bytes, offset + 4, payloadLength);
    writeU32(bytes, offset + 8, (RecordType.batch | (check << 8)) >>> 0);
  }
  return bytes;
}

describe('scanTail', () => {
  test('finds records wherever they start, and what they attest', () => {
    const log = writeLog('bbsbsb');
    const end = log.length;
    const scan = scanTail(log, LOG_FILE_HEADER_SIZE_BYTES + 1, logSeedOf(log));
    expect(scan).toEqual({
      recordCount: 3,
      attestedOffset: end - 36,
      endOffset: end,
      hashedSizeBytes: 3 * 36,
      outcome: 'complete',
    });
  });

  test('finds nothing in zeros, nor where less than a header is left', () => {
    const log = new Uint8Array(10_000);
    const nothing = { recordCount: 0, attestedOffset: 0, endOffset: 0, hashedSizeBytes: 0 };
    expect(scanTail(log, 64, 1)).toEqual({ ...nothing, outcome: 'complete' });
    expect(scanTail(log, 9_990, 1)).toEqual({ ...nothing, outcome: 'complete' });
    expect(scanTail(log, 20_000, 1)).toEqual({ ...nothing, outcome: 'complete' });
  });

  test('finds nothing in records that hold the bytes of another log', () => {
    const other = writeLog('bsbsbsbs', { payloadSizeBytes: 300 });
    const scan = scanTail(other, LOG_FILE_HEADER_SIZE_BYTES, logSeedOf(other) + 1);
    expect(scan).toMatchObject({ recordCount: 0, hashedSizeBytes: 0 });
  });

  test('gives up on forged headers after hashing four times the size of the file', () => {
    const bytes = forgedLog(64 * 1024);
    const scan = scanTail(bytes, LOG_FILE_HEADER_SIZE_BYTES, logSeedOf(bytes));
    expect(scan.outcome).toBe('abandoned');
    expect(scan.hashedSizeBytes).toBeLessThanOrEqual(4 * bytes.length);
    expect(scan.hashedSizeBytes).toBeGreaterThan(2 * bytes.length);
  });

  test('makes the reader refuse a log where it gave up', () => {
    expect(() => readLog(forgedLog(64 * 1024))).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'wal', offset: 64 }),
    );
  });
});
