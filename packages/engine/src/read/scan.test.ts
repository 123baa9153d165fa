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
import { watch } from '../testing/write-bench.js';
import type { RangeOptions } from './range.js';
import { makeScan, type Scan } from './scan.js';

beforeAll(initializeChecksums);

type Entry = [string, string];

const EIO = { kind: 'error', errno: 'EIO' } as const;

function scan(bench: ReadBench, range: RangeOptions<string> = {}): Scan<Entry> {
  return makeScan(bench, FORMAT, {
    range,
    take: ({ keyBytes, keyOffset, keyLength, valueBytes, valueOffset, valueLength }) => [
      FORMAT.key.read(keyBytes, keyOffset, keyOffset + keyLength),
      FORMAT.value.read(valueBytes, valueOffset, valueOffset + valueLength),
    ],
  });
}

async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const collected: Entry[] = [];
  for await (const entry of entries) collected.push(entry);
  return collected;
}

function randomRange(random: Random): RangeOptions<string> {
  const key = (): string => `k${random.below(400)}`;
  const maybe = (name: string, value: () => unknown): Record<string, unknown> =>
    random.below(4) === 0 ? { [name]: value() } : {};
  return {
    ...maybe('gt', key),
    ...maybe('gte', key),
    ...maybe('lt', key),
    ...maybe('lte', key),
    ...maybe('prefix', () => `k${random.below(10)}`),
    ...maybe('limit', () => random.below(20)),
    ...(random.below(2) === 0 ? { reverse: true } : {}),
  };
}

function expectedIn(bench: ReadBench, range: RangeOptions<string>, sequence: number): Entry[] {
  const { gt, gte, lt, lte, prefix = '', reverse, limit } = range;
  const inRange = bench
    .expectedEntries(sequence)
    .filter(
      ([key]) =>
        (gt === undefined || key > gt) &&
        (gte === undefined || key >= gte) &&
        (lt === undefined || key < lt) &&
        (lte === undefined || key <= lte) &&
        key.startsWith(prefix),
    );
  return (reverse ? inRange.reverse() : inRange).slice(0, limit);
}

