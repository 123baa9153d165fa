import { describe, expect, test } from 'vitest';
import {
  isStorageError,
  STORAGE_ERROR_CODES,
  StorageError,
  type StorageErrorCode,
} from './errors.js';

describe('StorageError', () => {
  test('carries its code, message and every detail', () => {
    const cause = new Error('EIO');
    const error = new StorageError('CORRUPTION', 'Cannot read block', {
      cause,
      file: '000007.sst',
      offset: 40,
      where: 'sst.data',
      expected: 'ab',
      actual: 0,
    });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      name: 'StorageError',
      code: 'CORRUPTION',
      message: 'Cannot read block',
      file: '000007.sst',
      offset: 40,
      where: 'sst.data',
      expected: 'ab',
      actual: 0,
      retryable: false,
    });
    expect(error.cause).toBe(cause);
  });

  test('has no property for a detail that is not known', () => {
    const keys = Object.keys(new StorageError('CLOSED', 'Cannot read: database is closed'));
    expect(keys.sort()).toEqual(['code', 'name', 'retryable']);
    expect('cause' in new StorageError('CLOSED', 'Cannot read: database is closed')).toBe(false);
  });

  test('keeps an offset of 0', () => {
    expect(new StorageError('IO', 'Cannot read', { offset: 0 }).offset).toBe(0);
  });

  test.each(Object.keys(STORAGE_ERROR_CODES) as StorageErrorCode[])(
    '%s is retryable as the table says, unless told otherwise',
    (code) => {
      const { retryable } = STORAGE_ERROR_CODES[code];
      expect(new StorageError(code, 'text').retryable).toBe(retryable);
      expect(new StorageError(code, 'text', { retryable: !retryable }).retryable).toBe(!retryable);
    },
  );
});

describe('STORAGE_ERROR_CODES', () => {
  test('is a closed list: a code is never renamed or removed', () => {
    const lines = Object.entries(STORAGE_ERROR_CODES).map(
      ([code, info]) => `${code}${info.retryable ? ' (retryable)' : ''}`,
    );
    expect(lines).toEqual([
      'CLOSED',
      'LOCKED (retryable)',
      'NOT_FOUND',
      'ALREADY_EXISTS',
      'INVALID_ARGUMENT',
      'KEY_TOO_LARGE',
      'VALUE_TOO_LARGE',
      'BATCH_TOO_LARGE',
      'CORRUPTION',
      'IO (retryable)',
      'NO_SPACE (retryable)',
      'TOO_MANY_FILES (retryable)',
      'DURABILITY_UNKNOWN',
      'READ_ONLY',
      'BUSY (retryable)',
      'TIMEOUT (retryable)',
      'ITERATOR_CLOSED',
      'SNAPSHOT_RELEASED',
      'ABORTED',
      'UNSUPPORTED_FORMAT',
      'WORKER_FAILED (retryable)',
      'INTERNAL',
    ]);
  });
});

describe('isStorageError', () => {
  test('tells a StorageError from everything else', () => {
    expect(isStorageError(new StorageError('IO', 'text'))).toBe(true);
    for (const value of [new Error('text'), { code: 'IO' }, 'IO', null, undefined]) {
      expect(isStorageError(value)).toBe(false);
    }
  });
});
