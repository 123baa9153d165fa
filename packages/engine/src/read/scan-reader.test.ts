import { createRandom, initializeChecksums, type Random } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import {
  deletedBetween,
  FORMAT,
  oneTable,
  ReadBench,
  randomLayers,
} from '../testing/read-bench.js';
import type { RangeOptions } from './range.js';
import { makeScan } from './scan.js';
import type { ScanReader } from './scan-reader.js';

beforeAll(initializeChecksums);

const EIO = { kind: 'error', errno: 'EIO' } as const;

function openReader(
  bench: ReadBench,
  range: RangeOptions<string> = {},
): ScanReader<string, string> {
  return makeScan(bench, FORMAT, {
    range,
    take: ({ keyBytes, keyOffset, keyLength }) =>
      FORMAT.key.read(keyBytes, keyOffset, keyOffset + keyLength),
  }).reader();
}

async function readWhole(bench: ReadBench): Promise<string[]> {
  const reader = openReader(bench);
  const keys = await reader.read(9);
  reader.close();
  return keys;
}

/** Keys of the bench within the range that a reader gives after a seek (or from the start). */
function expectedKeys(
  bench: ReadBench,
  range: RangeOptions<string>,
  target: string | null,
): string[] {
  const { gte = '', lt = '\uffff', reverse } = range;
  const keys = bench
    .expectedEntries(bench.current.visibleSequence)
    .map(([key]) => key)
    .filter((key) => key >= gte && key < lt);
  if (!reverse) return target === null ? keys : keys.filter((key) => key >= target);
  return (target === null ? keys : keys.filter((key) => key <= target)).reverse();
}

function randomBounds(random: Random): RangeOptions<string> {
  const key = (): string => `k${random.below(400)}`;
  return {
    ...(random.below(3) === 0 ? { gte: key() } : {}),
    ...(random.below(3) === 0 ? { lt: key() } : {}),
    ...(random.below(2) === 0 ? { reverse: true } : {}),
  };
}