describe('Scan', () => {
  test.each(Array.from({ length: 60 }, (_, index) => 0x5ca9 + index))(
    'gives the entries of any range, in both forms, as of any snapshot (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const bench = new ReadBench(randomLayers(random, 10 + random.below(300)));
      const newest = bench.current.visibleSequence;
      for (let round = 0; round < 25; round++) {
        const sequence = random.below(3) === 0 ? newest : random.below(newest + 1);
        const snapshot = sequence === newest ? {} : { snapshot: { sequence, released: false } };
        const range = randomRange(random);
        const expected = expectedIn(bench, range, sequence);
        const entries = scan(bench, { ...range, ...snapshot });
        if (random.below(2) === 0) bench.dropCache();
        expect([...entries]).toEqual(expected);
        if (random.below(2) === 0) bench.dropCache();
        expect(await collect(entries)).toEqual(expected);
      }
      expect(bench.handles.count).toBe(0);
    },
  );

  test('opens nothing before the loop starts, and anew for every loop', () => {
    const bench = new ReadBench(oneTable());
    const reads = bench.countReads();
    const entries = scan(bench, { limit: 3 });
    expect(reads.count).toBe(0);
    const [first, second] = [entries[Symbol.iterator](), entries[Symbol.iterator]()];
    expect(bench.handles.count).toBe(0);
    expect(first.next().value).toEqual(second.next().value);
    expect(bench.handles.count).toBe(2);
    expect([...first]).toHaveLength(2);
    expect([...second]).toHaveLength(2);
    expect(bench.handles.count).toBe(0);
  });

  test('opens nothing at all for a limit of 0', async () => {
    const bench = new ReadBench(oneTable());
    bench.isClosed = true;
    expect([...scan(bench, { limit: 0 })]).toEqual([]);
    expect(await collect(scan(bench, { limit: 0 }))).toEqual([]);
  });

  test('gives its view back when the loop is left early, in every way', async () => {
    const bench = new ReadBench(oneTable());
    for (const _ of scan(bench)) break;
    expect(bench.handles.count).toBe(0);
    for await (const _ of scan(bench)) break;
    expect(bench.handles.count).toBe(0);
    expect(() => {
      for (const _ of scan(bench)) throw new Error('in the loop');
    }).toThrow('in the loop');
    expect(bench.handles.count).toBe(0);
    const [first] = scan(bench);
    expect(first).toBeDefined();
    expect(bench.handles.count).toBe(0);
  });

  test('sees the state of its start, whatever is written or swapped meanwhile', async () => {
    const bench = new ReadBench(oneTable(30));
    const other = new ReadBench(oneTable(3));
    const sync = scan(bench)[Symbol.iterator]();
    const async = scan(bench)[Symbol.asyncIterator]();
    sync.next();
    await async.next();
    bench.current.swap(other.current.view.memtables, other.current.view.version);
    bench.dropCache();
    expect([...sync]).toHaveLength(29);
    expect(await collect(async)).toHaveLength(29);
  });

  test('refuses a snapshot that was released, when the loop starts', async () => {
    const bench = new ReadBench(oneTable());
    const entries = scan(bench, { snapshot: { sequence: 3, released: true } });
    const released = { code: 'SNAPSHOT_RELEASED' };
    expect(() => [...entries]).toThrow(expect.objectContaining(released));
    await expect(collect(entries)).rejects.toMatchObject(released);
    expect(bench.handles.count).toBe(0);
  });

  test('passes on what decoding throws, and ends', async () => {
    const bench = new ReadBench(oneTable());
    const failing = makeScan(bench, FORMAT, {
      range: {},
      take: () => {
        throw new TypeError('undecodable');
      },
    });
    const iterator = failing[Symbol.iterator]();
    expect(() => iterator.next()).toThrow('undecodable');
    expect(iterator.next()).toEqual({ done: true, value: undefined });
    const asyncIterator = failing[Symbol.asyncIterator]();
    bench.dropCache();
    await expect(asyncIterator.next()).rejects.toThrow('undecodable');
    expect(await asyncIterator.next()).toEqual({ done: true, value: undefined });
    expect(bench.handles.count).toBe(0);
  });

  test('T1: fails at a damaged block and gives nothing from behind it', async () => {
    const bench = new ReadBench(oneTable());
    bench.damageBlockOf('k0030', 1);
    const before: string[] = [];
    const iterator = scan(bench)[Symbol.iterator]();
    expect(() => {
      for (const [key] of iterator) before.push(key);
    }).toThrow(expect.objectContaining({ code: 'CORRUPTION', where: 'sst.data' }));
    expect(before.at(-1)! < 'k0030').toBe(true);
    expect(iterator.next().done).toBe(true);
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const [key] of scan(bench)) seen.push(key);
      })(),
    ).rejects.toMatchObject({ code: 'CORRUPTION', where: 'sst.data' });
    expect(seen).toEqual(before);
    expect(bench.handles.count).toBe(0);
  });

  test('I7: passes on that a read failed; the next loop reads again', async () => {
    const bench = new ReadBench(oneTable());
    bench.fileSystem.addRule({ operation: 'read', nth: 1, effect: EIO });
    await expect(collect(scan(bench))).rejects.toMatchObject({ code: 'IO' });
    expect(await collect(scan(bench))).toHaveLength(60);
    bench.dropCache();
    bench.fileSystem.addRule({ operation: 'read', nth: 2, effect: EIO });
    expect(() => [...scan(bench)]).toThrow(expect.objectContaining({ code: 'IO' }));
    expect([...scan(bench)]).toHaveLength(60);
    expect(bench.handles.count).toBe(0);
  });
});

