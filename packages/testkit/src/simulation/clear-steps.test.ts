import { describe, expect, test } from 'vitest';
import { refuteLeft } from './clear-steps.js';
import type { ClearWrite, OperationOf } from './operation.js';

type Clearing = OperationOf<'clear'>;

function clearing(options: Partial<Clearing>): Clearing {
  return {
    ...{ kind: 'clear', id: 1, client: 0, keyCount: 3, limit: null, reverse: false, writes: [] },
    ...options,
  };
}

function write(key: number, pauseMs: number | null): ClearWrite {
  return { key, pauseMs, form: 'async' };
}

function left(...entries: readonly (readonly [key: number, value: string])[]): Map<string, string> {
  return new Map(entries.map(([key, value]) => [`0/1/0000${key}`, value]));
}

describe('refuteLeft', () => {
  test('expects nothing after a clear beside which nobody wrote', () => {
    expect(refuteLeft(clearing({}), left())).toBeNull();
    expect(refuteLeft(clearing({}), left([1, 'old']))).toContain('"0/1/00001" with "old"');
  });

  test('expects what was written after the call, whether it was there before or not', () => {
    const operation = clearing({ writes: [write(1, 0), write(4, 30)] });
    expect(refuteLeft(operation, left([1, 'late'], [4, 'late']))).toBeNull();
    expect(refuteLeft(operation, left([4, 'late']))).toContain('"0/1/00001" with nothing');
    expect(refuteLeft(operation, left([1, 'late'], [4, 'old']))).not.toBeNull();
  });

  test('leaves open what becomes of a write that was under way', () => {
    const operation = clearing({ writes: [write(1, null)] });
    for (const entries of [left(), left([1, 'early'])]) {
      expect(refuteLeft(operation, entries)).toBeNull();
    }
    expect(refuteLeft(operation, left([1, 'old']))).not.toBeNull();
  });

  test('expects the rest where a limit was given, from either end', () => {
    const first = clearing({ limit: 2 });
    expect(refuteLeft(first, left([2, 'old']))).toBeNull();
    expect(refuteLeft(first, left())).not.toBeNull();
    const last = clearing({ limit: 2, reverse: true, writes: [write(2, 0)] });
    expect(refuteLeft(last, left([0, 'old'], [2, 'late']))).toBeNull();
    expect(refuteLeft(last, left([0, 'old'], [1, 'old'], [2, 'late']))).not.toBeNull();
  });

  test('does not take anything that was never written', () => {
    expect(refuteLeft(clearing({}), left([7, 'late']))).not.toBeNull();
  });
});
