import { describe, expect, test } from 'vitest';
import { enginesOf } from '../data/engines.js';
import { emptyResult } from '../testing/sample-results.js';
import { spreadEnds } from './line-labels.js';

const spread = (heights: readonly number[], room = { gap: 1, lowest: -10, highest: 10 }) => {
  const engines = enginesOf(heights.map((_, index) => emptyResult(`engine-${index}`)));
  const ends = heights.map((height, index) => ({ engine: engines[index]!, height }));
  return spreadEnds(ends, room).map(({ engine, height }) => [engine.index, height]);
};

describe('spreadEnds()', () => {
  test('leaves names alone that have room', () => {
    expect(spread([3, 0])).toEqual([
      [1, 0],
      [0, 3],
    ]);
  });

  test('moves names apart about their middle, in order', () => {
    expect(spread([0, 0.2, 0.1])).toEqual(
      [
        [0, -0.9],
        [2, 0.1],
        [1, 1.1],
      ].map(([index, height]) => [index, expect.closeTo(height!, 9)]),
    );
  });

  test('lets a group that grew push its neighbour', () => {
    const heights = spread([0, 0.1, 1.2]).map(([, height]) => height!);

    expect(heights[1]! - heights[0]!).toBeCloseTo(1, 9);
    expect(heights[2]! - heights[1]!).toBeGreaterThanOrEqual(1 - 1e-9);
  });

  test('keeps names within their room', () => {
    const room = { gap: 1, lowest: 0, highest: 4 };

    expect(spread([4, 3.9, 0], room).map(([, height]) => height)).toEqual([0, 3, 4]);
  });
});