describe('Scan, asynchronously', () => {
  test('answers several next() at once in their order', async () => {
    const bench = new ReadBench(oneTable());
    const iterator = scan(bench, { limit: 20 })[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 24 }, () => iterator.next()));
    const keys = results.map(({ value }) => value?.[0]);
    const expected = bench.expectedEntries(1000).slice(0, 20);
    expect(keys).toEqual([...expected.map(([key]) => key), ...new Array(4).fill(undefined)]);
    expect(results.map(({ done }) => done)).toEqual([
      ...new Array(20).fill(false),
      ...new Array(4).fill(true),
    ]);
    expect(bench.handles.count).toBe(0);
  });

  test('ends in its turn when return() comes while a block is loaded', async () => {
    const bench = new ReadBench(oneTable());
    bench.holdReads();
    const iterator = scan(bench)[Symbol.asyncIterator]();
    const next = iterator.next();
    const ending = watch(iterator.return!());
    const after = iterator.next();
    await quiescence();
    expect(ending.state).toBe('waiting');
    bench.scheduler.releaseAll();
    expect((await next).value?.[0]).toBe('k0000');
    expect(await after).toEqual({ done: true, value: undefined });
    expect(ending.state).toBe('done');
    expect(bench.handles.count).toBe(0);
  });

  test('P13: fails with ITERATOR_CLOSED when it is closed between two steps, once', async () => {
    const bench = new ReadBench(oneTable());
    for (const entries of [scan(bench), scan(bench, { reverse: true })]) {
      const [sync, async] = [entries[Symbol.iterator](), entries[Symbol.asyncIterator]()];
      sync.next();
      await async.next();
      bench.handles.closeAll();
      const closed = { code: 'ITERATOR_CLOSED' };
      expect(() => sync.next()).toThrow(expect.objectContaining(closed));
      expect(sync.next().done).toBe(true);
      await expect(async.next()).rejects.toMatchObject(closed);
      expect((await async.next()).done).toBe(true);
    }
  });

  test('P13: fails with ITERATOR_CLOSED when it is closed while a block is loaded', async () => {
    const bench = new ReadBench(oneTable());
    bench.holdReads();
    const iterator = scan(bench)[Symbol.asyncIterator]();
    const next = iterator.next();
    bench.handles.closeAll();
    bench.tables.closeAll();
    bench.scheduler.releaseAll();
    await expect(next).rejects.toMatchObject({ code: 'ITERATOR_CLOSED' });
    expect((await iterator.next()).done).toBe(true);
  });

  test('P13: fails with ITERATOR_CLOSED also when the block cannot be loaded any more', async () => {
    const bench = new ReadBench(oneTable());
    const iterator = scan(bench)[Symbol.asyncIterator]();
    bench.fileSystem.addRule({ operation: 'read', every: 1, effect: EIO });
    const next = iterator.next();
    bench.handles.closeAll();
    await expect(next).rejects.toMatchObject({ code: 'ITERATOR_CLOSED' });
  });

  test('P18: gives the event loop a turn every few milliseconds', async () => {
    const bench = new ReadBench(oneTable(1000));
    await collect(scan(bench));
    expect(bench.yieldCount).toBe(0);
    Object.defineProperty(bench, 'monotonicMs', { value: () => (bench.nowMs += 6) });
    expect(await collect(scan(bench))).toHaveLength(1000);
    expect(bench.yieldCount).toBe(Math.floor(1000 / 128));
  });

  test('P18: gives the event loop turns while one step skips what was deleted', async () => {
    const bench = new ReadBench(deletedBetween(1000));
    for (const range of [{}, { reverse: true }]) {
      bench.yieldCount = 0;
      expect(await collect(scan(bench, range))).toHaveLength(2);
      expect(bench.yieldCount).toBe(0);
    }
    Object.defineProperty(bench, 'monotonicMs', { value: () => (bench.nowMs += 6) });
    for (const range of [{}, { reverse: true }]) {
      bench.yieldCount = 0;
      expect(await collect(scan(bench, range))).toHaveLength(2);
      expect(bench.yieldCount).toBe(Math.floor(1000 / 128));
    }
    bench.yieldCount = 0;
    expect([...scan(bench)]).toHaveLength(2);
    expect(bench.yieldCount).toBe(0);
  });

  test('P13: fails with ITERATOR_CLOSED when it is closed while it gives way over what was deleted', async () => {
    const bench = new ReadBench(deletedBetween(1000));
    Object.defineProperty(bench, 'monotonicMs', { value: () => (bench.nowMs += 6) });
    const iterator = scan(bench)[Symbol.asyncIterator]();
    await iterator.next();
    const next = iterator.next();
    bench.handles.closeAll();
    await expect(next).rejects.toMatchObject({ code: 'ITERATOR_CLOSED' });
    expect((await iterator.next()).done).toBe(true);
  });

  test('answers next() calls in their order also across such a turn', async () => {
    const bench = new ReadBench(oneTable(300));
    Object.defineProperty(bench, 'monotonicMs', { value: () => (bench.nowMs += 6) });
    const iterator = scan(bench)[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 300 }, () => iterator.next()));
    const keys = results.map(({ value }) => value?.[0]);
    expect(keys).toEqual([...keys].sort());
    expect(new Set(keys).size).toBe(300);
    await iterator.return!();
  });

  test('P13: fails with ITERATOR_CLOSED when it is closed while it gives way', async () => {
    const bench = new ReadBench(oneTable(300));
    const iterator = scan(bench)[Symbol.asyncIterator]();
    for (let count = 0; count < 127; count++) await iterator.next();
    bench.nowMs += 100;
    const next = iterator.next();
    bench.handles.closeAll();
    await expect(next).rejects.toMatchObject({ code: 'ITERATOR_CLOSED' });
    expect((await iterator.next()).done).toBe(true);
  });
});
