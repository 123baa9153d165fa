import { describe, expect, test } from 'vitest';
import { shrink } from './shrink.js';

const numbers = Array.from({ length: 200 }, (_, index) => index);

/** Fails while all of these are there; counts how often it was asked. */
function needing(...needed: number[]): {
  fails: (items: readonly number[]) => Promise<boolean>;
  askedCount: number;
} {
  const state = {
    askedCount: 0,
    fails: async (items: readonly number[]) => {
      state.askedCount += 1;
      return needed.every((item) => items.includes(item));
    },
  };
  return state;
}

describe('shrink', () => {
  test.each([[[]], [[0]], [[199]], [[3, 4]], [[0, 100, 199]], [[7, 50, 51, 52, 120, 180]]])(
    'leaves what is needed, in its order: %j',
    async (needed) => {
      const { fails } = needing(...needed);
      expect(await shrink(numbers, fails)).toEqual(needed);
    },
  );

  test('leaves a list alone of which everything is needed', async () => {
    const few = numbers.slice(0, 9);
    expect(await shrink(few, needing(...few).fails)).toEqual(few);
  });

  test('asks far less often than there are parts', async () => {
    const counted = needing(17, 130);
    await shrink(numbers, counted.fails);
    expect(counted.askedCount).toBeLessThan(100);
  });

  test('gives the shortest list so far when it is told to stop', async () => {
    const counted = needing(17, 130);
    const shrunk = await shrink(numbers, counted.fails, () => counted.askedCount < 5);
    expect(shrunk.length).toBeLessThan(numbers.length);
    expect(shrunk).toEqual(expect.arrayContaining([17, 130]));
  });
});
