import { BugError, createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import type { FaultRule } from './fault-rules.js';
import { FaultyFileSystem, type FaultyFileSystemOptions } from './faulty-file-system.js';
import type { RandomAccessFile } from './file-system.js';
import { MemoryFileSystem } from './memory-file-system.js';

const EIO = { kind: 'error', errno: 'EIO' } as const;

function faulty(...rules: FaultRule[]) {
  const memory = new MemoryFileSystem();
  return { memory, fileSystem: new FaultyFileSystem(memory, { rules }) };
}

/** Which of ten calls fail. */
function failingCalls(rule: FaultRule): number[] {
  const { fileSystem } = faulty(rule);
  return Array.from({ length: 10 }, (_, index) => index + 1).filter((callNumber) => {
    try {
      fileSystem.existsSync(`/file-${callNumber}`);
      return false;
    } catch {
      return true;
    }
  });
}

describe('FaultRule', () => {
  test.each<[string, FaultRule, number[]]>([
    ['the first call', { effect: EIO }, [1]],
    ['the third call', { nth: 3, effect: EIO }, [3]],
    [
      'every call from the third',
      { nth: 3, duration: 'sticky', effect: EIO },
      [3, 4, 5, 6, 7, 8, 9, 10],
    ],
    ['each fourth call', { every: 4, effect: EIO }, [4, 8]],
    ['calls of one operation', { operation: 'exists', nth: 2, effect: EIO }, [2]],
    ['calls of several operations', { operation: ['read', 'exists'], effect: EIO }, [1]],
    ['no call of another operation', { operation: 'read', effect: EIO }, []],
    ['calls on one name', { path: 'file-7', duration: 'sticky', effect: EIO }, [7]],
    ['calls on names by a pattern', { path: '*-1*', duration: 'sticky', effect: EIO }, [1, 10]],
    ['calls on a whole path', { path: '/f*9', effect: EIO }, [9]],
    ['no call on a name that has special characters', { path: 'file.7', effect: EIO }, []],
    [
      'every call that is certain',
      { chance: { probability: 1, seed: 1 }, effect: EIO },
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    ],
    ['no call without a chance', { chance: { probability: 0, seed: 1 }, effect: EIO }, []],
    ['no transfer among other calls', { effect: { kind: 'short', sizeBytes: 0 } }, []],
  ])('picks %s', (_, rule, expected) => {
    expect(failingCalls(rule)).toEqual(expected);
  });

  test('picks calls by chance, the same ones for the same seed', () => {
    const pick = (seed: number): number[] =>
      failingCalls({ chance: { probability: 0.5, seed }, effect: EIO });
    const picks = [1, 2, 3, 4, 5].map(pick);
    expect(picks).toEqual([1, 2, 3, 4, 5].map(pick));
    expect(new Set(picks.map(String)).size).toBeGreaterThan(1);
    const count = picks.flat().length;
    expect(count).toBeGreaterThan(10);
    expect(count).toBeLessThan(40);
  });

  test('picks a rename by either of its paths', () => {
    for (const path of ['from', 'to']) {
      const { fileSystem } = faulty({ path, effect: EIO, operation: 'rename' });
      expect(() => fileSystem.renameSync('/from', '/to')).toThrow(
        'Cannot rename /from to /to: input/output error (EIO)',
      );
    }
  });

  test('is left to the first of several rules that picks a call', () => {
    const { fileSystem } = faulty(
      { path: 'a', effect: EIO },
      { duration: 'sticky', effect: { kind: 'error', errno: 'EMFILE' } },
    );
    const codes = ['/b', '/a', '/a'].map((path) => {
      try {
        return String(fileSystem.existsSync(path));
      } catch (error) {
        return (error as { code: string }).code;
      }
    });
    expect(codes).toEqual(['TOO_MANY_FILES', 'IO', 'TOO_MANY_FILES']);
  });

  test.each<FaultRule>([
    { operation: 'rename', effect: { kind: 'short', sizeBytes: 1 } },
    { operation: ['read', 'close'], effect: { kind: 'corrupt', bit: 1 } },
    { every: 2, nth: 1, effect: EIO },
    { every: 2, duration: 'once', effect: EIO },
    { every: 0, effect: EIO },
    { nth: 0, effect: EIO },
    { chance: { probability: 0.5, seed: 1 }, nth: 2, effect: EIO },
    { chance: { probability: 1.5, seed: 1 }, effect: EIO },
  ])('that makes no sense is a bug: %j', (rule) => {
    expect(() => faulty(rule)).toThrow(BugError);
  });
});

describe.each(['synchronous', 'asynchronous'] as const)('FaultyFileSystem, %s calls', (form) => {
  async function read(file: RandomAccessFile): Promise<number[]> {
    const bytes = new Uint8Array(6).fill(255);
    const size =
      form === 'synchronous' ? file.readSync(bytes, 1, 4, 0) : await file.read(bytes, 1, 4, 0);
    return [size, ...bytes];
  }

  async function write(file: RandomAccessFile, bytes: Uint8Array): Promise<void> {
    if (form === 'synchronous') file.writeSync(bytes, 1, 4, 0);
    else await file.write(bytes, 1, 4, 0);
  }

  async function sync(file: RandomAccessFile): Promise<void> {
    if (form === 'synchronous') file.syncDataSync();
    else await file.syncData();
  }

  const SOURCE = Uint8Array.of(99, 1, 2, 3, 4, 99);

  test('an error of a read leaves the target as it was', async () => {
    const { fileSystem } = faulty({ operation: 'read', effect: EIO });
    const file = fileSystem.openSync('/a', 'create');
    await write(file, SOURCE);
    await expect(read(file)).rejects.toMatchObject({ code: 'IO', retryable: true, offset: 0 });
    expect(await read(file)).toEqual([4, 255, 1, 2, 3, 4, 255]);
  });

  test('an error of a write changes nothing', async () => {
    const { fileSystem } = faulty({
      operation: 'write',
      effect: { kind: 'error', errno: 'ENOSPC' },
    });
    const file = fileSystem.openSync('/a', 'create');
    await expect(write(file, SOURCE)).rejects.toMatchObject({ code: 'NO_SPACE', file: '/a' });
    expect(file.sizeSync()).toBe(0);
  });

  test('a short read looks like the end of the file', async () => {
    const { fileSystem } = faulty({ operation: 'read', effect: { kind: 'short', sizeBytes: 3 } });
    const file = fileSystem.openSync('/a', 'create');
    await write(file, SOURCE);
    expect(await read(file)).toEqual([3, 255, 1, 2, 3, 255, 255]);
    expect(fileSystem.injected).toHaveLength(1);
    expect(fileSystem.injected[0]?.error).toBeUndefined();
  });

  test('a short write writes a part and fails', async () => {
    const { fileSystem } = faulty(
      { operation: 'write', effect: { kind: 'short', sizeBytes: 3 } },
      { operation: 'write', effect: { kind: 'short', sizeBytes: 9, errno: 'ENOSPC' } },
    );
    const file = fileSystem.openSync('/a', 'create');
    await expect(write(file, SOURCE)).rejects.toMatchObject({ code: 'IO' });
    expect(await read(file)).toEqual([3, 255, 1, 2, 3, 255, 255]);
    await expect(write(file, SOURCE)).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect(await read(file)).toEqual([4, 255, 1, 2, 3, 4, 255]);
  });

  test('a corrupt read shows one wrong bit and leaves the file as it is', async () => {
    const { fileSystem } = faulty({ operation: 'read', effect: { kind: 'corrupt', bit: 32 + 9 } });
    const file = fileSystem.openSync('/a', 'create');
    expect(await read(file)).toEqual([0, 255, 255, 255, 255, 255, 255]);
    fileSystem.addRule({ operation: 'read', effect: { kind: 'corrupt', bit: 32 + 9 } });
    await write(file, SOURCE);
    expect(await read(file)).toEqual([4, 255, 1, 2 ^ 2, 3, 4, 255]);
    expect(await read(file)).toEqual([4, 255, 1, 2, 3, 4, 255]);
  });

  test('a corrupt write damages one bit of the file and nothing of the source', async () => {
    const { fileSystem } = faulty({ operation: 'write', effect: { kind: 'corrupt', bit: 31 } });
    const file = fileSystem.openSync('/a', 'create');
    const source = SOURCE.slice();
    await write(file, source);
    expect(source).toEqual(SOURCE);
    expect(await read(file)).toEqual([4, 255, 1, 2, 3, 4 ^ 128, 255]);
  });

  test('a failed sync covers nothing, and can be made to lose what it should have covered', async () => {
    const memory = new MemoryFileSystem();
    const fileSystem = new FaultyFileSystem(memory, {
      rules: [{ operation: 'syncData', path: '*.log', effect: EIO }],
      onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
    });
    const file = fileSystem.openSync('/1.log', 'create');
    fileSystem.syncDirectorySync('/');
    await write(file, SOURCE);
    await expect(sync(file)).rejects.toMatchObject({ code: 'IO', retryable: false });
    await sync(file);
    const survivor = memory.crash('posix', createRandom(1));
    expect(survivor.statSync('/1.log').sizeBytes).toBe(0);
  });

  test('an error of a sync of a directory leaves its names open', async () => {
    const { memory, fileSystem } = faulty({ operation: 'syncDirectory', effect: EIO });
    fileSystem.openSync('/a', 'create').closeSync();
    const syncDirectory = async () =>
      form === 'synchronous' ? fileSystem.syncDirectorySync('/') : fileSystem.syncDirectory('/');
    await expect(syncDirectory()).rejects.toMatchObject({ code: 'IO', file: '/' });
    expect(memory.describeUnsynced()).toEqual(['create /a']);
    await syncDirectory();
    expect(memory.describeUnsynced()).toEqual([]);
  });
});

describe('FaultyFileSystem', () => {
  test('closes and unlocks although it reports an error, once', () => {
    const { memory, fileSystem } = faulty({
      operation: ['close', 'unlock'],
      duration: 'sticky',
      effect: EIO,
    });
    const file = fileSystem.openSync('/a', 'create');
    expect(() => file.closeSync()).toThrow('Cannot close /a: input/output error (EIO)');
    file.closeSync();
    expect(memory.openPaths()).toEqual([]);
    const lock = fileSystem.lockSync('/LOCK', 'test');
    expect(() => lock.release()).toThrow('Cannot unlock /LOCK: input/output error (EIO)');
    lock.release();
    memory.lockSync('/LOCK', 'test').release();
  });

  test('counts calls, and notes every fault with its error', () => {
    const { fileSystem } = faulty({ nth: 2, effect: EIO });
    const file = fileSystem.openSync('/a', 'create');
    let thrown: unknown;
    try {
      file.sizeSync();
    } catch (error) {
      thrown = error;
    }
    file.closeSync();
    expect(fileSystem.callCount).toBe(3);
    expect(fileSystem.injected).toEqual([
      { call: { operation: 'size', path: '/a' }, effect: EIO, error: thrown },
    ]);
  });

  test('notes of a fault that the same call was made again, and went well', () => {
    const { fileSystem } = faulty({ operation: 'create', nth: 1, effect: EIO });
    expect(() => fileSystem.openSync('/a', 'create')).toThrow();
    fileSystem.openSync('/b', 'create').closeSync();
    expect(fileSystem.injected[0]?.isMadeAgain).toBeUndefined();
    fileSystem.openSync('/a', 'create').closeSync();
    expect(fileSystem.injected[0]?.isMadeAgain).toBe(true);
  });

  test('clearRules() heals it', () => {
    const { fileSystem } = faulty({ duration: 'sticky', effect: EIO });
    expect(() => fileSystem.listSync('/')).toThrow('Cannot list /: input/output error (EIO)');
    fileSystem.clearRules();
    expect(fileSystem.listSync('/')).toEqual([]);
    fileSystem.addRule({ effect: EIO });
    expect(() => fileSystem.listSync('/')).toThrow('input/output error');
  });

  test('offers no files to workers', () => {
    expect(faulty().fileSystem.capability.workers).toBe(false);
  });
});

describe('FaultyFileSystem beyond errors', () => {
  /** A file that holds `0123456789`, on a file system with these rules. */
  function digits(options: FaultyFileSystemOptions) {
    const memory = new MemoryFileSystem();
    const inner = memory.openSync('/digits', 'create');
    inner.writeSync(new TextEncoder().encode('0123456789'), 0, 10, 0);
    inner.syncDataSync();
    memory.syncDirectorySync('/');
    const fileSystem = new FaultyFileSystem(memory, {
      onSyncFailure: (path) => memory.failSync(path, 'ext4-data'),
      ...options,
    });
    return { memory, fileSystem, file: fileSystem.openSync('/digits', 'write') };
  }

  function textOf(file: RandomAccessFile): string {
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    return new TextDecoder().decode(bytes);
  }

  test.each([
    { offsetBytes: 3, readText: '45', written: '0123xy6789' },
    { offsetBytes: -9, readText: '01', written: 'xy23456789' },
  ])('misdirects a transfer by $offsetBytes', ({ offsetBytes, readText, written }) => {
    const effect = { kind: 'misdirect', offsetBytes } as const;
    const { memory, file, fileSystem } = digits({
      rules: [
        { operation: 'read', effect },
        { operation: 'write', effect },
      ],
    });
    const bytes = new Uint8Array(2);
    expect(file.readSync(bytes, 0, 2, 1)).toBe(2);
    expect(new TextDecoder().decode(bytes)).toBe(readText);
    file.writeSync(new TextEncoder().encode('xy'), 0, 2, 1);
    expect(textOf(memory.openSync('/digits', 'read'))).toBe(written);
    expect(fileSystem.injected).toHaveLength(2);
  });

  test.each(['sync', 'async'] as const)(
    'I1: tells of a lost sync at the next one (%s)',
    async (form) => {
      const { memory, file } = digits({ rules: [{ effect: { kind: 'lateSyncError' } }] });
      const sync = async () => (form === 'sync' ? file.syncDataSync() : file.syncData());
      file.writeSync(new TextEncoder().encode('ab'), 0, 2, 0);
      await sync();
      const survivor = memory.crash('drop', createRandom(1));
      expect(textOf(survivor.openSync('/digits', 'read'))).toBe('0123456789');
      expect(textOf(file)).toBe('ab23456789');
      await expect(sync()).rejects.toMatchObject({ code: 'IO', file: '/digits' });
      await sync();
    },
  );

  test('delays calls by the clock that it was given, and blocks synchronous ones', async () => {
    const waiting: (() => void)[] = [];
    const blockedMs: number[] = [];
    const { file } = digits({
      rules: [{ operation: 'syncData', duration: 'sticky', effect: { kind: 'delay', ms: 70 } }],
      clock: { delay: (ms, run) => ({ cancel: () => ms, wake: waiting.push(run) }) },
      block: (ms) => blockedMs.push(ms),
    });
    let isDone = false;
    const syncing = file.syncData().then(() => {
      isDone = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([isDone, waiting.length]).toEqual([false, 1]);
    waiting[0]!();
    await syncing;
    file.syncDataSync();
    expect(blockedMs).toEqual([70]);
  });

  test('lets an asynchronous call hang and leaves synchronous ones alone', async () => {
    const { file } = digits({
      rules: [{ operation: 'read', duration: 'sticky', effect: { kind: 'hang' } }],
    });
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    file.read(new Uint8Array(1), 0, 1, 0).then(note, note);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isSettled).toBe(false);
    expect(textOf(file)).toBe('0123456789');
  });

  test('lets nothing through after a crash, of which it tells once', async () => {
    const crashes: string[] = [];
    const { memory, file, fileSystem } = digits({
      rules: [{ operation: 'write', nth: 2, effect: { kind: 'crash' } }],
      onCrash: ({ operation }) =>
        crashes.push(`${operation} of ${textOf(memory.openSync('/digits', 'read'))}`),
    });
    const write = (): void => file.writeSync(new TextEncoder().encode('z'), 0, 1, 0);
    write();
    expect(write).toThrow(expect.objectContaining({ code: 'IO' }));
    expect(() => fileSystem.removeSync('/digits')).toThrow();
    let isSettled = false;
    const note = (): void => {
      isSettled = true;
    };
    file.syncData().then(note, note);
    await new Promise((resolve) => setImmediate(resolve));
    expect([isSettled, memory.existsSync('/digits'), crashes]).toEqual([
      false,
      true,
      ['write of z123456789'],
    ]);
  });
});
