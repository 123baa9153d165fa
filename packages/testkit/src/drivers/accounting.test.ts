import { StorageError } from '@varve/base';
import type { FileCall, InjectedFault } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { accountFor } from './accounting.js';

const EFFECT = { kind: 'error', errno: 'EIO' } as const;

function fault(call: FileCall, message = 'Cannot do it'): InjectedFault {
  return { call, effect: EFFECT, error: new StorageError('IO', message) };
}

describe('B3: accountFor', () => {
  const write: FileCall = { operation: 'write', path: '/db/000001.log', length: 16 };

  test('is content with an error that was told, as it is, as a cause, or as a copy', () => {
    const injected = [fault(write)];
    const { error } = injected[0]!;
    for (const told of [error, new Error('outer', { cause: error }), new Error(error!.message)]) {
      expect(accountFor(injected, [told], () => {})).toBeNull();
    }
  });

  test('names an error that nobody was told of', () => {
    const told = [new Error('another one')];
    expect(accountFor([fault(write)], told, () => {})).toBe('nobody was told: Cannot do it');
  });

  test('lets pass what a rule allows, and says which', () => {
    const marker: FileCall = { operation: 'write', path: '/db/MANIFEST-000011', length: 16 };
    const rules: string[] = [];
    const absorbed = (why: string): void => void rules.push(why);
    expect(accountFor([fault(marker)], [], absorbed)).toBeNull();
    expect(rules).toEqual([expect.stringMatching(/^M2: /)]);
    expect(accountFor([fault({ ...marker, length: 40 })], [], absorbed)).not.toBeNull();
  });

  test('lets pass what a rule allows for one code, not for another', () => {
    const open: FileCall = { operation: 'open', path: '/db/000011.sst' };
    const tooMany = new StorageError('TOO_MANY_FILES', 'Cannot open it');
    const again = { ...fault(open), isMadeAgain: true } as const;
    expect(accountFor([{ ...again, error: tooMany }], [], () => {})).toBeNull();
    expect(accountFor([again], [], () => {})).not.toBeNull();
    const lasting = [{ ...fault(open), error: tooMany }];
    expect(accountFor(lasting, [], () => {})).not.toBeNull();
    const elsewhere = new StorageError('TOO_MANY_FILES', 'Cannot look for it');
    expect(accountFor(lasting, [elsewhere], () => {})).toBeNull();
  });

  test('lets pass that a table or a manifest cannot be closed, not a log', () => {
    for (const name of ['000011.sst', 'MANIFEST-000012']) {
      const close: FileCall = { operation: 'close', path: `/db/${name}` };
      expect(accountFor([fault(close)], [], () => {})).toBeNull();
    }
    for (const name of ['000013.log', '000014.tmp', 'CURRENT', 'LOCK']) {
      const close: FileCall = { operation: 'close', path: `/db/${name}` };
      expect(accountFor([fault(close)], [], () => {})).not.toBeNull();
    }
  });

  test('lets pass that a log cannot be closed after an error of the same kind that was told', () => {
    const close = fault({ operation: 'close', path: '/db/000013.log' });
    const cause = new StorageError('IO', 'Cannot write');
    for (const told of [cause, new StorageError('DURABILITY_UNKNOWN', 'Cannot sync', { cause })]) {
      expect(accountFor([close], [told], () => {})).toBeNull();
    }
    expect(accountFor([close], [new StorageError('BUSY', 'Later')], () => {})).not.toBeNull();
  });

  test('lets pass that a file cannot be removed for a reason of the disk only', () => {
    const remove = fault({ operation: 'remove', path: '/db/000011.sst' });
    for (const code of ['IO', 'NO_SPACE', 'READ_ONLY'] as const) {
      const error = new StorageError(code, 'Cannot remove it');
      expect(accountFor([{ ...remove, error }], [], () => {})).toBeNull();
    }
    const error = new StorageError('NOT_FOUND', 'Cannot remove it');
    expect(accountFor([{ ...remove, error }], [], () => {})).not.toBeNull();
  });

  test('lets pass that there is no space for zeros ahead of a log, not for a record', () => {
    const full = new StorageError('NO_SPACE', 'Cannot write');
    const zeros = { ...fault({ ...write, length: 256 * 1024 }), error: full };
    expect(accountFor([zeros], [], () => {})).toBeNull();
    const record = { ...fault({ ...write, length: 40 }), error: full };
    expect(accountFor([record], [], () => {})).not.toBeNull();
  });

  test('lets pass that there is no space for the end record of a log, and nothing else that it meets', () => {
    const full = new StorageError('NO_SPACE', 'Cannot write');
    expect(accountFor([{ ...fault(write), error: full }], [], () => {})).toBeNull();
    expect(accountFor([fault(write)], [], () => {})).not.toBeNull();
  });

  test('lets pass what another attempt met only if somebody was told that space is lacking', () => {
    const full = new StorageError('NO_SPACE', 'Cannot inspect it');
    const inspected: FileCall = { operation: 'stat', path: '/database' };
    const injected = [{ ...fault(inspected), error: full }];
    expect(accountFor(injected, [], () => {})).not.toBeNull();
    expect(accountFor(injected, [new StorageError('IO', 'Cannot write')], () => {})).not.toBeNull();
    expect(
      accountFor(injected, [new StorageError('NO_SPACE', 'Cannot write')], () => {}),
    ).toBeNull();
  });

  test('leaves faults without an error to the answers of the database', () => {
    const short: InjectedFault = { call: write, effect: { kind: 'short', sizeBytes: 1 } };
    expect(accountFor([short], [], () => {})).toBeNull();
  });
});
