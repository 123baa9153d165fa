import { describe, expect, test } from 'vitest';
import { createRandom, entropy, type Random } from './random.js';

const sources: [string, () => Random][] = [
  ['createRandom', () => createRandom(20_260_101)],
  ['entropy', () => entropy],
];

describe('createRandom', () => {
  test('gives these numbers for ever, so that a recorded seed can be replayed', () => {
    const random = createRandom(1);
    expect(Array.from({ length: 4 }, () => random.u32().toString(16))).toMatchInlineSnapshot(`
      [
        "59ce3045",
        "1735a7a8",
        "83f6cc8",
        "1cbbeb5e",
      ]
    `);
  });

  test('repeats everything for the same seed', () => {
    const draw = (random: Random) => {
      const bytes = new Uint8Array(7);
      random.fill(bytes);
      return [random.u32(), random.below(10), random.float(), ...bytes];
    };
    expect(draw(createRandom(5))).toEqual(draw(createRandom(5)));
  });

  test('gives unlike numbers for seeds that are close', () => {
    const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => createRandom(seed).u32()));
    expect(firsts.size).toBe(1000);
    let changedBits = 0;
    for (let seed = 0; seed < 1000; seed++) {
      const difference = createRandom(seed).u32() ^ createRandom(seed + 1).u32();
      changedBits += (difference >>> 0).toString(2).replaceAll('0', '').length;
    }
    expect(changedBits / 1000).toBeGreaterThan(15);
    expect(changedBits / 1000).toBeLessThan(17);
  });
});

describe.each(sources)('%s', (_, create) => {
  test('u32 gives whole numbers of which every bit is as often set as not', () => {
    const random = create();
    const setCounts = new Array<number>(32).fill(0);
    for (let draw = 0; draw < 4000; draw++) {
      const value = random.u32();
      expect(value).toBe(value >>> 0);
      for (let bit = 0; bit < 32; bit++) setCounts[bit] += (value >>> bit) & 1;
    }
    // Ten standard deviations from the mean.
    for (const count of setCounts) expect(Math.abs(count - 2000)).toBeLessThan(320);
  });

  test('below gives every number up to its limit, equally often', () => {
    const random = create();
    const counts = new Array<number>(6).fill(0);
    for (let draw = 0; draw < 6000; draw++) counts[random.below(6)]++;
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(300);
  });

  test('below accepts the limits 1 and 2^32', () => {
    const random = create();
    expect(random.below(1)).toBe(0);
    expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 32 + 1])('below refuses the limit %d', (limit) => {
    expect(() => create().below(limit)).toThrow('limit must be a whole number');
  });

  test('float gives numbers from 0 to 1, 1 excluded', () => {
    const random = create();
    let sum = 0;
    for (let draw = 0; draw < 4000; draw++) {
      const value = random.float();
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThan(1);
      sum += value;
    }
    expect(Math.abs(sum / 4000 - 0.5)).toBeLessThan(0.05);
  });

  test('fill sets every byte, at every length, and none beyond', () => {
    const random = create();
    for (let length = 0; length < 20; length++) {
      const seen = new Uint8Array(length);
      const bytes = new Uint8Array(length + 1);
      for (let draw = 0; draw < 20; draw++) {
        random.fill(bytes.subarray(0, length));
        for (let index = 0; index < length; index++) seen[index] |= bytes[index];
      }
      expect(seen.every((byte) => byte !== 0)).toBe(true);
      expect(bytes[length]).toBe(0);
    }
  });

  test('fill accepts shared memory and large buffers', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(100_000));
    create().fill(bytes);
    expect(new Set(bytes).size).toBe(256);
  });
});

describe('below', () => {
  test('favours no number where 2^32 is not a multiple of its limit', () => {
    // The lowest third of this limit is what a plain remainder would give twice as often.
    const random = createRandom(3);
    const limit = 2 ** 31 + 2 ** 30;
    let lowCount = 0;
    for (let draw = 0; draw < 4000; draw++) if (random.below(limit) < limit / 3) lowCount++;
    expect(Math.abs(lowCount / 4000 - 1 / 3)).toBeLessThan(0.05);
  });
});
