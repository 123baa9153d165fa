import { describe, expect, test } from 'vitest';
import { emptyResult, skippedResult } from '../testing/sample-results.js';
import { casesOf, titleOf } from './cases.js';

const result = (engine: string, changes: object) => ({ ...emptyResult(engine), ...changes });
const shownOf = (item: ReturnType<typeof casesOf>[number]) =>
  `${titleOf(item)} at ${item.num}: ${[...item.byEngine.keys()].sort().join(' ')}`;

describe('casesOf()', () => {
  test('puts engines together that did the same work', () => {
    const results = [10, 5].flatMap((num) => [result('lmdb', { num }), result('varve', { num })]);

    expect(casesOf(results).map(shownOf)).toEqual([
      'fillrandom at 5: lmdb varve',
      'fillrandom at 10: lmdb varve',
    ]);
  });

  test('tells results apart by the settings that were chosen, not by those found out', () => {
    const results = ['lmdb', 'varve'].flatMap((engine) =>
      ['always', 'os'].map((durability) =>
        result(engine, {
          settings: { durability, dirtied: `${engine} ${durability}`, own: engine },
        }),
      ),
    );

    expect(casesOf(results).map(shownOf)).toEqual([
      'fillrandom, durability always at 1000: lmdb varve',
      'fillrandom, durability os at 1000: lmdb varve',
    ]);
  });

  test('lets the last of several lines about the same work count', () => {
    const [only, ...others] = casesOf([1, 2].map((cpuSeconds) => result('lmdb', { cpuSeconds })));

    expect(only!.byEngine.get('lmdb')!.cpuSeconds).toBe(2);
    expect(others).toEqual([]);
  });

  test('names an engine that was skipped in every variant of the workload', () => {
    const sizes = [100, 4096].map((valueSizeBytes) => result('varve', { valueSizeBytes }));
    const skipped = { ...skippedResult('lmdb', 'not installed'), workload: 'fillrandom' };

    expect(casesOf([...sizes, skipped]).map(shownOf)).toEqual([
      'fillrandom, 100 B values at 1000: lmdb varve'.replaceAll('0 B', '0\u202fB'),
      'fillrandom, 4\u202fKiB values at 1000: lmdb varve',
    ]);
  });
});
