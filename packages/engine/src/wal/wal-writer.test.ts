import { BugError, initializeChecksums } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LogReader } from '../log/index.js';
import { DATABASE_ID, fileBytes, readLog } from '../log/testing/log-fixture.js';
import { decodePredecessor } from './predecessor-record.js';
import { append, DIRECTORY, logPath, prepare, readChain, startLog } from './testing/wal-fixture.js';
import { WalWriter } from './wal-writer.js';

const MIB = 1024 * 1024;
/** Header of the file and predecessor record: where the first batch stands. */
const FIRST_BATCH_OFFSET = 96;

let memory: MemoryFileSystem;

beforeAll(initializeChecksums);

beforeEach(() => {
  memory = new MemoryFileSystem();
  memory.makeDirectorySync(DIRECTORY);
});

function readBack(logId: number): LogReader {
  const bytes = fileBytes(memory, logPath(logId));
  return readLog(bytes, { kind: 1, logId, databaseId: DATABASE_ID });
}

describe('WalWriter', () => {
  test('starts with where the log before it ended', () => {
    const first = startLog(memory, 1);
    append(first, 0);
    const { end } = first;
    startLog(memory, 2, { predecessor: end });
    const reader = readBack(2);
    expect(reader.next()).toBe(true);
    const { logId, endOffset, checksum } = end;
    const predecessor = decodePredecessor(reader.bytes, reader.payloadStart);
    expect(predecessor).toEqual({ logId, endOffset, checksum });
  });

  test('appends a batch with one write, where it stands', () => {
    const recording = new RecordingFileSystem(memory, { root: DIRECTORY });
    const log = startLog(recording, 1);
    recording.clear();
    append(log, 0, 100);
    expect(recording.lines).toEqual([
      `write 000001.log ${FIRST_BATCH_OFFSET}..${FIRST_BATCH_OFFSET + 116}`,
    ]);
    expect(log.positionBytes).toBe(FIRST_BATCH_OFFSET + 116);
    expect(log.path).toBe(logPath(1));
    expect(log.logId).toBe(1);
  });

  test('does one sync for each commit group, and none for a marker or an end', () => {
    const recording = new RecordingFileSystem(memory, { root: DIRECTORY, writes: 'names' });
    const log = startLog(recording, 1);
    recording.clear();
    append(log, 0);
    log.syncSync();
    log.appendMarkerSync();
    log.finishSync();
    log.syncSync();
    const lines = ['write 000001.log', 'sync 000001.log', 'write 000001.log'];
    expect(recording.lines).toEqual(lines);
  });

  test('takes its end for the last batch, whatever follows', () => {
    const log = startLog(memory, 1);
    append(log, 0);
    log.syncSync();
    const { end } = log;
    expect(end).toMatchObject({ logId: 1, endOffset: FIRST_BATCH_OFFSET + 36, durable: true });
    log.appendMarkerSync();
    log.finishSync();
    expect(log.end).toEqual(end);
    expect(readBack(1).ending).toBe('closed');
  });

  test('takes no records after its end', () => {
    const log = startLog(memory, 1);
    log.finishSync();
    expect(() => append(log, 0)).toThrow(BugError);
    expect(() => log.appendMarkerSync()).toThrow(BugError);
    expect(() => log.finishSync()).toThrow(BugError);
  });

  test('attests and syncs only once the log before it is durable', async () => {
    const first = startLog(memory, 1);
    append(first, 0);
    expect(first.end.durable).toBe(false);
    const second = startLog(memory, 2, { predecessor: first.end });
    append(second, 1);
    expect(second.durableBytes).toBe(0);
    expect(readBack(2).attestedOffset).toBe(0);
    expect(() => second.syncSync()).toThrow(BugError);
    await expect(second.sync()).rejects.toThrow(BugError);
    await first.sync();
    second.confirmPredecessor();
    expect(second.isDurable).toBe(false);
    append(second, 2);
    expect(readBack(2).attestedOffset).toBe(64);
    second.syncSync();
    expect(second.isDurable).toBe(true);
  });

  test('attests from its first record on if the log before it was durable at the start', () => {
    const first = startLog(memory, 1);
    append(first, 0);
    first.syncSync();
    startLog(memory, 2, { predecessor: first.end });
    expect(readBack(2).attestedOffset).toBe(64);
  });

  test('refuses a predecessor that is not older', () => {
    const first = startLog(memory, 3);
    expect(() => startLog(memory, 2, { predecessor: first.end })).toThrow(BugError);
  });

  test('leaves nothing open if it cannot start', () => {
    prepare(memory, 1);
    const faulty = new FaultyFileSystem(memory, {
      rules: [{ operation: 'write', effect: { kind: 'error', errno: 'ENOSPC' } }],
    });
    const options = { path: logPath(1), logId: 1, databaseId: DATABASE_ID } as const;
    expect(() =>
      WalWriter.openSync(faulty, { ...options, allocation: 'onDemand', predecessor: null }),
    ).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    expect(memory.openPaths()).toEqual([]);
  });

  test('after a failed write takes no more, and its end is before it', () => {
    const faulty = new FaultyFileSystem(memory);
    const log = startLog(faulty, 1);
    append(log, 0);
    const { end } = log;
    faulty.addRule({ operation: 'write', effect: { kind: 'short', sizeBytes: 20 } });
    expect(() => append(log, 1)).toThrow(expect.objectContaining({ code: 'IO' }));
    expect(() => append(log, 2)).toThrow(expect.objectContaining({ code: 'IO' }));
    expect(log.failure).toMatchObject({ code: 'IO' });
    expect(log.end).toEqual(end);
    expect(readChain(memory).numbers).toEqual([0]);
    log.closeSync();
    expect(memory.openPaths()).toEqual([]);
  });
});

