import { createRandom, initializeChecksums } from '@varve/base';
import {
  FaultyFileSystem,
  type FileOperation,
  type FileStatus,
  MemoryFileSystem,
  RecordingFileSystem,
} from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { decodeLogFileHeader, LogKind } from '../log/index.js';
import { DATABASE_ID, fileBytes } from '../log/testing/log-fixture.js';
import {
  append,
  DIRECTORY,
  logName,
  logPath,
  prepare,
  startLog,
  WatchedFileSystem,
} from './testing/wal-fixture.js';

let memory: MemoryFileSystem;

beforeAll(initializeChecksums);

beforeEach(() => {
  memory = new MemoryFileSystem();
  memory.makeDirectorySync(DIRECTORY);
  memory.syncDirectorySync('/');
});

/** In which every file has a hard link elsewhere; `onRemove` is told of what loses its name here. */
class LinkedFileSystem extends WatchedFileSystem {
  linkCount = 2;
  readonly #onRemove: (path: string) => void;

  constructor(inner: MemoryFileSystem, onRemove: (path: string) => void) {
    super(inner, () => {});
    this.#onRemove = onRemove;
  }

  override statSync(path: string): FileStatus {
    return { ...super.statSync(path), linkCount: this.linkCount };
  }

  override removeSync(path: string): void {
    this.#onRemove(path);
    super.removeSync(path);
  }
}

/** Makes an old log that may be recycled. */
function writeOldLog(logId: number): Uint8Array {
  const log = startLog(memory, logId);
  for (let number = 0; number < 20; number++) append(log, number);
  log.syncSync();
  log.closeSync();
  return fileBytes(memory, logPath(logId));
}

function headerOf(fileSystem: MemoryFileSystem, logId: number) {
  const bytes = fileBytes(fileSystem, logPath(logId));
  const expected = { kind: LogKind.wal, logId, databaseId: DATABASE_ID };
  return decodeLogFileHeader(bytes, logPath(logId), expected);
}

describe('prepareLog', () => {
  test('makes a new file durable before it gets its name', () => {
    const recording = new RecordingFileSystem(memory, { root: DIRECTORY });
    prepare(recording, 12, { preallocateBytes: 1000 });
    expect(recording.lines).toEqual([
      'create 000012.tmp',
      'write 000012.tmp 0..1000',
      'sync 000012.tmp',
      'rename 000012.tmp -> 000012.log',
      'sync directory .',
    ]);
  });

  test('makes the header of a recycled file durable under its old name', () => {
    const old = writeOldLog(5);
    const recording = new RecordingFileSystem(memory, { root: DIRECTORY });
    prepare(recording, 12, { recycledLogId: 5, preallocateBytes: 1000 });
    expect(recording.lines).toEqual([
      `write 000005.log 0..64, ${old.length}..1000`,
      'sync 000005.log',
      'rename 000005.log -> 000012.log',
      'sync directory .',
    ]);
    expect(headerOf(memory, 12).origin).toBe('recycled');
    const bytes = fileBytes(memory, logPath(12));
    expect(bytes.length).toBe(1000);
    expect(bytes.subarray(64, old.length)).toEqual(old.subarray(64));
  });

  test('keeps the size of a recycled file that is large enough', () => {
    const old = writeOldLog(5);
    prepare(memory, 12, { recycledLogId: 5, preallocateBytes: 100 });
    expect(fileBytes(memory, logPath(12)).length).toBe(old.length);
  });

  test('does not write over a file that has another name, but gives up its own', () => {
    const old = writeOldLog(5);
    const linked = new Map<string, Uint8Array>();
    const fileSystem = new LinkedFileSystem(memory, (path) =>
      linked.set(path, fileBytes(memory, path)),
    );
    prepare(fileSystem, 12, { recycledLogId: 5 });
    expect(linked).toEqual(new Map([[logPath(5), old]]));
    expect(headerOf(memory, 12).origin).toBe('new');
    expect(memory.listSync(DIRECTORY)).toEqual(['000012.log']);
  });

  test('writes over a file of a file system that counts no names', () => {
    writeOldLog(5);
    const fileSystem = new LinkedFileSystem(memory, () => {});
    fileSystem.linkCount = 0;
    prepare(fileSystem, 12, { recycledLogId: 5 });
    expect(headerOf(memory, 12).origin).toBe('recycled');
  });

  test('makes a new file where the one to be written over is gone', () => {
    prepare(memory, 12, { recycledLogId: 5 });
    expect(headerOf(memory, 12).origin).toBe('new');
    expect(memory.listSync(DIRECTORY)).toEqual(['000012.log']);
  });

  test('leaves a file that a crash changes in no way', () => {
    prepare(memory, 12, { preallocateBytes: 5000 });
    expect(memory.describeUnsynced()).toEqual([]);
    expect(memory.openPaths()).toEqual([]);
    expect(headerOf(memory.crash('drop', createRandom(1)), 12).origin).toBe('new');
  });

  test('replaces the temporary file of an attempt that a crash cut short', () => {
    const remains = memory.openSync(`${DIRECTORY}/000012.tmp`, 'create');
    remains.writeSync(new Uint8Array(300).fill(7), 0, 300, 0);
    prepare(memory, 12);
    expect(fileBytes(memory, logPath(12)).length).toBe(64);
    expect(memory.listSync(DIRECTORY)).toEqual(['000012.log']);
  });

  test('refuses a name that is taken and changes nothing', () => {
    const old = writeOldLog(12);
    expect(() => prepare(memory, 12)).toThrow(
      expect.objectContaining({ code: 'ALREADY_EXISTS', file: logPath(12) }),
    );
    expect(fileBytes(memory, logPath(12))).toEqual(old);
    expect(memory.listSync(DIRECTORY)).toEqual(['000012.log']);
  });

  test.each([undefined, 5])(
    'crashed at every step: a file under the name has the header of that log (recycled: %s)',
    (recycledLogId) => {
      if (recycledLogId !== undefined) writeOldLog(recycledLogId);
      const random = createRandom(20_260_102);
      let imageCount = 0;
      const inspect = (): void => {
        for (const model of ['kill', 'drop', 'ordered', 'posix', 'posix', 'posix'] as const) {
          const image = memory.crash(model, random);
          imageCount++;
          if (image.existsSync(logPath(12))) headerOf(image, 12);
        }
      };
      const crashing = new WatchedFileSystem(memory, inspect);
      prepare(crashing, 12, { preallocateBytes: 3000, ...(recycledLogId && { recycledLogId }) });
      inspect();
      expect(imageCount).toBeGreaterThan(6 * 6);
    },
  );
});

