// What is special about real files: modes, hostile paths, short and disturbed system calls, descriptors. The contract
// itself is tested in testing/file-system-suite.test.ts.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { OpenMode, RandomAccessFile } from './file-system.js';
import { NodeFileSystem } from './node-file-system.js';
import { type Errno, systemError } from './system-error.js';

type MoveSync = (
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  size: number,
  position: number,
) => number;
type Moved = (error: Error | null, size: number) => void;
type Move = (...to: [...Parameters<MoveSync>, Moved]) => void;

const MODES: readonly OpenMode[] = ['read', 'write', 'create'];

let directory: string;
let descriptorsBefore: number;
const fileSystem = new NodeFileSystem();
const path = (name: string): string => join(directory, name);
const descriptorCount = (): number => fs.readdirSync('/proc/self/fd').length;

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'varve-vfs-'));
  descriptorsBefore = descriptorCount();
});

afterEach(() => {
  vi.restoreAllMocks();
  expect(descriptorCount(), 'open descriptors after the test').toBe(descriptorsBefore);
  fs.rmSync(directory, { recursive: true });
});

function counting(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => index % 251);
}

function createFile(name: string, content: Uint8Array): RandomAccessFile {
  fs.writeFileSync(path(name), content);
  return fileSystem.openSync(path(name), 'write');
}

/** Makes reads and writes, of both forms, move at most `sizeMax` bytes and fail first as `failures` say. */
function disturbTransfers(sizeMax: number, failures: Errno[] = []): void {
  vi.restoreAllMocks();
  for (const name of ['readSync', 'writeSync'] as const) {
    const real = fs[name].bind(fs) as MoveSync;
    const disturbed: MoveSync = (descriptor, bytes, offset, size, position) => {
      const failure = failures.shift();
      if (failure !== undefined) throw systemError(failure);
      return real(descriptor, bytes, offset, Math.min(size, sizeMax), position);
    };
    vi.spyOn(fs, name).mockImplementation(disturbed as never);
  }
  for (const name of ['read', 'write'] as const) {
    const real = fs[name].bind(fs) as unknown as Move;
    const disturbed: Move = (descriptor, bytes, offset, size, position, done) => {
      const failure = failures.shift();
      if (failure === undefined) {
        real(descriptor, bytes, offset, Math.min(size, sizeMax), position, done);
      } else {
        setImmediate(() => done(systemError(failure), 0));
      }
    };
    vi.spyOn(fs, name).mockImplementation(disturbed as never);
  }
}

