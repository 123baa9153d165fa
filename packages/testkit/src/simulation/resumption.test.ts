import { StorageError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { untilResumed } from './resumption.js';
import type { RunContext } from './run-context.js';

const FULL = new StorageError('NO_SPACE', 'Cannot write');

/** A run of which only the database and the time are there; every pause takes its time, and so many steps. */
function runWith(
  database: { state: string; failure: StorageError | null },
  stepsPerPause = 100,
): { run: RunContext; violations: string[]; scheduler: { nowMs: number; stepCount: number } } {
  const violations: string[] = [];
  const scheduler = {
    ...{ nowMs: 0, stepCount: 0 },
    delay: (ms: number, done: () => void) => {
      scheduler.nowMs += ms;
      scheduler.stepCount += stepsPerPause;
      queueMicrotask(done);
    },
  };
  const machine = { faultCount: 1 };
  const violate = (text: string | null): void => void (text !== null && violations.push(text));
  const run = { phase: 'running', machine, scheduler, store: { database }, violate };
  return { run: run as unknown as RunContext, violations, scheduler };
}

describe('untilResumed', () => {
  test('is content with a write that is acknowledged soon', async () => {
    const database = { state: 'readOnly', failure: FULL as StorageError | null };
    const { run, violations } = runWith(database);
    let attemptCount = 0;
    const attempt = async () => {
      if (++attemptCount < 5) return 'rejected' as const;
      Object.assign(database, { state: 'open', failure: null });
      return 'acknowledged' as const;
    };
    await untilResumed(run, { attempt, isCurrent: () => true });
    expect([attemptCount, violations]).toEqual([5, []]);
  });

  test('tells of a database that stays read-only after the lack has ended', async () => {
    const { run, violations } = runWith({ state: 'readOnly', failure: FULL });
    const attempt = async () => 'rejected' as const;
    await untilResumed(run, { attempt, isCurrent: () => violations.length === 0 });
    expect(violations).toEqual([expect.stringContaining('(I5, I6): readOnly, NO_SPACE')]);
  });

  test('waits for some hundred steps where time has only jumped', async () => {
    const { run, violations, scheduler } = runWith({ state: 'readOnly', failure: FULL }, 1);
    const attempt = async () => 'rejected' as const;
    scheduler.nowMs = 0;
    await untilResumed(run, { attempt, isCurrent: () => scheduler.stepCount < 300 });
    expect([scheduler.nowMs > 5_000, violations]).toEqual([true, []]);
  });

  test.each([
    { state: 'failed', failure: FULL },
    { state: 'readOnly', failure: new StorageError('IO', 'Cannot sync') },
  ])('expects nothing of a database in state $state with $failure.code', async (database) => {
    const { run, violations } = runWith(database);
    const attempt = () => Promise.reject(new Error('it is not to be tried'));
    await untilResumed(run, { attempt, isCurrent: () => true });
    expect(violations).toEqual([]);
  });
});
