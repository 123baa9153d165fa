import { afterEach, describe, expect, test } from 'vitest';
import { LEVEL_CALLS } from './calls.js';
import { compareCall, median } from './compare.js';
import { type Contender, makeEntries, openContenders } from './contenders.js';

let contenders: Contender[] = [];

afterEach(async () => {
  for (const contender of contenders.splice(0)) await contender.close();
});

describe('the comparison through abstract-level', () => {
  test.each(['utf8', 'view'] as const)(
    'does the same with both databases (%s)',
    async (encoding) => {
      contenders = await openContenders(encoding);
      const entries = makeEntries(50, encoding);
      expect(new Set(entries.keys.map(String)).size).toBe(50);
      for (const call of LEVEL_CALLS) {
        const figure = await compareCall(call, { contenders, entries, roundCount: 1 });
        expect(figure.ratio).toBeGreaterThan(0);
      }
      const [varve, classic] = await Promise.all(
        contenders.map(({ level }) => level.iterator().all()),
      );
      expect(varve).toHaveLength(50);
      expect(varve).toEqual(classic);
    },
  );

  test('takes the middle of its rounds', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
