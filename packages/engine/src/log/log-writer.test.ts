import { BugError, initializeChecksums, type StorageError } from '@varve/base';
import {
  FaultyFileSystem,
  type FileSystem,
  MemoryFileSystem,
  type RandomAccessFile,
} from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeLogFileHeader, LOG_FILE_HEADER_SIZE_BYTES } from './log-file-header.js';
import { LogWriter } from './log-writer.js';
import { LOG_SIZE_BYTES_MAX, RecordType } from './record-format.js';
import {
  appendBatch,
  batchNumbers,
  fileBytes,
  IDENTITY,
  PATH,
  putFile,
  readLog,
} from './testing/log-fixture.js';

const RECORD_SIZE_BYTES = 36;

let memory: MemoryFileSystem;
/** Asynchronous operations that wait to be carried out. */
let scheduled: (() => void)[];

beforeAll(initializeChecksums);

beforeEach(() => {
  scheduled = [];
  memory = new MemoryFileSystem({ scheduler: { schedule: (_call, run) => scheduled.push(run) } });
});

function openLog(fileSystem: FileSystem = memory): LogWriter {
  const log = LogWriter.createSync(fileSystem, PATH, IDENTITY);
  log.attest();
  return log;
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as StorageError).code;
  }
  return 'none';
}

async function rejectionOf(promise: Promise<unknown>): Promise<StorageError> {
  return promise.then(
    () => expect.unreachable('it was fulfilled'),
    (error: StorageError) => error,
  );
}

/** Settles the promise of the oldest asynchronous operation, after carrying it out. */
async function settleOne(): Promise<void> {
  scheduled.shift()?.();
  await new Promise<void>((resolve) => queueMicrotask(resolve));
}

