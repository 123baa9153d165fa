import { StorageError } from '@varve/base';
import type { InjectedFault } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { refuteError, refuteFailedClose, refuteFailedRead } from './error-rules.js';

type Circumstances = Parameters<typeof refuteError>[0];

const READ_FAILED = new StorageError('IO', 'Cannot read it');
const FAULT: InjectedFault = {
  call: { operation: 'read', path: '/database/000011.sst' },
  effect: { kind: 'error', errno: 'EIO' },
  error: READ_FAILED,
};

function circumstances(
  injected: readonly InjectedFault[] | null,
  phase: Circumstances['phase'] = 'running',
): Circumstances {
  const machine = { mayFail: injected !== null, injected: injected ?? [] };
  return { phase, machine: machine as unknown as Circumstances['machine'] };
}

describe('refuteError', () => {
  test('takes what faults show as, where there was one', () => {
    const full = new StorageError('NO_SPACE', 'Cannot write');
    expect(refuteError(circumstances([]), full)).toBeNull();
    expect(refuteError(circumstances(null), full)).toContain('unexpected error while running');
    expect(refuteError(circumstances([]), new TypeError('oh'))).not.toBeNull();
  });

  test('takes that an operation is cut short by closing, without any fault', () => {
    const closed = new StorageError('CLOSED', 'It is closed');
    expect(refuteError(circumstances(null, 'closing'), closed)).toBeNull();
    expect(refuteFailedRead(circumstances(null, 'closing'), closed)).toBeNull();
    expect(refuteError(circumstances([]), closed)).not.toBeNull();
  });
});

describe('refuteFailedRead', () => {
  test('takes the error of a table that failed, and nothing that ends writing', () => {
    expect(refuteFailedRead(circumstances([FAULT]), READ_FAILED)).toBeNull();
    expect(refuteFailedRead(circumstances([]), READ_FAILED)).not.toBeNull();
    const readOnly = new StorageError('READ_ONLY', 'It takes no writes', { cause: READ_FAILED });
    expect(refuteFailedRead(circumstances([FAULT]), readOnly)).toContain('READ_ONLY');
  });

  test('takes a lack of memory only where something failed', () => {
    const busy = new StorageError('BUSY', 'There is no memory');
    expect(refuteFailedRead(circumstances([]), busy)).toBeNull();
    expect(refuteFailedRead(circumstances(null), busy)).not.toBeNull();
  });
});

describe('refuteFailedClose', () => {
  test('takes what was lost where something failed, and no mistake of the engine', () => {
    for (const code of ['IO', 'NO_SPACE', 'DURABILITY_UNKNOWN'] as const) {
      const error = new StorageError(code, 'Cannot close it');
      expect(refuteFailedClose(circumstances([]), error)).toBeNull();
      expect(refuteFailedClose(circumstances(null), error)).not.toBeNull();
    }
    const closed = new StorageError('CLOSED', 'It is closed');
    for (const error of [closed, new TypeError('oh'), new Error('oh')]) {
      expect(refuteFailedClose(circumstances([]), error)).not.toBeNull();
    }
  });
});
