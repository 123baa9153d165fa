import { describe, expect, test } from 'vitest';
import { BatchLog, presentIn, refutePresence, type Standing } from './batch-log.js';

describe('refutePresence', () => {
  const [I, R, A, D]: Standing[] = ['issued', 'doubtful', 'acknowledged', 'durable'];

  test.each<[string, number[], (Standing | undefined)[], number, RegExp | null]>([
    ['nothing where nothing is certain', [], [I, I], 0, null],
    ['a prefix', [0], [D, I], 1, null],
    ['more than is certain', [0, 1], [D, I], 1, null],
    ['a rejected batch in its place', [0, 1, 2], [D, R, D], 3, null],
    ['no rejected batch', [0, 2], [D, R, D], 3, null],
    ['a prefix that ends too early', [0], [D, D], 2, /batch 1 \(durable\) is missing/],
    ['a hole', [0, 2], [D, I, I], 1, /batch 1 \(issued\) is missing, but a later one is there/],
    ['a weaker batch missing before a certain one', [1], [A, D], 2, /batch 0/],
    ['a batch from the future', [0, 1], [D], 1, /before it was issued/],
  ])('judges %s', (_, present, standings, certainCount, expected) => {
    const bounds = { standings: standings as Standing[], certainCount };
    const fault = refutePresence(present, bounds);
    if (expected === null) expect(fault).toBeNull();
    else expect(fault).toMatch(expected);
  });
});

describe('BatchLog', () => {
  test('takes only the fold of the batches whose markers are there for right', () => {
    const log = new BatchLog(7);
    for (let count = 0; count < 20; count++) log.issue(10);
    const state = log.fold([0, 1, 2, 3, 5]);
    expect(presentIn(state)).toEqual([0, 1, 2, 3, 5]);
    expect(log.refuteContent(state)).toBeNull();
    for (const key of state.keys()) {
      const damaged = new Map(state);
      damaged.set(key, 'something else');
      expect(log.refuteContent(damaged)).toContain(`key ${key}`);
      damaged.delete(key);
      expect(log.refuteContent(damaged)).not.toBeNull();
    }
    expect(log.refuteContent(new Map([...state, ['key/999', '']]))).toContain('key/999');
  });

  test('knows what is certain after the death of the process and of the machine', () => {
    const log = new BatchLog(7);
    for (const standing of ['durable', 'doubtful', 'acknowledged', 'issued'] as const) {
      log.issue(10).standing = standing;
    }
    expect(log.bounds('machine').certainCount).toBe(1);
    expect(log.bounds('process').certainCount).toBe(3);
  });

  test('doubts what only the system had when a sync failed', () => {
    const log = new BatchLog(7);
    for (const standing of ['acknowledged', 'durable', 'acknowledged', 'issued'] as const) {
      log.issue(10).standing = standing;
    }
    log.doubtUnsynced();
    const { standings, certainCount } = log.bounds('process');
    expect(standings).toEqual(['acknowledged', 'durable', 'doubtful', 'issued']);
    expect(certainCount).toBe(2);
  });
});