describe('LogWriter', () => {
  test('ends behind its header before anything is appended', () => {
    const log = openLog();
    expect(log.contentEnd).toEqual({
      logId: IDENTITY.logId,
      endOffset: LOG_FILE_HEADER_SIZE_BYTES,
      checksum: 0,
    });
    log.closeSync();
  });

  test('writes a log that reads back', () => {
    const log = openLog();
    for (let number = 0; number < 5; number++) appendBatch(log, number);
    log.appendEndSync();
    const reader = readLog(fileBytes(memory, PATH));
    expect(batchNumbers(reader)).toEqual([0, 1, 2, 3, 4]);
    expect(reader.contentEnd).toEqual(log.contentEnd);
    expect(reader.endOffset).toBe(log.positionBytes);
    expect(reader.ending).toBe('closed');
  });

  test('attests in each record what was durable when it was written', () => {
    const log = openLog();
    appendBatch(log, 0);
    log.syncSync();
    expect(log.durableBytes).toBe(100);
    expect(readLog(fileBytes(memory, PATH)).attestedOffset).toBe(LOG_FILE_HEADER_SIZE_BYTES);
    appendBatch(log, 1);
    expect(readLog(fileBytes(memory, PATH)).attestedOffset).toBe(100);
  });

  test('attests nothing before it may', () => {
    const log = LogWriter.createSync(memory, PATH, IDENTITY);
    appendBatch(log, 0);
    expect(readLog(fileBytes(memory, PATH)).attestedOffset).toBe(0);
    expect(log.durableBytes).toBe(0);
  });

  test('appends a marker only if it attests more than the last record', () => {
    const log = openLog();
    appendBatch(log, 0);
    expect(log.appendMarkerSync()).toBe(false);
    log.syncSync();
    expect(log.appendMarkerSync()).toBe(true);
    expect(log.appendMarkerSync()).toBe(false);
    expect(readLog(fileBytes(memory, PATH)).attestedOffset).toBe(100);
    expect(log.contentEnd.endOffset).toBe(100);
    expect(log.isDurable).toBe(true);
  });

  test('continues a file that has only a header', () => {
    putFile(memory, PATH, encodeLogFileHeader(IDENTITY, 'new'));
    const log = LogWriter.openPreparedSync(memory, PATH, IDENTITY);
    appendBatch(log, 0);
    expect(batchNumbers(readLog(fileBytes(memory, PATH)))).toEqual([0]);
  });

  test('refuses a prepared file that is another log, and leaves nothing open', () => {
    putFile(memory, PATH, encodeLogFileHeader({ ...IDENTITY, logId: 8 }, 'new'));
    expect(codeOf(() => LogWriter.openPreparedSync(memory, PATH, IDENTITY))).toBe('CORRUPTION');
    putFile(memory, PATH, new Uint8Array(10));
    expect(codeOf(() => LogWriter.openPreparedSync(memory, PATH, IDENTITY))).toBe('CORRUPTION');
    expect(memory.openPaths()).toEqual([]);
  });

  test.each(['open', 'write'] as const)(
    'leaves nothing open if it fails at its first %s',
    (operation) => {
      const faulty = new FaultyFileSystem(memory, {
        rules: [{ operation, effect: { kind: 'error', errno: 'EMFILE' } }],
      });
      expect(() => openLog(faulty)).toThrow();
      expect(memory.openPaths()).toEqual([]);
    },
  );

  test('leaves nothing open, and gives the first error, if closing fails as well', () => {
    const rules = [
      { operation: 'write', effect: { kind: 'error', errno: 'ENOSPC' } },
      { operation: 'close', duration: 'sticky', effect: { kind: 'error', errno: 'EIO' } },
    ] as const;
    const faulty = new FaultyFileSystem(memory, { rules });
    expect(codeOf(() => openLog(faulty))).toBe('NO_SPACE');
    expect(memory.openPaths()).toEqual([]);
  });

  test('closes both of its descriptions, once', () => {
    const log = openLog();
    expect(memory.openPaths()).toEqual([PATH, PATH]);
    log.closeSync();
    log.closeSync();
    expect(memory.openPaths()).toEqual([]);
  });

  test('takes no record that would end beyond the largest size of a log', () => {
    const log = openLog();
    const room = LOG_SIZE_BYTES_MAX - log.positionBytes - 16;
    expect(log.hasRoomFor(room)).toBe(true);
    expect(log.hasRoomFor(room + 1)).toBe(false);
    const bytes = new Uint8Array(16);
    expect(() => log.appendSync(bytes, 0, room + 1, RecordType.batch)).toThrow(BugError);
  });

  test('allocates space with zeros behind what the caller fills itself', () => {
    const log = openLog();
    log.allocateSync(100, 1000);
    expect(log.allocatedBytes).toBe(1000);
    log.allocateSync(100, 500);
    expect(log.allocatedBytes).toBe(1000);
    appendBatch(log, 0);
    const bytes = fileBytes(memory, PATH);
    expect(bytes.length).toBe(1000);
    expect(bytes.subarray(100).every((byte) => byte === 0)).toBe(true);
    expect(batchNumbers(readLog(bytes))).toEqual([0]);
  });
});

describe('LogWriter syncs', () => {
  test('nothing that is durable already', async () => {
    const faulty = new FaultyFileSystem(memory);
    const log = openLog(faulty);
    appendBatch(log, 0);
    log.syncSync();
    log.appendMarkerSync();
    faulty.addRule({ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } });
    log.syncSync();
    await log.sync();
    expect(faulty.injected).toEqual([]);
  });

  test('asynchronously what was appended before the call, while more is appended', async () => {
    const log = openLog();
    appendBatch(log, 0);
    const first = log.sync();
    appendBatch(log, 1);
    expect(log.durableBytes).toBe(LOG_FILE_HEADER_SIZE_BYTES);
    await settleOne();
    await first;
    expect(log.durableBytes).toBe(LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES);
    expect(log.isDurable).toBe(false);
    const second = log.sync();
    await settleOne();
    await second;
    expect(log.isDurable).toBe(true);
  });

  test('one at a time: a second waits for the first, and covers all that waits with it', async () => {
    const log = openLog();
    appendBatch(log, 0);
    const first = log.sync();
    appendBatch(log, 1);
    const others = Promise.all([log.sync(), log.sync()]);
    expect(scheduled).toHaveLength(1);
    await settleOne();
    await first;
    expect(scheduled).toHaveLength(1);
    await settleOne();
    await others;
    expect(scheduled).toHaveLength(0);
    expect(log.isDurable).toBe(true);
  });

  test('synchronously beside a running asynchronous sync through the second description', async () => {
    const syncs: string[] = [];
    const log = openLog(withSyncNames(memory, syncs));
    appendBatch(log, 0);
    const running = log.sync();
    appendBatch(log, 1);
    log.syncSync();
    expect(log.isDurable).toBe(true);
    await settleOne();
    await running;
    expect(log.isDurable).toBe(true);
    appendBatch(log, 2);
    log.syncSync();
    expect(syncs).toEqual(['first syncData', 'second syncDataSync', 'first syncDataSync']);
  });
});

