import { createRandom, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import {
  FORMAT,
  type Layers,
  type ModelEntry,
  ReadBench,
  randomLayers,
} from '../testing/read-bench.js';
import { watch } from '../testing/write-bench.js';
import { LATEST } from './point-reader.js';

beforeAll(initializeChecksums);

const EIO = { kind: 'error', errno: 'EIO' } as const;

function put(key: string, sequence: number, value = `${key}${sequence}`): ModelEntry {
  return { key, sequence, value };
}

function layers(parts: Partial<Layers>): Layers {
  return { memtables: [[]], level0: [], deeper: [], ...parts };
}

/** More versions of one key than fit into a block, in level 1, with neighbours on both sides. */
function manyVersions(count: number): ModelEntry[] {
  const versions = Array.from({ length: count }, (_, index) =>
    put('m', index + 10, `${index}`.padEnd(40, '.')),
  );
  return [put('a', 1), put('z', 2), ...versions];
}

describe('PointReader', () => {
  test.each(Array.from({ length: 60 }, (_, index) => 0x9e7 + index))(
    'finds in both forms what the model says, as of any sequence (seed %i)',
    async (seed) => {
      const random = createRandom(seed);
      const bench = new ReadBench(randomLayers(random, 10 + random.below(200)));
      const newest = bench.current.visibleSequence;
      const keys = [...new Set(bench.entries.map(({ key }) => key)), 'absent', '', 'k', 'zz'];
      for (let round = 0; round < 120; round++) {
        const key = keys[random.below(keys.length)]!;
        const sequence = random.below(3) === 0 ? LATEST : random.below(newest + 1);
        const expected = bench.expected(key, sequence === LATEST ? newest : sequence);
        if (random.below(20) === 0) bench.dropCache();
        expect(await bench.points.get(FORMAT, key, sequence)).toBe(expected);
        if (random.below(4) === 0) bench.dropCache();
        expect(bench.points.getSync(FORMAT, key, sequence)).toBe(expected);
        expect(bench.points.hasSync(FORMAT, key, sequence)).toBe(expected !== undefined);
        if (random.below(4) === 0) bench.dropCache();
        expect(await bench.points.has(FORMAT, key, sequence)).toBe(expected !== undefined);
      }
      bench.dropCache();
      const values = await bench.points.getMany(FORMAT, keys, LATEST);
      expect(values).toEqual(keys.map((key) => bench.expected(key, newest)));
    },
  );

  test('follows the versions of a key across blocks', async () => {
    const entries = manyVersions(60);
    const bench = new ReadBench(layers({ deeper: [entries] }));
    expect(bench.tables.get(bench.files[0]!.table.fileNumber).reader.blockCount).toBeGreaterThan(3);
    for (const sequence of [9, 10, 11, 30, 50, 68, 69, 70, 1000]) {
      const expected = bench.expected('m', sequence);
      bench.dropCache();
      expect(bench.points.getSync(FORMAT, 'm', sequence)).toBe(expected);
      bench.dropCache();
      expect(await bench.points.get(FORMAT, 'm', sequence)).toBe(expected);
    }
    expect(bench.points.getSync(FORMAT, 'a', LATEST)).toBe('a1');
    expect(bench.points.getSync(FORMAT, 'z', LATEST)).toBe('z2');
  });

  test('takes the newest version there is, whatever lies below', () => {
    const bench = new ReadBench(
      layers({
        memtables: [[put('a', 9)], [put('b', 8), put('a', 7)]],
        level0: [[put('c', 6), put('b', 5)], [put('c', 4)]],
        deeper: [[put('d', 3), put('c', 2)], [put('d', 1)]],
      }),
    );
    const values = ['a', 'b', 'c', 'd'].map((key) => bench.points.getSync(FORMAT, key, LATEST));
    expect(values).toEqual(['a9', 'b8', 'c6', 'd3']);
  });

  test('stops at a tombstone', () => {
    const tombstone = (key: string, sequence: number) => ({ key, sequence, value: null });
    const bench = new ReadBench(
      layers({
        memtables: [[tombstone('a', 9)]],
        level0: [[tombstone('b', 8)]],
        deeper: [[tombstone('c', 7), put('a', 3), put('b', 2)], [put('c', 1)]],
      }),
    );
    expect(['a', 'b', 'c'].map((key) => bench.points.getSync(FORMAT, key, LATEST))).toEqual([
      ...[undefined, undefined, undefined],
    ]);
    expect(bench.points.getSync(FORMAT, 'a', 8)).toBe('a3');
    expect(bench.points.getSync(FORMAT, 'b', 7)).toBe('b2');
    expect(bench.points.getSync(FORMAT, 'c', 6)).toBe('c1');
  });

  test('reads no file for what a filter rules out or memory holds', () => {
    const bench = new ReadBench(
      layers({ memtables: [[put('m', 9)]], deeper: [[put('a', 1), put('c', 2)]] }),
    );
    const reads = bench.countReads();
    expect(bench.points.getSync(FORMAT, 'm', LATEST)).toBe('m9');
    expect(bench.points.getSync(FORMAT, 'zzz', LATEST)).toBeUndefined();
    expect(bench.points.lookup.filterProbeCount).toBe(0);
    expect(bench.points.getSync(FORMAT, 'b', LATEST)).toBeUndefined();
    expect(bench.points.lookup.filterProbeCount).toBe(1);
    expect(bench.points.lookup.filterNegativeCount).toBe(1);
    expect(reads.count).toBe(0);
    expect(bench.points.getSync(FORMAT, 'a', LATEST)).toBe('a1');
    expect(bench.points.getSync(FORMAT, 'c', LATEST)).toBe('c2');
    expect(reads.count).toBe(1);
  });

  test('looks keys of any length up, also after longer ones', async () => {
    const long = 'x'.repeat(65_536);
    const bench = new ReadBench(layers({ deeper: [[put('', 1, 'empty'), put(long, 2, 'long')]] }));
    for (const [key, value] of [
      ['', 'empty'],
      [long, 'long'],
      ['', 'empty'],
      ['y', undefined],
    ] as const) {
      expect(bench.points.getSync(FORMAT, key, LATEST)).toBe(value);
      bench.dropCache();
      expect(await bench.points.get(FORMAT, key, LATEST)).toBe(value);
    }
  });
});

describe('PointReader, while a block is being loaded', () => {
  const OLD = layers({ deeper: [[put('a', 1), put('b', 2)]] });

  test('holds the view it started on, and reads as of that moment', async () => {
    const bench = new ReadBench(OLD);
    bench.holdReads();
    const value = bench.points.get(FORMAT, 'a', LATEST);
    const before = bench.current.view;
    const bystander = new ReadBench(layers({ memtables: [[put('a', 9, 'newer')]] }));
    bench.current.swap(bystander.current.view.memtables, bystander.current.view.version);
    bench.current.visibleSequence = 9;
    expect(() => before.retain().release()).not.toThrow();
    expect(bench.points.getSync(FORMAT, 'a', LATEST)).toBe('newer');
    bench.scheduler.releaseAll();
    expect(await value).toBe('a1');
    expect(() => before.retain()).toThrow('released view');
  });

  test('answers other lookups meanwhile, and mixes none up', async () => {
    const bench = new ReadBench(OLD);
    bench.holdReads();
    const waiting = ['a', 'b', 'aa', 'b'].map((key) => bench.points.get(FORMAT, key, LATEST));
    const mixed = bench.points.getMany(FORMAT, ['b', 'absent', 'a'], LATEST);
    const has = bench.points.has(FORMAT, 'b', LATEST);
    bench.scheduler.releaseAll();
    expect(bench.points.getSync(FORMAT, 'b', LATEST)).toBe('b2');
    expect(await Promise.all(waiting)).toEqual(['a1', 'b2', undefined, 'b2']);
    expect(await mixed).toEqual(['b2', undefined, 'a1']);
    expect(await has).toBe(true);
  });

  test('I7: passes on that a read failed, and reads again the next time', async () => {
    const bench = new ReadBench(OLD);
    for (const read of [
      () => bench.points.get(FORMAT, 'a', LATEST),
      () => bench.points.has(FORMAT, 'a', LATEST),
      () => bench.points.getMany(FORMAT, ['a', 'b'], LATEST),
      async () => bench.points.getSync(FORMAT, 'a', LATEST),
    ]) {
      bench.dropCache();
      bench.fileSystem.addRule({ operation: 'read', nth: 1, effect: EIO });
      await expect(read()).rejects.toMatchObject({ code: 'IO', retryable: true });
    }
    expect(await bench.points.get(FORMAT, 'a', LATEST)).toBe('a1');
  });

  test('T1: fails for the keys of a damaged block each time, and for no others', async () => {
    const entries = Array.from({ length: 60 }, (_, index) => put(`k${index + 10}`, index + 1));
    const bench = new ReadBench(layers({ deeper: [entries] }));
    bench.damageBlockOf('k10', 1);
    const damaged = { code: 'CORRUPTION', where: 'sst.data' };
    for (let count = 0; count < 3; count++) {
      await expect(bench.points.get(FORMAT, 'k10', LATEST)).rejects.toMatchObject(damaged);
      expect(() => bench.points.getSync(FORMAT, 'k10', LATEST)).toThrow(
        expect.objectContaining(damaged),
      );
    }
    expect(await bench.points.get(FORMAT, 'k69', LATEST)).toBe('k6960');
    expect(bench.points.getSync(FORMAT, 'k69', LATEST)).toBe('k6960');
  });

  test('never takes damage in a newer table for the absence of the key', async () => {
    const bench = new ReadBench(layers({ level0: [[put('a', 9)]], deeper: [[put('a', 1)]] }));
    bench.damageBlockOf('a', 0);
    await expect(bench.points.get(FORMAT, 'a', LATEST)).rejects.toMatchObject({
      code: 'CORRUPTION',
    });
    expect(await bench.points.get(FORMAT, 'zz', LATEST)).toBeUndefined();
  });

  test('getMany with a key of the wrong type rejects once, whatever was being loaded', async () => {
    const bench = new ReadBench(OLD);
    bench.fileSystem.addRule({ operation: 'read', every: 1, effect: EIO });
    const keys = ['a', 7 as unknown as string];
    expect(() => bench.points.getMany(FORMAT, keys, LATEST)).toThrow(TypeError);
    // That the read fails as well must not become a rejection that nobody handles.
    await quiescence();
    expect(bench.fileSystem.injected).toHaveLength(1);
  });

  test('a value that cannot be decoded fails its own lookup only', async () => {
    const broken = {
      ...FORMAT,
      value: {
        ...FORMAT.value,
        read: (bytes: Uint8Array, start: number, end: number): string => {
          if (bytes[start] === 'a'.charCodeAt(0)) throw new TypeError('undecodable');
          return FORMAT.value.read(bytes, start, end);
        },
      },
    };
    const bench = new ReadBench(OLD);
    const failing = watch(bench.points.get(broken, 'a', LATEST));
    expect(await bench.points.get(broken, 'b', LATEST)).toBe('b2');
    await quiescence();
    expect(failing.state).toContain('undecodable');
    expect(() => bench.points.get(broken, 'a', LATEST)).toThrow('undecodable');
  });
});