describe('NodeFileSystem.openSync', () => {
  test('creates files for their owner only, and directories too', () => {
    fileSystem.makeDirectorySync(path('d/e'));
    fileSystem.openSync(path('d/a'), 'create').closeSync();
    fileSystem.lockSync(path('d/LOCK'), 'test').release();
    expect(fs.statSync(path('d/a')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path('d/LOCK')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path('d')).mode & 0o777).toBe(0o700);
    expect(fs.statSync(path('d/e')).mode & 0o777).toBe(0o700);
  });

  test('M3: never follows a symbolic link, wherever it leads', () => {
    fs.writeFileSync(path('target'), 'content');
    fs.symlinkSync(path('target'), path('link'));
    fs.symlinkSync(path('nowhere'), path('dangling'));
    for (const name of ['link', 'dangling']) {
      for (const mode of ['read', 'write'] as const) {
        expect(() => fileSystem.openSync(path(name), mode)).toThrow('it is a symbolic link');
      }
      expect(() => fileSystem.openSync(path(name), 'create')).toThrow(
        expect.objectContaining({ code: 'ALREADY_EXISTS' }),
      );
      expect(() => fileSystem.lockSync(path(name), 'test')).toThrow('it is a symbolic link');
      expect(fileSystem.existsSync(path(name))).toBe(true);
      expect(fileSystem.statSync(path(name)).kind).toBe('other');
    }
    expect(fs.existsSync(path('nowhere'))).toBe(false);
    expect(fs.readFileSync(path('target'), 'utf8')).toBe('content');
  });

  test('locks no file that has another name, and tells of the names of any', () => {
    fs.writeFileSync(path('victim'), 'content');
    fs.linkSync(path('victim'), path('LOCK'));
    const message = expect.stringContaining('remove that name, or LOCK in the copy');
    const refused = { code: 'INVALID_ARGUMENT', file: path('LOCK'), message };
    expect(() => fileSystem.lockSync(path('LOCK'), 'test')).toThrow(
      expect.objectContaining(refused),
    );
    expect(fs.readFileSync(path('victim'), 'utf8')).toBe('content');
    expect(fileSystem.statSync(path('victim')).linkCount).toBe(2);
    fs.rmSync(path('LOCK'));
    expect(fileSystem.statSync(path('victim')).linkCount).toBe(1);
  });

  test('refuses a pipe without waiting for its other end', () => {
    execFileSync('mkfifo', [path('pipe')]);
    for (const mode of ['read', 'write'] as const) {
      expect(() => fileSystem.openSync(path('pipe'), mode)).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    }
    expect(() => fileSystem.lockSync(path('pipe'), 'test')).toThrow('it is not a regular file');
    expect(fileSystem.statSync(path('pipe')).kind).toBe('other');
  });

  test('refuses a directory by its name', () => {
    expect(() => fileSystem.openSync(directory, 'read')).toThrow(
      `Cannot open ${directory}: it is a directory (EISDIR)`,
    );
  });

  test('refuses a device and closes it again', () => {
    for (const mode of ['read', 'write'] as const) {
      expect(() => fileSystem.openSync('/dev/null', mode)).toThrow('it is not a regular file');
    }
  });

  test.each(MODES)(
    "refuses a path with a NUL byte or a name that is too long: mode '%s'",
    (mode) => {
      for (const name of ['a\0b', 'n'.repeat(256)]) {
        expect(() => fileSystem.openSync(path(name), mode)).toThrow(
          expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
        );
      }
    },
  );

  test('I6: says when the process has too many files open', () => {
    vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw systemError('EMFILE');
    });
    expect(() => fileSystem.openSync(path('a'), 'create')).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_FILES', retryable: true }),
    );
  });
});

describe('NodeFileSystem', () => {
  test('existsSync() tells a file that cannot be looked for from one that is not there', () => {
    vi.spyOn(fs, 'lstatSync').mockImplementation(() => {
      throw systemError('EACCES');
    });
    expect(() => fileSystem.existsSync(path('a'))).toThrow('permission denied');
  });

  test('realPathSync() resolves symbolic links', () => {
    fs.mkdirSync(path('d'));
    fs.symlinkSync(path('d'), path('link'));
    expect(fileSystem.realPathSync(path('link'))).toBe(fs.realpathSync(path('d')));
  });

  test('a failed sync of a directory is reported once it is closed', async () => {
    vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
      throw systemError('EIO');
    });
    vi.spyOn(fs, 'fsync').mockImplementation((_descriptor, done) => done(systemError('EIO')));
    const expected = { code: 'IO', retryable: false, file: directory };
    expect(() => fileSystem.syncDirectorySync(directory)).toThrow(
      expect.objectContaining(expected),
    );
    await expect(fileSystem.syncDirectory(directory)).rejects.toMatchObject(expected);
  });
});