describe('WalWriter with allocation', () => {
  test('in steps writes zeros up to the next MiB, behind the record that needs it', () => {
    const recording = new RecordingFileSystem(memory, { root: DIRECTORY });
    const log = startLog(recording, 1, { allocation: 'steps' });
    expect(fileBytes(memory, logPath(1)).length).toBe(MIB);
    recording.clear();
    append(log, 0, 1000);
    expect(recording.lines).toEqual(['write 000001.log 96..1112']);
    recording.clear();
    append(log, 1, MIB);
    expect(recording.lines).toEqual([
      `write 000001.log ${1112 + 16 + MIB}..${2 * MIB}, 1112..${1112 + 16 + MIB}`,
    ]);
    expect(readChain(memory).numbers).toEqual([0, 1]);
  });

  test('in steps writes none within what was prepared', () => {
    const log = startLog(memory, 1, { allocation: 'steps', preallocateBytes: 3 * MIB });
    for (let number = 0; number < 3; number++) append(log, number, MIB - 1000);
    expect(fileBytes(memory, logPath(1)).length).toBe(3 * MIB);
    append(log, 3, 5000);
    expect(fileBytes(memory, logPath(1)).length).toBe(4 * MIB);
    expect(readChain(memory).numbers).toEqual([0, 1, 2, 3]);
  });

  test('on demand lets the file grow with its records, and synced rarely', () => {
    const log = startLog(memory, 1, { allocation: 'onDemand' });
    append(log, 0);
    expect(fileBytes(memory, logPath(1)).length).toBe(log.positionBytes);
    append(log, 1, MIB);
    log.syncSync();
    append(log, 2);
    expect(fileBytes(memory, logPath(1)).length).toBe(log.positionBytes);
  });

  test('on demand is in steps once syncs are frequent', async () => {
    const log = startLog(memory, 1, { allocation: 'onDemand' });
    for (let number = 0; number < 16; number++) {
      append(log, number);
      await log.sync();
    }
    expect(fileBytes(memory, logPath(1)).length).toBe(log.positionBytes);
    append(log, 16);
    expect(fileBytes(memory, logPath(1)).length).toBe(MIB);
    log.syncSync();
    expect(readChain(memory).numbers).toHaveLength(17);
  });

  test('on demand is in steps however much was written before syncs became frequent', () => {
    const log = startLog(memory, 1, { allocation: 'onDemand' });
    for (let number = 0; number < 4; number++) append(log, number, MIB);
    for (let number = 4; number < 36; number++) {
      append(log, number);
      log.syncSync();
    }
    expect(fileBytes(memory, logPath(1)).length).toBe(log.positionBytes);
    append(log, 36);
    expect(fileBytes(memory, logPath(1)).length).toBe(5 * MIB);
  });

  test('in steps allocates nothing ahead on a disk that is nearly full', () => {
    const log = startLog(memory, 1, { allocation: 'steps' });
    memory.setCapacity(MIB + 1000);
    append(log, 0, MIB);
    expect(fileBytes(memory, logPath(1)).length).toBe(log.positionBytes);
    expect(() => append(log, 1, 1000)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    expect(readChain(memory)).toMatchObject({ numbers: [0] });
  });

  test('in steps does without when a quota keeps it from the space that there seems to be', () => {
    const faulty = new FaultyFileSystem(memory);
    const log = startLog(faulty, 1, { allocation: 'steps' });
    const effect = { kind: 'short', sizeBytes: 500, errno: 'EDQUOT' } as const;
    faulty.addRule({ operation: 'write', nth: 1, effect });
    faulty.addRule({ operation: 'freeSpace', nth: 1, effect: { kind: 'error', errno: 'EIO' } });
    append(log, 0, MIB);
    append(log, 1, MIB);
    expect(readChain(memory)).toMatchObject({ numbers: [0, 1], discardedBytes: 0 });
  });
});
