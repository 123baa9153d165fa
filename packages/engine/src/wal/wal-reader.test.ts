import { initializeChecksums, StorageError } from '@varve/base';
import { type FileSystem, MemoryFileSystem } from '@varve/vfs';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LogKind, LogWriter, RecordType } from '../log/index.js';
import { batchRecord, DATABASE_ID, fileBytes, putFile } from '../log/testing/log-fixture.js';
import { encodePredecessorRecord, PREDECESSOR_SIZE_BYTES } from './predecessor-record.js';
import { append, DIRECTORY, logPath, prepare, readChain, startLog } from './testing/wal-fixture.js';
import { readWalSync } from './wal-reader.js';
import type { WalEnd, WalWriter } from './wal-writer.js';

const RECORD_SIZE_BYTES = 36;
const FIRST_BATCH_OFFSET = 96;

let memory: MemoryFileSystem;

beforeAll(initializeChecksums);

beforeEach(() => {
  memory = new MemoryFileSystem();
  memory.makeDirectorySync(DIRECTORY);
});

/** Writes three batches into each of these logs; `'durable'` as the strongest mode does, `'os'` without any sync. */
function writeChain(logIds: readonly number[], mode: 'durable' | 'os'): WalWriter[] {
  let predecessor: WalEnd | null = null;
  let number = 0;
  return logIds.map((logId) => {
    // In 'os' mode a first log would attest its header; real ones follow a log that is not durable.
    const log = startLog(memory, logId, {
      predecessor: predecessor ?? (mode === 'os' ? OLDER_END : null),
    });
    for (let count = 0; count < 3; count++) {
      append(log, number++);
      if (mode === 'durable') log.syncSync();
    }
    log.finishSync();
    predecessor = log.end;
    return log;
  });
}

const OLDER_END: WalEnd = { logId: 1, endOffset: 500, checksum: 5, durable: false };

function damage(logId: number, change: (bytes: Uint8Array) => Uint8Array): void {
  putFile(memory, logPath(logId), change(fileBytes(memory, logPath(logId))));
}