describe('RandomAccessFile on disk', () => {
  test.each([1, 3, 7, 100])('loops over reads and writes of %i bytes', async (sizeMax) => {
    const file = createFile('a', new Uint8Array(0));
    disturbTransfers(sizeMax);
    file.writeSync(counting(20), 0, 20, 5);
    await file.write(counting(40), 20, 20, 25);
    const target = new Uint8Array(100).fill(255);
    expect(file.readSync(target, 10, 20, 5)).toBe(20);
    expect(await file.read(target, 30, 60, 25)).toBe(20);
    expect(target.subarray(10, 50)).toEqual(counting(40));
    expect(target[9]).toBe(255);
    expect(target[50]).toBe(255);
    file.closeSync();
  });

  test('I8: makes a disturbed system call again', async () => {
    const file = createFile('a', counting(10));
    const target = new Uint8Array(10);
    disturbTransfers(4, ['EINTR', 'EAGAIN']);
    expect(file.readSync(target, 0, 10, 0)).toBe(10);
    disturbTransfers(4, ['EINTR', 'EAGAIN']);
    expect(await file.read(target, 0, 10, 0)).toBe(10);
    disturbTransfers(4, ['EINTR', 'EAGAIN']);
    file.writeSync(target, 0, 10, 10);
    disturbTransfers(4, ['EINTR', 'EAGAIN']);
    await file.write(target, 0, 10, 20);
    expect(file.sizeSync()).toBe(30);
    file.closeSync();
  });

  test('I8: gives up when a system call is disturbed without end', async () => {
    const file = createFile('a', counting(10));
    const target = new Uint8Array(10);
    const expected = { code: 'IO', retryable: true, offset: 0 };
    disturbTransfers(4, new Array<Errno>(17).fill('EINTR'));
    expect(() => file.readSync(target, 0, 10, 0)).toThrow(expect.objectContaining(expected));
    disturbTransfers(4, new Array<Errno>(17).fill('EINTR'));
    await expect(file.read(target, 0, 10, 0)).rejects.toMatchObject(expected);
    file.closeSync();
  });

  test('reports an error in the middle of a transfer', async () => {
    const file = createFile('a', counting(10));
    const target = new Uint8Array(10);
    disturbTransfers(4, ['EIO']);
    expect(() => file.readSync(target, 0, 10, 0)).toThrow(
      expect.objectContaining({ code: 'IO', retryable: true, file: path('a'), offset: 0 }),
    );
    disturbTransfers(4, ['ENOSPC']);
    await expect(file.write(target, 0, 10, 3)).rejects.toMatchObject({
      code: 'NO_SPACE',
      message: `Cannot write 10 bytes at offset 3 of ${path('a')}: no space left on the device (ENOSPC)`,
    });
    file.closeSync();
  });

  test('does not loop for ever when nothing can be written', async () => {
    const file = createFile('a', counting(10));
    vi.spyOn(fs, 'writeSync').mockImplementation(() => 0);
    vi.spyOn(fs, 'write').mockImplementation(((...to: [...Parameters<MoveSync>, Moved]) =>
      setImmediate(() => to[5](null, 0))) as never);
    expect(() => file.writeSync(counting(2), 0, 2, 0)).toThrow('input/output error');
    await expect(file.write(counting(2), 0, 2, 0)).rejects.toMatchObject({ code: 'IO' });
    file.closeSync();
  });

  test('reports a failed sync as one that must not be repeated', async () => {
    const file = createFile('a', counting(10));
    vi.spyOn(fs, 'fdatasyncSync').mockImplementation(() => {
      throw systemError('EIO');
    });
    vi.spyOn(fs, 'fdatasync').mockImplementation((_descriptor, done) => done(systemError('EIO')));
    const expected = { code: 'IO', retryable: false, file: path('a') };
    expect(() => file.syncDataSync()).toThrow(expect.objectContaining(expected));
    await expect(file.syncData()).rejects.toMatchObject(expected);
    expect(fs.fdatasyncSync).toHaveBeenCalledTimes(1);
    expect(fs.fdatasync).toHaveBeenCalledTimes(1);
    file.closeSync();
  });

  test('P14: keeps its descriptor until the last operation in flight has ended', async () => {
    const file = createFile('a', counting(10));
    const closeSync = vi.spyOn(fs, 'closeSync');
    const target = new Uint8Array(10);
    const reading = file.read(target, 0, 10, 0);
    const syncing = file.syncData();
    file.closeSync();
    file.closeSync();
    expect(closeSync).not.toHaveBeenCalled();
    expect(await reading).toBe(10);
    await syncing;
    expect(closeSync).toHaveBeenCalledTimes(1);
  });

  test('I12: reports an error of closing, and never closes again', async () => {
    const first = createFile('a', counting(10));
    const second = fileSystem.openSync(path('a'), 'write');
    const realCloseSync = fs.closeSync.bind(fs);
    const closeSync = vi.spyOn(fs, 'closeSync').mockImplementation((descriptor) => {
      realCloseSync(descriptor);
      throw systemError('EIO');
    });
    expect(() => first.closeSync()).toThrow(`Cannot close ${path('a')}: input/output error (EIO)`);
    first.closeSync();
    const syncing = second.syncData();
    second.closeSync();
    await expect(syncing).rejects.toMatchObject({ code: 'IO' });
    expect(closeSync).toHaveBeenCalledTimes(2);
  });
});