/** Notes which of the two descriptions of a log each sync goes through. */
function withSyncNames(inner: FileSystem, syncs: string[]): FileSystem {
  let openCount = 0;
  const named = (file: RandomAccessFile, name: string): RandomAccessFile => {
    const syncData = file.syncData.bind(file);
    const syncDataSync = file.syncDataSync.bind(file);
    return Object.assign(file, {
      syncData: () => {
        syncs.push(`${name} syncData`);
        return syncData();
      },
      syncDataSync: () => {
        syncs.push(`${name} syncDataSync`);
        syncDataSync();
      },
    });
  };
  return new Proxy(inner, {
    get: (target, key) =>
      key === 'openSync'
        ? (path: string, mode: 'create' | 'write') =>
            named(target.openSync(path, mode), openCount++ === 0 ? 'first' : 'second')
        : Reflect.get(target, key),
  });
}

describe('LogWriter after a failed sync (I1)', () => {
  const failingSync = (): FaultyFileSystem =>
    new FaultyFileSystem(memory, {
      rules: [{ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } }],
      onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
    });

  test('refuses everything with DURABILITY_UNKNOWN and does not touch the file again', async () => {
    const faulty = failingSync();
    const log = openLog(faulty);
    appendBatch(log, 0);
    expect(codeOf(() => log.syncSync())).toBe('DURABILITY_UNKNOWN');
    const { callCount } = faulty;
    const before = fileBytes(memory, PATH);
    expect(codeOf(() => log.syncSync())).toBe('DURABILITY_UNKNOWN');
    expect((await rejectionOf(log.sync())).code).toBe('DURABILITY_UNKNOWN');
    expect(codeOf(() => appendBatch(log, 1))).toBe('DURABILITY_UNKNOWN');
    expect(codeOf(() => log.appendMarkerSync())).toBe('none');
    expect(codeOf(() => log.appendEndSync())).toBe('DURABILITY_UNKNOWN');
    expect(codeOf(() => log.allocateSync(0, 5000))).toBe('DURABILITY_UNKNOWN');
    expect(faulty.callCount).toBe(callCount);
    expect(fileBytes(memory, PATH)).toEqual(before);
    expect(log.durableBytes).toBe(LOG_FILE_HEADER_SIZE_BYTES);
    expect(log.failure).toMatchObject({ code: 'IO' });
  });

  test('says which file, and gives the failure as the cause', () => {
    const log = openLog(failingSync());
    appendBatch(log, 0);
    expect(() => log.syncSync()).toThrow(
      expect.objectContaining({ file: PATH, cause: expect.objectContaining({ code: 'IO' }) }),
    );
  });

  test('rejects an asynchronous sync and all that wait for it, with one call to the file', async () => {
    const faulty = failingSync();
    const log = openLog(faulty);
    appendBatch(log, 0);
    const first = rejectionOf(log.sync());
    appendBatch(log, 1);
    const second = rejectionOf(log.sync());
    await settleOne();
    expect((await first).code).toBe('DURABILITY_UNKNOWN');
    expect((await second).code).toBe('DURABILITY_UNKNOWN');
    expect(faulty.injected).toHaveLength(1);
    expect(scheduled).toHaveLength(0);
  });

  test('gives the first failure as the cause when both of two syncs fail', async () => {
    const log = openLog(
      new FaultyFileSystem(memory, {
        rules: [
          { operation: 'syncData', duration: 'sticky', effect: { kind: 'error', errno: 'EIO' } },
        ],
      }),
    );
    appendBatch(log, 0);
    const running = rejectionOf(log.sync());
    appendBatch(log, 1);
    expect(codeOf(() => log.syncSync())).toBe('DURABILITY_UNKNOWN');
    const first = log.failure;
    await settleOne();
    expect((await running).code).toBe('DURABILITY_UNKNOWN');
    expect(log.failure).toBe(first);
  });

  test('trusts no asynchronous sync that a failed synchronous one overtook', async () => {
    const faulty = new FaultyFileSystem(memory);
    const log = openLog(faulty);
    appendBatch(log, 0);
    const running = rejectionOf(log.sync());
    appendBatch(log, 1);
    faulty.addRule({ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } });
    expect(codeOf(() => log.syncSync())).toBe('DURABILITY_UNKNOWN');
    await settleOne();
    expect((await running).code).toBe('DURABILITY_UNKNOWN');
    expect(log.durableBytes).toBe(LOG_FILE_HEADER_SIZE_BYTES);
  });
});

