import { BugError, isStorageError, StorageError, type StorageErrorCode } from '@varve/base';
import { describe, expect, test } from 'vitest';
import type { FileCall } from './file-system.js';
import {
  attempt,
  type Errno,
  isInterruption,
  systemError,
  toStorageError,
} from './system-error.js';

const CALL: FileCall = { operation: 'open', path: '/db/000007.sst' };

describe('toStorageError', () => {
  test.each<[Errno, StorageErrorCode]>([
    ['EACCES', 'IO'],
    ['EAGAIN', 'IO'],
    ['EDQUOT', 'NO_SPACE'],
    ['EEXIST', 'ALREADY_EXISTS'],
    ['EFBIG', 'IO'],
    ['EINTR', 'IO'],
    ['EINVAL', 'IO'],
    ['EIO', 'IO'],
    ['EISDIR', 'INVALID_ARGUMENT'],
    ['ELOOP', 'INVALID_ARGUMENT'],
    ['EMFILE', 'TOO_MANY_FILES'],
    ['ENAMETOOLONG', 'INVALID_ARGUMENT'],
    ['ENFILE', 'TOO_MANY_FILES'],
    ['ENOENT', 'NOT_FOUND'],
    ['ENOSPC', 'NO_SPACE'],
    ['ENOTDIR', 'INVALID_ARGUMENT'],
    ['ENOTEMPTY', 'ALREADY_EXISTS'],
    ['ENXIO', 'INVALID_ARGUMENT'],
    ['EPERM', 'IO'],
    ['EROFS', 'READ_ONLY'],
    ['EXDEV', 'IO'],
  ])('gives %s the code %s, and keeps cause and file', (errno, code) => {
    const cause = systemError(errno);
    expect(toStorageError(cause, CALL)).toMatchObject({ code, cause, file: CALL.path });
  });

  test('gives an unknown name of an error the code IO', () => {
    const cause = Object.assign(new Error('ESTALE: stale handle'), { code: 'ESTALE' });
    expect(toStorageError(cause, CALL)).toMatchObject({
      code: 'IO',
      message: 'Cannot open /db/000007.sst: the system call failed (ESTALE)',
    });
  });

  test('gives a call that the runtime does not permit, as Deno says it, the code IO', () => {
    const cause = Object.assign(new Error('Requires sys access'), { name: 'NotCapable' });
    expect(toStorageError(cause, CALL)).toMatchObject({
      ...{ code: 'IO', cause, retryable: false },
      message: 'Cannot open /db/000007.sst: the runtime does not permit it (NotCapable)',
    });
  });

  test('gives a code that is a name every object has the code IO', () => {
    const cause = Object.assign(new Error('odd'), { code: 'constructor' });
    expect(toStorageError(cause, CALL)).toMatchObject({ code: 'IO' });
  });

  test.each<[FileCall, string]>([
    [CALL, 'open /db/000007.sst'],
    [{ operation: 'create', path: '/a' }, 'create /a'],
    [{ operation: 'read', path: '/a', position: 40, length: 4 }, 'read 4 bytes at offset 40 of /a'],
    [{ operation: 'write', path: '/a', position: 0, length: 9 }, 'write 9 bytes at offset 0 of /a'],
    [{ operation: 'truncate', path: '/a', position: 5 }, 'truncate /a to 5 bytes'],
    [{ operation: 'rename', path: '/a', toPath: '/b' }, 'rename /a to /b'],
    [{ operation: 'syncDirectory', path: '/d' }, 'sync directory /d'],
    [{ operation: 'freeSpace', path: '/d' }, 'measure the free space at /d'],
  ])('says what could not be done: %j', (call, action) => {
    const { message } = toStorageError(systemError('EIO'), call);
    expect(message).toBe(`Cannot ${action}: input/output error (EIO)`);
  });

  test('gives the offset of a transfer', () => {
    const call: FileCall = { operation: 'read', path: '/a', position: 40, length: 4 };
    expect(toStorageError(systemError('EIO'), call)).toMatchObject({ offset: 40 });
    expect(toStorageError(systemError('EIO'), CALL)).not.toHaveProperty('offset');
  });

  test.each<[FileCall['operation'], Errno, boolean]>([
    ['read', 'EIO', true],
    ['write', 'EIO', false],
    ['read', 'EINTR', true],
    ['write', 'EAGAIN', true],
    ['open', 'EACCES', false],
    ['open', 'EMFILE', true],
    ['write', 'ENOSPC', true],
    ['syncData', 'EIO', false],
    ['syncData', 'ENOSPC', false],
    ['syncDirectory', 'ENOSPC', false],
  ])('for %s and %s: worth a retry is %s', (operation, errno, retryable) => {
    const call: FileCall = { operation, path: '/a', position: 0, length: 1 };
    expect(toStorageError(systemError(errno), call)).toMatchObject({ retryable });
  });

  test('passes on errors of our own, and turns anything else into a bug', () => {
    const known = new StorageError('LOCKED', 'Cannot lock /a: held');
    const bug = new BugError('An assertion failed');
    expect(toStorageError(known, CALL)).toBe(known);
    expect(toStorageError(bug, CALL)).toBe(bug);
    expect(toStorageError(new TypeError('x is not a function'), CALL)).toBeInstanceOf(BugError);
    expect(toStorageError('a string', CALL)).toBeInstanceOf(BugError);
  });
});

describe('attempt', () => {
  test('gives what the function gives, and throws what its error means', () => {
    expect(attempt(CALL, () => 7)).toBe(7);
    const failing = () =>
      attempt(CALL, () => {
        throw systemError('ENOENT');
      });
    expect(failing).toThrow(expect.toSatisfy(isStorageError));
    expect(failing).toThrow('Cannot open /db/000007.sst: no such file or directory (ENOENT)');
  });
});

describe('isInterruption', () => {
  test('is true for EINTR and EAGAIN only', () => {
    expect(isInterruption(systemError('EINTR'))).toBe(true);
    expect(isInterruption(systemError('EAGAIN'))).toBe(true);
    expect(isInterruption(systemError('EIO'))).toBe(false);
    expect(isInterruption(new Error('EINTR'))).toBe(false);
  });
});
