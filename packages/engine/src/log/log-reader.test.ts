import { initializeChecksums, StorageError, writeU32 } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  encodeLogFileHeader,
  LOG_FILE_HEADER_SIZE_BYTES,
  LogKind,
  logSeedOf,
} from './log-file-header.js';
import { LogReader } from './log-reader.js';
import { LogWriter } from './log-writer.js';
import { RECORD_HEADER_SIZE_BYTES, RecordType, recordSeed } from './record-format.js';
import { sealRecord } from './record-writer.js';
import {
  appendBatch,
  batchNumbers,
  fileBytes,
  IDENTITY,
  PATH,
  putFile,
  readLog,
  recordOffsets,
  writeLog,
} from './testing/log-fixture.js';

const RECORD_SIZE_BYTES = RECORD_HEADER_SIZE_BYTES + 20;

beforeAll(initializeChecksums);

function failure(bytes: Uint8Array): StorageError {
  try {
    readLog(bytes);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('the log was accepted');
}

function flipped(bytes: Uint8Array, offset: number, mask = 0xff): Uint8Array {
  const damaged = bytes.slice();
  damaged[offset] ^= mask;
  return damaged;
}

/** The batches of a log whose end is given up, after checking what is said of that end. */
function tornBatches(bytes: Uint8Array): number[] {
  const reader = readLog(bytes);
  expect(reader.ending === 'torn').toBe(reader.discardedBytes > 0);
  expect(reader.endOffset + reader.discardedBytes).toBeLessThanOrEqual(bytes.length);
  return batchNumbers(reader);
}

/** A recycled file: `bytes` under a new header, for a log that has not been written to. */
function recycle(bytes: Uint8Array): MemoryFileSystem {
  const fileSystem = new MemoryFileSystem();
  const recycled = bytes.slice();
  recycled.set(encodeLogFileHeader(IDENTITY, 'recycled'), 0);
  putFile(fileSystem, PATH, recycled);
  return fileSystem;
}

describe('LogReader', () => {
  test('gives records in order, as positions in the buffer that holds the file', () => {
    const bytes = writeLog('bbsmbe');
    const reader = readLog(bytes);
    const types: number[] = [];
    while (reader.next()) {
      types.push(reader.type);
      expect(reader.payloadStart).toBe(reader.recordOffset + RECORD_HEADER_SIZE_BYTES);
    }
    const { batch, marker, end } = RecordType;
    expect(types).toEqual([batch, batch, marker, batch, end]);
    expect(reader.next()).toBe(false);
    expect(reader.bytes).toEqual(bytes);
    expect(reader.header.identity).toEqual(IDENTITY);
    expect(batchNumbers(reader)).toEqual([0, 1, 2]);
  });

  test('tells a log that was closed from one that was left open', () => {
    expect(readLog(writeLog('bbse')).ending).toBe('closed');
    expect(readLog(writeLog('bbs')).ending).toBe('open');
    expect(readLog(writeLog('')).ending).toBe('open');
    expect(readLog(writeLog('')).next()).toBe(false);
  });

  test('knows its last record with content and its highest attestation', () => {
    const reader = readLog(writeLog('bbsme'));
    const contentEnd = LOG_FILE_HEADER_SIZE_BYTES + 2 * RECORD_SIZE_BYTES;
    expect(reader.contentEnd).toMatchObject({ logId: 7, endOffset: contentEnd });
    expect(reader.attestedOffset).toBe(contentEnd);
    expect(reader.hasContentEnd(reader.contentEnd)).toBe(true);
    expect(reader.hasContentEnd({ ...reader.contentEnd, checksum: 1 })).toBe(false);
    expect(reader.hasContentEnd({ ...reader.contentEnd, logId: 8 })).toBe(false);
    expect(reader.hasContentEnd({ ...reader.contentEnd, endOffset: contentEnd - 1 })).toBe(false);
    expect(reader.hasContentEnd({ ...reader.contentEnd, endOffset: contentEnd + 16 })).toBe(false);
  });

  test('ignores what follows an end record', () => {
    const closed = writeLog('bbse');
    const reader = readLog(Uint8Array.of(...closed, 1, 2, 3));
    expect(reader.ending).toBe('closed');
    expect(reader.discardedBytes).toBe(0);
  });

  test('calls damage by the kind of log', () => {
    const identity = { ...IDENTITY, kind: LogKind.manifest };
    const bytes = flipped(writeLog('bsbs', { identity }), LOG_FILE_HEADER_SIZE_BYTES);
    expect(() => readLog(bytes, identity)).toThrow(
      expect.objectContaining({ code: 'CORRUPTION', where: 'manifest' }),
    );
  });

  test('refuses a file larger than any log before allocating for it', () => {
    const fileSystem = recycle(writeLog('b'));
    const file = fileSystem.openSync(PATH, 'read');
    Object.defineProperty(file, 'sizeSync', { value: () => 2 ** 63 });
    expect(() => LogReader.readSync(file, IDENTITY)).toThrow('more than a log can have');
  });

  test('takes a file that ends earlier than its size for cut short', () => {
    const bytes = writeLog('bb');
    const fileSystem = new MemoryFileSystem();
    putFile(fileSystem, PATH, bytes);
    const file = fileSystem.openSync(PATH, 'read');
    Object.defineProperty(file, 'sizeSync', { value: () => bytes.length + 1000 });
    expect(batchNumbers(LogReader.readSync(file, IDENTITY))).toEqual([0, 1]);
  });
});

describe('W1: a torn tail', () => {
  test('cut at every length above the last sync: every batch that is whole, at least the synced', () => {
    const bytes = writeLog('bbsbbb');
    const syncedEnd = LOG_FILE_HEADER_SIZE_BYTES + 2 * RECORD_SIZE_BYTES;
    for (let length = syncedEnd; length <= bytes.length; length++) {
      const batchCount = Math.floor((length - LOG_FILE_HEADER_SIZE_BYTES) / RECORD_SIZE_BYTES);
      const reader = readLog(bytes.subarray(0, length));
      expect(batchNumbers(reader)).toEqual([0, 1, 2, 3, 4].slice(0, batchCount));
      // A header that is cut short may end in zeros, which are not told from space that was never used.
      const discardedBytes = length - reader.endOffset;
      if (discardedBytes >= RECORD_HEADER_SIZE_BYTES) {
        expect(reader.discardedBytes).toBe(discardedBytes);
      }
    }
  });

  test('every byte above the last sync damaged: the batches before it, and no error', () => {
    const bytes = writeLog('bbsbbb');
    const syncedEnd = LOG_FILE_HEADER_SIZE_BYTES + 2 * RECORD_SIZE_BYTES;
    for (let offset = syncedEnd; offset < bytes.length; offset++) {
      const batchCount = Math.floor((offset - LOG_FILE_HEADER_SIZE_BYTES) / RECORD_SIZE_BYTES);
      const numbers = tornBatches(flipped(bytes, offset));
      expect(numbers, `offset ${offset}`).toEqual([0, 1, 2, 3, 4].slice(0, batchCount));
    }
  });

  test.each(['new', 'recycled'] as const)(
    'sectors of the unsynced run old, new, zero or garbage in every combination: %s',
    (origin) => {
      const { before, after, syncedEnd } = unsyncedRun(origin);
      for (let choices = 0; choices < 4 ** SECTOR_COUNT; choices++) {
        const image = sectorImage(before, after, syncedEnd, choices);
        const numbers = tornBatches(image);
        expect(numbers.length, `choices ${choices}`).toBeGreaterThanOrEqual(2);
        expect(numbers).toEqual([0, 1, 2, 3, 4, 5].slice(0, numbers.length));
      }
    },
  );

  test('tells how much is given up in a new file and, where it can, in a recycled one', () => {
    for (const origin of ['new', 'recycled'] as const) {
      const { after, syncedEnd } = unsyncedRun(origin);
      const reader = readLog(flipped(after, syncedEnd + RECORD_HEADER_SIZE_BYTES));
      expect(reader).toMatchObject({ ending: 'torn', endOffset: syncedEnd });
      expect(reader.discardedBytes).toBe(4 * (RECORD_HEADER_SIZE_BYTES + PAYLOAD_SIZE_BYTES));
    }
  });

  test('gives up nothing when a recycled file goes on with records of its older log', () => {
    const { before } = unsyncedRun('recycled');
    expect(readLog(before)).toMatchObject({ ending: 'open', discardedBytes: 0 });
  });
});

const SECTOR_SIZE_BYTES = 512;
const SECTOR_COUNT = 4;
const PAYLOAD_SIZE_BYTES = 400;

/** A log with 2 synced batches and 4 that are not, before and after those were written. */
function unsyncedRun(origin: 'new' | 'recycled') {
  const older = { ...IDENTITY, logId: 3 };
  const stale = writeLog('bbsbsbsbsbsbs', {
    identity: older,
    payloadSizeBytes: PAYLOAD_SIZE_BYTES,
  });
  const fileSystem = recycle(origin === 'recycled' ? stale : new Uint8Array(stale.length));
  const header = encodeLogFileHeader(IDENTITY, origin);
  fileSystem.openSync(PATH, 'write').writeSync(header, 0, header.length, 0);
  const log = LogWriter.openPreparedSync(fileSystem, PATH, IDENTITY);
  log.attest();
  for (let number = 0; number < 2; number++) appendBatch(log, number, PAYLOAD_SIZE_BYTES);
  log.syncSync();
  const before = fileBytes(fileSystem, PATH);
  const syncedEnd = log.positionBytes;
  for (let number = 2; number < 6; number++) appendBatch(log, number, PAYLOAD_SIZE_BYTES);
  return { before, after: fileBytes(fileSystem, PATH), syncedEnd };
}

/** The unsynced run with each of its sectors in the state that two bits of `choices` say. */
function sectorImage(
  before: Uint8Array,
  after: Uint8Array,
  syncedEnd: number,
  choices: number,
): Uint8Array {
  const image = before.slice();
  const firstSector = Math.floor(syncedEnd / SECTOR_SIZE_BYTES);
  for (let index = 0; index < SECTOR_COUNT; index++) {
    const start = Math.max(syncedEnd, (firstSector + index) * SECTOR_SIZE_BYTES);
    const end = Math.min(after.length, (firstSector + index + 1) * SECTOR_SIZE_BYTES);
    const choice = (choices >> (2 * index)) & 3;
    if (choice === 1) image.set(after.subarray(start, end), start);
    else if (choice === 2) image.fill(0, start, end);
    else if (choice === 3) for (let at = start; at < end; at++) image[at] = (at * 167) ^ (at >> 3);
  }
  return image;
}

describe('W3: the last log cut below the attested point', () => {
  test('cannot be told from a shorter log when no attestation is left', () => {
    const bytes = writeLog('bbbsm');
    const cut = bytes.subarray(0, LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES);
    expect(readLog(cut)).toMatchObject({ ending: 'open', discardedBytes: 0 });
  });
});

describe('W4: damage below an attestation', () => {
  test.each([
    ['a later record', 'bbbsb'],
    ['a marker', 'bbbsm'],
    ['the end record', 'bbbse'],
  ])(
    'every byte below %s: refused with file, offset and the count of valid records',
    (_, script) => {
      const bytes = writeLog(script);
      for (let index = 0; index < 3; index++) {
        const recordOffset = LOG_FILE_HEADER_SIZE_BYTES + index * RECORD_SIZE_BYTES;
        for (let offset = recordOffset; offset < recordOffset + RECORD_SIZE_BYTES; offset++) {
          for (const mask of [0x01, 0x80, 0xff]) {
            const error = failure(flipped(bytes, offset, mask));
            expect(error).toMatchObject({ code: 'CORRUPTION', where: 'wal', file: PATH });
            expect(error.offset).toBe(recordOffset);
            expect(error.message).toContain(`${3 - index} valid records after it`);
          }
        }
      }
    },
  );

  test('zeros or garbage over whole sectors of it: refused', () => {
    const bytes = writeLog('bbbbbbbbsb', { payloadSizeBytes: 400 });
    for (let start = SECTOR_SIZE_BYTES; start + SECTOR_SIZE_BYTES < 7 * 416; start += 512) {
      for (const fill of [0, 0x5a]) {
        const damaged = bytes.slice().fill(fill, start, start + SECTOR_SIZE_BYTES);
        expect(failure(damaged)).toMatchObject({ code: 'CORRUPTION', where: 'wal' });
      }
    }
  });

  test('the message says what is known', () => {
    expect(failure(flipped(writeLog('bbsb'), 70)).message).toBe(
      'Cannot read record at offset 64 of /000007.log: no valid record, but 2 valid records after it attest that the log was on disk up to offset 136',
    );
  });
});

describe('W5: damage above every attestation', () => {
  test('is a torn tail, also when whole records follow', () => {
    const bytes = writeLog('bbbb');
    expect(tornBatches(flipped(bytes, LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES))).toEqual([
      0,
    ]);
  });
});

describe('W6: a record in a place that is not its own', () => {
  const recordAt = (bytes: Uint8Array, index: number): Uint8Array => {
    const start = LOG_FILE_HEADER_SIZE_BYTES + index * RECORD_SIZE_BYTES;
    return bytes.slice(start, start + RECORD_SIZE_BYTES);
  };
  const withRecordAt = (bytes: Uint8Array, index: number, record: Uint8Array): Uint8Array => {
    const changed = bytes.slice();
    changed.set(record, LOG_FILE_HEADER_SIZE_BYTES + index * RECORD_SIZE_BYTES);
    return changed;
  };

  test('repeated behind the last one: not a record', () => {
    const bytes = writeLog('bbs');
    const repeated = Uint8Array.of(...bytes, ...recordAt(bytes, 1));
    expect(tornBatches(repeated)).toEqual([0, 1]);
  });

  test('over another one of its log, or exchanged with it: refused below an attestation', () => {
    const bytes = writeLog('bbbbsb');
    const first = recordAt(bytes, 1);
    const second = recordAt(bytes, 2);
    expect(failure(withRecordAt(bytes, 1, second)).code).toBe('CORRUPTION');
    const exchanged = withRecordAt(withRecordAt(bytes, 1, second), 2, first);
    expect(failure(exchanged)).toMatchObject({ where: 'wal', offset: 64 + RECORD_SIZE_BYTES });
  });

  test('of another log at the same offset: a torn tail above the attestation, refused below it', () => {
    const bytes = writeLog('bbbsbb');
    const other = writeLog('bbbsbb', { identity: { ...IDENTITY, logId: 8 } });
    expect(tornBatches(withRecordAt(bytes, 3, recordAt(other, 3)))).toEqual([0, 1, 2]);
    expect(failure(withRecordAt(bytes, 1, recordAt(other, 1))).code).toBe('CORRUPTION');
  });

  test('left in a recycled file by its older log, at every length of the new one', () => {
    const stale = writeLog('bsbsbsbsbsbsbs', { identity: { ...IDENTITY, logId: 3 } });
    const fileSystem = recycle(stale);
    const log = LogWriter.openPreparedSync(fileSystem, PATH, IDENTITY);
    log.attest();
    for (let batchCount = 0; batchCount < 9; batchCount++) {
      const reader = readLog(fileBytes(fileSystem, PATH));
      expect(batchNumbers(reader)).toHaveLength(batchCount);
      expect(reader).toMatchObject({ ending: 'open', discardedBytes: 0 });
      appendBatch(log, batchCount);
      log.syncSync();
    }
  });
});

describe('W9: a length field that makes no sense', () => {
  const LENGTHS = [0, 19, 21, 1000, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

  test.each(LENGTHS)(
    '%i in the last record: a torn tail; below an attestation: refused',
    (length) => {
      const torn = writeLog('bb');
      writeU32(torn, LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES + 4, length);
      expect(tornBatches(torn)).toEqual([0]);
      const damaged = writeLog('bbsb');
      writeU32(damaged, LOG_FILE_HEADER_SIZE_BYTES + 4, length);
      expect(failure(damaged)).toMatchObject({ code: 'CORRUPTION', offset: 64 });
    },
  );

  test('with a header that is right in every other way: a torn tail', () => {
    const bytes = writeLog('bb');
    const offset = LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES;
    const seed = recordSeed(logSeedOf(bytes), offset);
    const huge = new Uint8Array(1_000_000);
    sealRecord(huge, 0, huge.length - RECORD_HEADER_SIZE_BYTES, RecordType.batch, seed, 0);
    bytes.set(huge.subarray(0, RECORD_SIZE_BYTES), offset);
    expect(tornBatches(bytes)).toEqual([0]);
  });
});

describe('W10: a tail of zeros', () => {
  test.each([1, 3, 15, 16, 17, 511, 4096, 1 << 20])('of %i bytes is where a log ends', (length) => {
    const bytes = writeLog('bbs');
    const padded = new Uint8Array(bytes.length + length);
    padded.set(bytes);
    const reader = readLog(padded);
    expect(reader).toMatchObject({ ending: 'open', discardedBytes: 0, endOffset: bytes.length });
    expect(batchNumbers(reader)).toEqual([0, 1]);
  });
});

describe('any bytes', () => {
  const RUNS = { numRuns: 2000, seed: 20_260_101 };

  /** Reads bytes that nobody wrote: gives a result or a StorageError, and nothing else. */
  function readAny(bytes: Uint8Array): void {
    try {
      const reader = readLog(bytes);
      expect(reader.endOffset).toBeLessThanOrEqual(bytes.length);
      for (const offset of recordOffsets(reader)) expect(offset).toBeLessThan(bytes.length);
    } catch (error) {
      expect(error).toBeInstanceOf(StorageError);
    }
  }

  test('as a file', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), readAny), RUNS);
  });

  test('behind a valid header', () => {
    const header = encodeLogFileHeader(IDENTITY, 'new');
    const tail = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(tail, (bytes) => readAny(Uint8Array.of(...header, ...bytes))),
      RUNS,
    );
  });

  test('written over a valid log: a prefix of it, or CORRUPTION', () => {
    const log = writeLog('bbsbbsbm');
    const patch = fc.record({
      offset: fc.nat({ max: log.length - 1 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    });
    const property = fc.property(fc.array(patch, { minLength: 1, maxLength: 3 }), (patches) => {
      const bytes = log.slice();
      for (const { offset, bytes: patched } of patches) {
        bytes.set(patched.subarray(0, bytes.length - offset), offset);
      }
      try {
        const numbers = batchNumbers(readLog(bytes));
        expect(numbers).toEqual([0, 1, 2, 3, 4].slice(0, numbers.length));
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPTION', where: 'wal' });
      }
    });
    fc.assert(property, RUNS);
  });
});