describe('LogWriter after a failed write (I4, I5)', () => {
  const failingWrite = (errno: 'EIO' | 'ENOSPC', sizeBytes: number): FaultyFileSystem =>
    new FaultyFileSystem(memory, {
      rules: [{ operation: 'write', nth: 3, effect: { kind: 'short', sizeBytes, errno } }],
    });

  test.each([
    ['EIO', 'IO'],
    ['ENOSPC', 'NO_SPACE'],
  ] as const)('reports %s once as %s and appends nothing behind it', (errno, code) => {
    const faulty = failingWrite(errno, 10);
    const log = openLog(faulty);
    appendBatch(log, 0);
    expect(codeOf(() => appendBatch(log, 1))).toBe(code);
    const { callCount } = faulty;
    expect(codeOf(() => appendBatch(log, 2))).toBe('IO');
    expect(codeOf(() => log.appendEndSync())).toBe('IO');
    expect(codeOf(() => log.allocateSync(0, 5000))).toBe('IO');
    expect(faulty.callCount).toBe(callCount);
    expect(log.failure).toMatchObject({ code });
    expect(log.contentEnd.endOffset).toBe(LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES);
  });

  test.each([0, 1, 15, 16, 35, 36])(
    'syncs what stood before it, with %i bytes of it written',
    (sizeBytes) => {
      const log = openLog(failingWrite('EIO', sizeBytes));
      appendBatch(log, 0);
      expect(codeOf(() => appendBatch(log, 1))).toBe('IO');
      log.syncSync();
      expect(log.isDurable).toBe(true);
      expect(log.durableBytes).toBe(LOG_FILE_HEADER_SIZE_BYTES + RECORD_SIZE_BYTES);
      const numbers = batchNumbers(readLog(fileBytes(memory, PATH)));
      expect(numbers).toEqual(sizeBytes === RECORD_SIZE_BYTES ? [0, 1] : [0]);
    },
  );

  test('takes a failed sync for the graver failure', () => {
    const faulty = failingWrite('ENOSPC', 10);
    const log = openLog(faulty);
    appendBatch(log, 0);
    expect(codeOf(() => appendBatch(log, 1))).toBe('NO_SPACE');
    faulty.addRule({ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } });
    expect(codeOf(() => log.syncSync())).toBe('DURABILITY_UNKNOWN');
    expect(codeOf(() => appendBatch(log, 2))).toBe('DURABILITY_UNKNOWN');
  });

  test('does without space that cannot be allocated: a record may still find some', () => {
    const faulty = failingWrite('ENOSPC', 0);
    const log = openLog(faulty);
    appendBatch(log, 0);
    expect(log.allocateSync(100, 5000)).toBe(false);
    appendBatch(log, 1);
    expect(log.failure).toBeUndefined();
  });
});
