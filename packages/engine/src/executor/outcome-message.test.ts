import { BugError, StorageError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { errorToMessage, messageToOutcome } from './outcome-message.js';

/** Sends an error as it goes from one thread to the other. */
function cross(error: unknown): StorageError {
  const message = structuredClone({ id: 1, error: errorToMessage(error) });
  const outcome = messageToOutcome(message);
  if (outcome.ok) throw new Error('an error has become a result');
  return outcome.error as StorageError;
}

describe('An error that crosses from a worker', () => {
  test('keeps its code and what it says about the place', () => {
    const details = { file: '/db/000007.sst', offset: 4096, where: 'sst.data' } as const;
    const sent = new StorageError('CORRUPTION', 'Cannot read block', details);
    const received = cross(sent);
    expect(received).toBeInstanceOf(StorageError);
    expect(received).toMatchObject({
      code: 'CORRUPTION',
      message: 'Cannot read block',
      retryable: false,
      ...details,
    });
    expect(received.stack).toBe(sent.stack);
  });

  test.each(['NO_SPACE', 'IO', 'TOO_MANY_FILES', 'ALREADY_EXISTS'] as const)(
    'of code %s is as retryable as it was',
    (code) => {
      for (const retryable of [true, false]) {
        expect(cross(new StorageError(code, 'x', { retryable }))).toMatchObject({
          code,
          retryable,
        });
      }
    },
  );

  test('has no place where it had none', () => {
    const received = cross(new StorageError('NO_SPACE', 'full'));
    expect(received.file).toBeUndefined();
    expect(received.offset).toBeUndefined();
    expect(received.where).toBeUndefined();
  });

  test.each([new BugError('wrong'), new RangeError('wrong'), 'wrong'])(
    'P5: that is none of ours is INTERNAL, and no death of a thread: %s',
    (error) => {
      expect(cross(error)).toMatchObject({
        code: 'INTERNAL',
        message: 'wrong',
        retryable: false,
      });
    },
  );

  test('a result crosses as it is', () => {
    const result = { kind: 'removeFiles', failedPaths: ['a'] } as const;
    expect(messageToOutcome(structuredClone({ id: 1, result, durationMs: 7 }))).toEqual({
      ok: true,
      result,
      durationMs: 7,
    });
  });
});
