import { describe, expect, test } from 'vitest';
import { memoryErrorOf, withMemory } from './host-memory.js';

const NO_MEMORY = { code: 'BUSY', retryable: true };

function rangeErrorOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('withMemory', () => {
  test('gives what was made', () => {
    expect(withMemory(3, () => new Uint8Array(3))).toEqual(new Uint8Array(3));
  });

  test('P7: is BUSY when the host has no memory, and passes on what else is thrown', () => {
    const tooLarge = (): unknown => withMemory(2 ** 53, () => new ArrayBuffer(2 ** 53 - 1));
    expect(tooLarge).toThrow(expect.objectContaining(NO_MEMORY));
    const other = new TypeError('another one');
    expect(() =>
      withMemory(1, () => {
        throw other;
      }),
    ).toThrow(other);
  });
});

describe('memoryErrorOf', () => {
  test('P7: is BUSY for what this host throws when it has no memory', () => {
    const error = rangeErrorOf(() => new ArrayBuffer(2 ** 53 - 1));
    expect(memoryErrorOf(error, 'read')).toMatchObject({ ...NO_MEMORY, cause: error });
  });

  test('leaves mistakes in a program as they are', () => {
    const wrongOffset = rangeErrorOf(() => new Uint8Array(1).set([1, 2], 0));
    for (const error of [wrongOffset, new Error('allocation failed'), 'text', null]) {
      expect(memoryErrorOf(error, 'read')).toBe(error);
    }
  });
});
