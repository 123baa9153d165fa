import { StorageError } from '@varve/base';
import type { FileCall, InjectedFault } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { refuteReadError } from './read-errors.js';

const EFFECT = { kind: 'error', errno: 'EIO' } as const;
const READ: FileCall = { operation: 'read', path: '/db/000001.sst', position: 0, length: 16 };

function fault(call: FileCall): InjectedFault {
  return { call, effect: EFFECT, error: new StorageError('IO', 'Cannot read it') };
}

describe('refuteReadError', () => {
  test('excuses the error of a table that could not be read, as it is or as a cause', () => {
    const { error } = fault(READ);
    const outer = new StorageError('IO', 'Cannot get the key', { cause: error });
    for (const one of [error, outer]) expect(refuteReadError(one, [fault(READ)])).toBeNull();
  });

  test('excuses damage where a read ended early, not where it was only slow', () => {
    const error = new StorageError('CORRUPTION', 'The block is damaged', {
      where: 'sst.data',
      file: '000001.sst',
    });
    const short: InjectedFault = { call: READ, effect: { kind: 'short', sizeBytes: 1 } };
    const slow: InjectedFault = { call: READ, effect: { kind: 'delay', ms: 1 } };
    expect(refuteReadError(error, [short])).toBeNull();
    expect(refuteReadError(error, [slow])).not.toBeNull();
  });

  test('does not excuse an error that no table had, or another one had', () => {
    const error = new StorageError('IO', 'Cannot read it');
    expect(refuteReadError(error, [])).not.toBeNull();
    expect(refuteReadError(error, [fault({ ...READ, path: '/db/000001.log' })])).not.toBeNull();
    expect(refuteReadError(error, [fault({ ...READ, operation: 'write' })])).not.toBeNull();
    expect(refuteReadError(new StorageError('IO', 'Another'), [fault(READ)])).not.toBeNull();
  });

  test('does not excuse that writing has ended, whatever failed', () => {
    for (const code of ['READ_ONLY', 'NO_SPACE', 'DURABILITY_UNKNOWN'] as const) {
      expect(refuteReadError(new StorageError(code, 'Cannot read it'), [fault(READ)])).toContain(
        code,
      );
    }
  });

  test('excuses a lack of memory', () => {
    expect(refuteReadError(new StorageError('BUSY', 'There is no memory'), [])).toBeNull();
  });

  test('does not excuse what is no StorageError', () => {
    expect(refuteReadError(new TypeError('oh'), [fault(READ)])).not.toBeNull();
  });
});