describe('prepareLog that fails', () => {
  const steps: readonly (readonly [FileOperation, number | undefined])[] = [
    ['create', undefined],
    ['write', undefined],
    ['syncData', undefined],
    ['rename', undefined],
    ['syncDirectory', undefined],
    ['write', 5],
    ['syncData', 5],
    ['rename', 5],
    ['syncDirectory', 5],
  ];

  test.each(steps)(
    'at %s, recycling %s: reports it, removes the file, and can run again',
    (operation, recycledLogId) => {
      if (recycledLogId !== undefined) writeOldLog(recycledLogId);
      const faulty = new FaultyFileSystem(memory, {
        rules: [{ operation, effect: { kind: 'error', errno: 'EIO' } }],
      });
      const options = recycledLogId === undefined ? {} : { recycledLogId };
      const code = operation === 'syncDirectory' ? 'DURABILITY_UNKNOWN' : 'IO';
      expect(() => prepare(faulty, 12, options)).toThrow(expect.objectContaining({ code }));
      expect(memory.listSync(DIRECTORY)).toEqual([]);
      expect(memory.openPaths()).toEqual([]);
      prepare(faulty, 13);
      expect(memory.listSync(DIRECTORY)).toEqual([logName(13)]);
    },
  );

  // Found by FailEvery: background work that lacks space waits for it, and any other failure stops writing.
  test('I5: says that the disk is full although the file cannot be closed either', () => {
    for (const operation of ['write', 'syncData'] as const) {
      const faulty = new FaultyFileSystem(memory, {
        rules: [
          { operation, effect: { kind: 'error', errno: 'ENOSPC' } },
          { operation: 'close', effect: { kind: 'error', errno: 'EIO' } },
        ],
      });
      expect(() => prepare(faulty, 12)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    }
  });

  test('reports the first failure if the file cannot be removed either', () => {
    const faulty = new FaultyFileSystem(memory, {
      rules: [
        { operation: 'syncData', effect: { kind: 'error', errno: 'ENOSPC' } },
        { operation: 'remove', effect: { kind: 'error', errno: 'EIO' }, duration: 'sticky' },
      ],
    });
    expect(() => prepare(faulty, 12)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    expect(memory.listSync(DIRECTORY)).toEqual(['000012.tmp']);
  });
});