function failure(logIds?: readonly number[], minimumLogId?: number): StorageError {
  try {
    readChain(memory, logIds, minimumLogId);
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('the chain was accepted');
}

function contentOf(fileSystem: FileSystem): Map<string, Uint8Array> {
  const names = fileSystem.listSync(DIRECTORY);
  return new Map(names.map((name) => [name, fileBytes(fileSystem, `${DIRECTORY}/${name}`)]));
}

describe('readWalSync', () => {
  test('visits the batches of all logs in order and gives the end of the last', () => {
    const logs = writeChain([5, 6, 9], 'durable');
    const chain = readChain(memory);
    expect(chain.numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(chain).toMatchObject({ batchCount: 9, discardedBytes: 0, ending: 'closed' });
    expect(chain.end).toEqual({ ...logs[2].end, durable: false });
  });

  test('reads no logs as an empty chain that was closed', () => {
    expect(readChain(memory, [])).toEqual({
      numbers: [],
      batchCount: 0,
      discardedBytes: 0,
      ending: 'closed',
      end: null,
    });
  });

  test('steps over logs that were prepared and never started, wherever they are', () => {
    writeChain([5, 7], 'durable');
    for (const logId of [3, 6, 8]) prepare(memory, logId, { preallocateBytes: 4096 });
    const chain = readChain(memory);
    expect(chain).toMatchObject({ batchCount: 6, discardedBytes: 0, ending: 'closed' });
    expect(chain.end?.logId).toBe(7);
  });

  test('lets a new log continue from prepared ones only', () => {
    prepare(memory, 3);
    const { end } = readChain(memory);
    expect(end).toEqual({ logId: 3, endOffset: 64, checksum: 0, durable: false });
    startLog(memory, 4, { predecessor: end });
    expect(readChain(memory)).toMatchObject({ numbers: [], ending: 'torn' });
  });

  test('does not look for logs older than the oldest live one', () => {
    writeChain([5, 6, 7], 'durable');
    memory.removeSync(logPath(5));
    expect(readChain(memory, [6, 7]).numbers).toEqual([3, 4, 5, 6, 7, 8]);
  });

  test('changes nothing and leaves nothing open, also when it refuses', () => {
    for (const log of writeChain([5, 6], 'durable')) log.closeSync();
    damage(5, (bytes) => bytes.subarray(0, 150));
    const before = contentOf(memory);
    expect(failure().where).toBe('wal.hole');
    expect(contentOf(memory)).toEqual(before);
    expect(memory.openPaths()).toEqual([]);
  });

  test('passes on what a visitor throws', () => {
    writeChain([5], 'durable');
    const logs = [{ logId: 5, path: logPath(5) }];
    const stop = (): never => {
      throw new RangeError('stop');
    };
    const read = () =>
      readWalSync(memory, { databaseId: DATABASE_ID, minimumLogId: 5, logs }, stop);
    expect(read).toThrow('stop');
  });

  test('refuses logs that do not ascend from the oldest live one', () => {
    writeChain([5, 6], 'durable');
    expect(() => readChain(memory, [6, 5], 5)).toThrow('ascend');
    expect(() => readChain(memory, [5], 6)).toThrow('ascend');
  });

  test.each([
    ['a batch as the first record', [RecordType.batch]],
    ['a second predecessor', [RecordType.predecessor, RecordType.predecessor]],
    ['an edit of a manifest', [RecordType.predecessor, RecordType.edit]],
  ])('refuses %s', (_, types) => {
    prepare(memory, 5);
    const identity = { kind: LogKind.wal, logId: 5, databaseId: DATABASE_ID };
    const log = LogWriter.openPreparedSync(memory, logPath(5), identity);
    for (const type of types) {
      log.appendSync(encodePredecessorRecord(null), 0, PREDECESSOR_SIZE_BYTES, type);
    }
    const offset = 64 + 32 * (types.length - 1);
    expect(failure()).toMatchObject({ code: 'CORRUPTION', where: 'wal', offset });
  });

  test('refuses a predecessor record that names no log', () => {
    prepare(memory, 5);
    const identity = { kind: LogKind.wal, logId: 5, databaseId: DATABASE_ID };
    const log = LogWriter.openPreparedSync(memory, logPath(5), identity);
    log.appendSync(batchRecord(0, 15), 0, 15, RecordType.predecessor);
    expect(failure()).toMatchObject({ code: 'CORRUPTION', where: 'wal', offset: 64 });
    memory.removeSync(logPath(5));
    prepare(memory, 5);
    const other = LogWriter.openPreparedSync(memory, logPath(5), identity);
    other.appendSync(batchRecord(0, 16).fill(0xff), 0, 16, RecordType.predecessor);
    expect(failure()).toMatchObject({ code: 'CORRUPTION', where: 'wal', offset: 64 });
  });

  test('gives up what stands behind the end that the next log names', () => {
    const [first] = writeChain([5], 'durable');
    const { end } = first;
    // A write that failed although all of it arrived: its number is given to the next batch.
    const failed = startLog(memory, 6, { predecessor: end });
    append(failed, 3);
    const { end: namedEnd } = failed;
    append(failed, 666);
    const last = startLog(memory, 7, { predecessor: namedEnd });
    append(last, 4);
    const chain = readChain(memory);
    expect(chain.numbers).toEqual([0, 1, 2, 3, 4]);
    expect(chain.discardedBytes).toBe(RECORD_SIZE_BYTES);
  });
});

describe('W2: a log that is not the last lost its end', () => {
  test('at every record boundary, with durable acknowledgements after it: wal.hole', () => {
    writeChain([5, 6, 7], 'durable');
    const original = fileBytes(memory, logPath(6));
    for (let count = 0; count < 3; count++) {
      const length = FIRST_BATCH_OFFSET + count * RECORD_SIZE_BYTES;
      damage(6, () => original.slice(0, length));
      const error = failure();
      expect(error).toMatchObject({ code: 'CORRUPTION', where: 'wal.hole', file: logPath(6) });
      expect(error.offset).toBe(length);
    }
    damage(6, () => original.slice(0, 64));
    expect(failure()).toMatchObject({ where: 'wal.hole', file: logPath(6), offset: 64 });
  });

  test('at every other length too', () => {
    writeChain([5, 6], 'durable');
    const original = fileBytes(memory, logPath(5));
    for (let length = 64; length < FIRST_BATCH_OFFSET + 3 * RECORD_SIZE_BYTES; length++) {
      damage(5, () => original.slice(0, length));
      expect(failure().code, `length ${length}`).toBe('CORRUPTION');
    }
  });

  test('found out as soon as the next log is started on a durable one, before its first batch', () => {
    const [first] = writeChain([5], 'durable');
    startLog(memory, 6, { predecessor: first.end });
    damage(5, (bytes) => bytes.slice(0, FIRST_BATCH_OFFSET + RECORD_SIZE_BYTES));
    expect(failure().where).toBe('wal.hole');
  });

  test('is no harm if only its end record or markers are gone', () => {
    writeChain([5, 6], 'durable');
    damage(5, (bytes) => bytes.slice(0, FIRST_BATCH_OFFSET + 3 * RECORD_SIZE_BYTES));
    expect(readChain(memory)).toMatchObject({ batchCount: 6, discardedBytes: 0 });
  });

  test('when nothing after it was ever on disk: the chain ends there', () => {
    writeChain([5, 6, 7], 'os');
    damage(6, (bytes) => bytes.slice(0, FIRST_BATCH_OFFSET + 2 * RECORD_SIZE_BYTES));
    const chain = readChain(memory, [5, 6, 7], 5);
    expect(chain.numbers).toEqual([0, 1, 2, 3, 4]);
    expect(chain.ending).toBe('torn');
    expect(chain.discardedBytes).toBe(32 + 3 * RECORD_SIZE_BYTES + 16);
    expect(chain.end).toMatchObject({ logId: 6, endOffset: 168, durable: false });
  });

  test('when its own records are all gone and nothing after it was on disk: likewise', () => {
    writeChain([5, 6], 'os');
    damage(5, (bytes) => bytes.slice(0, 64));
    const chain = readChain(memory, [5, 6], 5);
    expect(chain).toMatchObject({ numbers: [], ending: 'torn' });
    expect(chain.end).toEqual({ logId: 5, endOffset: 64, checksum: 0, durable: false });
  });
});

describe('W4 in a chain', () => {
  test('every byte of every log damaged: all batches, or CORRUPTION that names the file', () => {
    const [, , last] = writeChain([5, 6, 7], 'durable');
    expect(last.isDurable).toBe(true);
    for (const logId of [5, 6, 7]) {
      const original = fileBytes(memory, logPath(logId));
      const contentEnd = FIRST_BATCH_OFFSET + 3 * RECORD_SIZE_BYTES;
      for (let offset = 0; offset < original.length; offset++) {
        const damaged = original.slice();
        damaged[offset] ^= 0x10;
        damage(logId, () => damaged);
        if (offset < contentEnd) {
          expect(failure(), `offset ${offset} of ${logId}`).toMatchObject({
            code: 'CORRUPTION',
            file: logPath(logId),
          });
        } else {
          expect(readChain(memory).numbers).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
        }
      }
      damage(logId, () => original);
    }
  });
});

describe('W6: a log in the place of another', () => {
  test('is refused by its header', () => {
    writeChain([5, 6], 'durable');
    damage(6, () => fileBytes(memory, logPath(5)));
    expect(failure()).toMatchObject({ code: 'CORRUPTION', where: 'wal', file: logPath(6) });
  });
});

describe('W7: a live log that does not exist', () => {
  test('named by the caller, as the manifest does: wal.missing', () => {
    writeChain([5, 6], 'durable');
    expect(failure([5, 6, 7])).toMatchObject({ where: 'wal.missing', file: logPath(7) });
  });

  test('named by the next log: wal.missing', () => {
    writeChain([5, 6, 7], 'durable');
    memory.removeSync(logPath(6));
    expect(failure()).toMatchObject({ code: 'CORRUPTION', where: 'wal.missing', expected: 6 });
    memory.removeSync(logPath(5));
    expect(failure([7], 5)).toMatchObject({ code: 'CORRUPTION', where: 'wal.missing' });
  });
});

describe('W8: logs older than the oldest live one', () => {
  test('do not matter, even if they are damaged', () => {
    writeChain([5, 6], 'durable');
    damage(5, (bytes) => bytes.fill(0));
    expect(readChain(memory, [6], 6).numbers).toEqual([3, 4, 5]);
  });
});

describe('any bytes', () => {
  test('over a chain: a prefix of it, or a StorageError', () => {
    writeChain([5, 6], 'durable');
    const originals = new Map([5, 6].map((id) => [id, fileBytes(memory, logPath(id))]));
    const patch = fc.record({
      logId: fc.constantFrom(5, 6),
      offset: fc.nat({ max: 250 }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    });
    const property = fc.property(patch, ({ logId, offset, bytes }) => {
      for (const [id, original] of originals) damage(id, () => original);
      damage(logId, (original) => {
        original.set(
          bytes.subarray(0, Math.max(0, original.length - offset)),
          Math.min(offset, original.length),
        );
        return original;
      });
      try {
        const { numbers } = readChain(memory);
        expect(numbers).toEqual([0, 1, 2, 3, 4, 5].slice(0, numbers.length));
      } catch (error) {
        expect(error).toMatchObject({ code: 'CORRUPTION' });
      }
    });
    fc.assert(property, { numRuns: 1000, seed: 20_260_103 });
  });
});