describe('ScanReader', () => {
  test.each(Array.from({ length: 40 }, (_, index) => 0x4ead + index))(
    'gives what the range holds, in arrays of any size and after any seek (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const bench = new ReadBench(randomLayers(random, 10 + random.below(300)));
      for (let round = 0; round < 10; round++) {
        const range = randomBounds(random);
        const reader = openReader(bench, range);
        let expected = expectedKeys(bench, range, null);
        for (let call = 0; call < 12; call++) {
          if (random.below(3) === 0) bench.dropCache();
          if (random.below(4) === 0) {
            const target = `k${random.below(400)}`;
            reader.seek(target);
            expected = expectedKeys(bench, range, target);
          }
          const count = 1 + random.below(40);
          expect(await reader.read(count)).toEqual(expected.splice(0, count));
        }
        reader.close();
      }
      expect(bench.handles.count).toBe(0);
    },
  );

  test('sees the state of the moment it was opened', async () => {
    const bench = new ReadBench(oneTable(30));
    const other = new ReadBench(oneTable(3));
    const reader = openReader(bench);
    bench.current.swap(other.current.view.memtables, other.current.view.version);
    bench.dropCache();
    expect(await reader.read(100)).toHaveLength(30);
    reader.close();
  });

  test('gives at most the limit of the range, over all reads and seeks', async () => {
    const bench = new ReadBench(oneTable());
    const reader = openReader(bench, { limit: 5 });
    expect(await reader.read(3)).toEqual(['k0000', 'k0001', 'k0002']);
    reader.seek('k0050');
    expect(await reader.read(3)).toEqual(['k0050', 'k0051']);
    expect(await reader.read(3)).toEqual([]);
    reader.close();
  });

  test('stops with the entry that reaches the size, and gives one at least', async () => {
    const bench = new ReadBench(oneTable());
    const reader = openReader(bench);
    const entrySizeBytes = 5 + 40;
    expect(await reader.read(50, { sizeBytesMax: 0 })).toEqual(['k0000']);
    expect(await reader.read(50, { sizeBytesMax: 3 * entrySizeBytes })).toHaveLength(3);
    expect(await reader.read(2, { sizeBytesMax: 3 * entrySizeBytes })).toHaveLength(2);
    reader.close();
  });

  test('refuses a count that is none', () => {
    const bench = new ReadBench(oneTable());
    const reader = openReader(bench);
    for (const count of [0, -1, 1.5, Number.NaN]) {
      expect(() => reader.read(count)).toThrow(RangeError);
    }
    reader.close();
  });

  test('refuses a second call while a read waits for the disk', async () => {
    const bench = new ReadBench(oneTable());
    bench.holdReads();
    const reader = openReader(bench);
    const reading = reader.read(10);
    await expect(reader.read(1)).rejects.toMatchObject({ code: 'BUSY' });
    expect(() => reader.seek('k0001')).toThrow(expect.objectContaining({ code: 'BUSY' }));
    await quiescence();
    bench.scheduler.holds = () => false;
    bench.scheduler.releaseAll();
    expect(await reading).toHaveLength(10);
    reader.close();
  });

  test('T1: gives the error of a damaged block again and again, and nothing from behind it', async () => {
    const bench = new ReadBench(oneTable());
    bench.damageBlockOf('k0030', 1);
    const reader = openReader(bench);
    const damaged = { code: 'CORRUPTION', where: 'sst.data' };
    await expect(reader.read(60)).rejects.toMatchObject(damaged);
    await expect(reader.read(1)).rejects.toMatchObject(damaged);
    reader.seek('k0000');
    expect(await reader.read(1)).toEqual(['k0000']);
    reader.seek('k0059');
    expect(await reader.read(5)).toEqual(['k0059']);
    reader.close();
  });

  test('I7: gives the error of a read that failed until it is sought anew', async () => {
    const bench = new ReadBench(oneTable());
    bench.fileSystem.addRule({ operation: 'read', nth: 1, effect: EIO });
    const reader = openReader(bench);
    await expect(reader.read(5)).rejects.toMatchObject({ code: 'IO' });
    await expect(reader.read(5)).rejects.toMatchObject({ code: 'IO' });
    reader.seek('');
    expect(await reader.read(100)).toHaveLength(60);
    reader.close();
  });

  test('P13: fails with ITERATOR_CLOSED when it is closed, also while a block is loaded', async () => {
    const bench = new ReadBench(oneTable());
    const closed = { code: 'ITERATOR_CLOSED' };
    bench.holdReads();
    const reader = openReader(bench);
    const reading = reader.read(5);
    bench.handles.closeAll();
    bench.scheduler.releaseAll();
    await expect(reading).rejects.toMatchObject(closed);
    await expect(reader.read(5)).rejects.toMatchObject(closed);
    expect(() => reader.seek('k')).toThrow(expect.objectContaining(closed));
    reader.close();
    expect(bench.handles.count).toBe(0);
  });

  test('P18: gives the event loop a turn every few milliseconds, within a read and between reads', async () => {
    const bench = new ReadBench(oneTable(1000));
    const whole = openReader(bench);
    expect(await whole.read(1000)).toHaveLength(1000);
    expect(bench.yieldCount).toBe(0);
    Object.defineProperty(bench, 'monotonicMs', { value: () => (bench.nowMs += 6) });
    whole.seek('');
    expect(await whole.read(1000)).toHaveLength(1000);
    const yieldCount = Math.floor(1000 / 128);
    expect(bench.yieldCount).toBeGreaterThanOrEqual(yieldCount);
    const single = openReader(bench);
    const before = bench.yieldCount;
    for (let count = 0; count < 1000; count++) await single.read(1);
    expect(bench.yieldCount - before).toBeGreaterThanOrEqual(yieldCount);
    whole.close();
    single.close();
  });

  test('P18: gives the event loop turns while one step skips what was deleted', async () => {
    const bench = new ReadBench(deletedBetween(1000));
    Object.defineProperty(bench, 'monotonicMs', { value: () => (bench.nowMs += 6) });
    for (const range of [{}, { reverse: true }]) {
      const reader = openReader(bench, range);
      for (const start of range.reverse ? ['z', 'y'] : ['a', 'b']) {
        bench.yieldCount = 0;
        reader.seek(start);
        expect(await reader.read(9)).toHaveLength('az'.includes(start) ? 2 : 1);
        expect(bench.yieldCount).toBeGreaterThanOrEqual(Math.floor(1000 / 128));
        expect(bench.yieldCount).toBeLessThanOrEqual(Math.ceil(1000 / 128));
      }
      reader.close();
    }
  });

  test('goes on at once over what was deleted while its turn lasts', async () => {
    const bench = new ReadBench(deletedBetween(1000));
    const reader = openReader(bench);
    expect(await reader.read(9)).toEqual(['a', 'z']);
    expect(bench.yieldCount).toBe(0);
    reader.close();
  });

  test('T1: gives the error again that came behind a pause', async () => {
    const deleted = Array.from({ length: 1000 }, (_, index) => ({
      ...{ key: `k${String(index).padStart(4, '0')}`, sequence: index + 1, value: null },
    }));
    const bench = new ReadBench({ memtables: [[]], level0: [], deeper: [deleted] });
    expect(await readWhole(bench)).toEqual([]);
    bench.dropCache();
    bench.damageBlockOf('k0900', 1);
    const reader = openReader(bench);
    const damaged = { code: 'CORRUPTION', where: 'sst.data' };
    await expect(reader.read(60)).rejects.toMatchObject(damaged);
    await expect(reader.read(1)).rejects.toMatchObject(damaged);
    reader.close();
  });
});
