import { afterEach, describe, expect, test, vi } from 'vitest';
import { type SeededTestContext, seeded } from './seeded.js';

const context: SeededTestContext = {
  task: {
    name: "reads what it wrote (all of it, it's said)",
    file: { filepath: `${process.cwd()}/packages/x/src/y.test.ts`, projectName: 'unit' },
  },
};

async function seedsTried(runCount?: number): Promise<number[]> {
  const seeds: number[] = [];
  await seeded((_, seed) => seeds.push(seed), runCount === undefined ? {} : { runCount })(context);
  return seeds;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('seeded', () => {
  test('gives a name the same seed and the same numbers every time', async () => {
    vi.stubEnv('VARVE_SEED', undefined);
    expect(await seedsTried()).toEqual([3_288_529_054]);
    const numbers: number[][] = [];
    const draw = seeded((random) => numbers.push([random.u32(), random.u32()]));
    await draw(context);
    await draw(context);
    expect(numbers[0]).toEqual(numbers[1]);
  });

  test('tries as many seeds as asked', async () => {
    vi.stubEnv('VARVE_SEED', undefined);
    const seeds = await seedsTried(5);
    expect(new Set(seeds).size).toBe(5);
  });

  test('tries the one seed that is to be replayed', async () => {
    vi.stubEnv('VARVE_SEED', '0x5eed');
    expect(await seedsTried(5)).toEqual([0x5eed]);
    vi.stubEnv('VARVE_SEED', '7');
    expect(await seedsTried()).toEqual([7]);
  });

  test('draws new seeds when asked to', async () => {
    vi.stubEnv('VARVE_SEED', 'fresh');
    const seeds = await Promise.all(Array.from({ length: 8 }, () => seedsTried()));
    expect(new Set(seeds.flat()).size).toBeGreaterThan(1);
  });

  test.each(['x', '', '-1', '1.5', '0x100000000'])('refuses the seed %j', async (setting) => {
    vi.stubEnv('VARVE_SEED', setting);
    await expect(seedsTried()).rejects.toThrow(RangeError);
  });

  test('prints the command that replays a failure, and lets the error through', async () => {
    vi.stubEnv('VARVE_SEED', '0x5eed');
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    const problem = new Error('wrong');
    const failing = seeded(async () => Promise.reject(problem));
    await expect(failing(context)).rejects.toBe(problem);
    expect(printed.mock.calls.flat().join('\n')).toBe(
      [
        `"reads what it wrote (all of it, it's said)" failed with seed 0x00005eed. Replay:`,
        String.raw`  VARVE_SEED=0x00005eed npx vitest run --project unit packages/x/src/y.test.ts -t 'reads what it wrote \(all of it, it.s said\)'`,
      ].join('\n'),
    );
  });
});
