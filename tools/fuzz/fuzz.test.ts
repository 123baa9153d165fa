// The quick tier of the fuzzer: every decoder with the cases that fit into a test run, with work bounded by counting.
// `pnpm fuzz` runs more of them, with a limit on time.

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { initializeChecksums, isStorageError } from '../../packages/base/src/index.js';
import { fuzz } from './fuzzer.js';
import type { FuzzTarget } from './target.js';
import { TARGETS } from './targets.js';

beforeAll(initializeChecksums);

const SEED = 20_261_127;
const CASE_COUNT = 20_000;
const OPTIONS = { seed: SEED, time: 'ignored' } as const;

describe('B11: a decoder gives a value or a StorageError, in bounded memory', () => {
  test.each(TARGETS)('$name, given changed files', async (target) => {
    const caseCount = Math.ceil(CASE_COUNT / (target.cost ?? 1));
    const report = await fuzz(target, { ...OPTIONS, caseCount });
    expect(report.violations).toEqual([]);
    expect(report.caseCount).toBe(caseCount);
    expect(report.sealedCount / caseCount).toBeGreaterThan(0.5);
    // Most changes are noticed, and not all: the parser is reached, and gets to its end.
    expect(report.decodedCount).toBeGreaterThan(0);
  });

  test.each(TARGETS.filter(({ name }) => name !== 'wal' && name !== 'directory'))(
    '$name, given any bytes',
    async ({ name, prepare }) => {
      const decoder = await prepare();
      const property = fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        try {
          await decoder.decode(name === 'current' ? new Map([['CURRENT', bytes]]) : bytes);
        } catch (error) {
          if (!isStorageError(error)) throw error;
        }
      });
      await fc.assert(property, { seed: SEED, numRuns: 500 });
    },
  );
});

describe('fuzz', () => {
  const targetThat = (decode: () => void): FuzzTarget => ({
    name: 'made up',
    prepare: () => ({ mutate: () => ({ input: new Uint8Array(3), isSealed: true }), decode }),
  });

  test('finds an error that is not typed, and names the case', async () => {
    let count = 0;
    const target = targetThat(() => {
      if (++count === 5) throw new RangeError('offset is out of bounds');
    });
    const { violations } = await fuzz(target, { ...OPTIONS, caseCount: 10 });
    expect(violations).toMatchObject([{ caseIndex: 4 }]);
    expect(violations[0]?.message).toContain('RangeError: offset is out of bounds');
  });

  test('finds memory that is asked for and not used', async () => {
    const target = targetThat(() => {
      new Uint8Array(17 * 1024 * 1024);
    });
    const { violations } = await fuzz(target, { ...OPTIONS, caseCount: 10 });
    expect(violations[0]?.message).toContain('17825792 bytes of memory');
  });

  test('finds a decoder that takes too long, where time is measured', async () => {
    const target = targetThat(() => {
      const end = process.cpuUsage().user + 60_000;
      while (process.cpuUsage().user < end);
    });
    const options = { ...OPTIONS, time: 'measured', caseCount: 1 } as const;
    expect((await fuzz(target, options)).violations[0]?.message).toMatch(/it took \d+/);
    expect((await fuzz(target, { ...options, time: 'ignored' })).violations).toEqual([]);
  });

  test('makes the same cases from the same seed, also one alone', async () => {
    const seen: string[] = [];
    const target = TARGETS.find(({ name }) => name === 'batch')!;
    const watched: FuzzTarget = {
      ...target,
      async prepare() {
        const decoder = await target.prepare();
        return {
          ...decoder,
          decode: (input) => void seen.push(Buffer.from(input as Uint8Array).toString('hex')),
        };
      },
    };
    await fuzz(watched, { ...OPTIONS, caseCount: 20 });
    await fuzz(watched, { ...OPTIONS, caseCount: 1, firstCase: 13 });
    expect(seen[20]).toBe(seen[13]);
    expect(new Set(seen.slice(0, 20)).size).toBeGreaterThan(10);
  });
});
