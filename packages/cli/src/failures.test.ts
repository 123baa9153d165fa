import { STORAGE_ERROR_CODES, StorageError, type StorageErrorCode } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { InterruptedError, NotSoError, reportFailure, UsageError } from './failures.js';

describe('reportFailure', () => {
  test.each([
    [new UsageError('no such option'), 2],
    [new NotSoError('no such key'), 1],
    [new InterruptedError('Interrupted'), 130],
    [new StorageError('LOCKED', 'Cannot open'), 1],
    [Object.assign(new Error('ENOSPC: no space'), { syscall: 'write', code: 'ENOSPC' }), 1],
    [new TypeError('Cannot encode as tuple: expected an array, received object'), 2],
    [new TypeError("Cannot read properties of undefined (reading 'x')"), 1],
    ['text', 1],
  ])('%s ends with code %d', (error, exitCode) => {
    expect(reportFailure(error).exitCode).toBe(exitCode);
  });

  test('shows the stack of bugs only', () => {
    expect(reportFailure(new TypeError('x')).stack).toContain('failures.test.ts');
    expect(reportFailure(new StorageError('IO', 'x')).stack).toBeUndefined();
    expect(reportFailure(new NotSoError('x')).stack).toBeUndefined();
  });

  test.each([
    ['ENOSPC', /not complete\. Free some space/],
    ['EFBIG', /ulimit -f/],
    ['EACCES', /permissions/],
  ])('says what to do about %s outside the store', (code, advice) => {
    const error = Object.assign(new Error(code), { syscall: 'write', code });
    expect(reportFailure(error).advice).toMatch(advice);
  });

  test('passes on the advice of an answer', () => {
    expect(reportFailure(new NotSoError('x', { advice: 'Do y.' })).advice).toBe('Do y.');
  });

  test.each(Object.keys(STORAGE_ERROR_CODES) as StorageErrorCode[])(
    'advises on %s where a user can do something',
    (code) => {
      const withoutAdvice = [
        'CLOSED',
        'INVALID_ARGUMENT',
        'BATCH_TOO_LARGE',
        'READ_ONLY',
        'ITERATOR_CLOSED',
        'SNAPSHOT_RELEASED',
        'ABORTED',
        'INTERNAL',
      ];
      const { advice } = reportFailure(new StorageError(code, 'x'));
      expect(advice === undefined).toBe(withoutAdvice.includes(code));
    },
  );
});
