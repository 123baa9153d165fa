import { createRandom, initializeChecksums, type StorageError } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import { FORMAT, RANK, WriteBench, watch } from '../testing/write-bench.js';

beforeAll(initializeChecksums);

const ARENA_SIZE_BYTES = 8192;
/** Two of these do not fit into one arena. */
const BIG = 'v'.repeat(2500);
/** Each of these needs most of an arena. */
const HUGE = 'v'.repeat(7000);

function makeBench(): WriteBench {
  return new WriteBench({ arenaSizeBytes: ARENA_SIZE_BYTES });
}

describe('CommitQueue with a full memtable', () => {
  test('replaces it, and syncs the old log before the new one', async () => {
    const bench = makeBench();
    const writes = ['a', 'b', 'c'].map((key) => bench.put(key, BIG));
    await Promise.all(writes);
    expect(bench.generations).toHaveLength(3);
    const syncs = bench.recording.lines.filter((line) => /^sync \d/.test(line));
    // The logs are prepared with a sync each; what matters is the order of the last ones.
    expect(syncs.slice(-3)).toEqual(['sync 000001.log', 'sync 000002.log', 'sync 000003.log']);
    expect(bench.survivors().map((entry) => entry[0])).toEqual(['a', 'b', 'c']);
    expect(bench.quiet).toEqual(bench.generations.slice(0, 2));
  });

  test('says that a generation is quiet only when all its groups are visible', async () => {
    const bench = makeBench();
    bench.holdSyncs();
    const first = watch(bench.put('a', BIG));
    await quiescence();
    const second = watch(bench.put('b', BIG));
    expect(bench.generations).toHaveLength(2);
    expect(bench.quiet).toEqual([]);
    expect(bench.generations[0]!.unpublishedGroupCount).toBe(1);
    bench.scheduler.release();
    await quiescence();
    expect([first.state, second.state]).toEqual(['done', 'waiting']);
    expect(bench.quiet).toEqual([bench.generations[0]]);
    bench.scheduler.releaseAll();
    await quiescence();
    expect(second.state).toBe('done');
  });

  test('completes the groups of both logs for a synchronous write', async () => {
    const bench = makeBench();
    bench.holdSyncs();
    const first = watch(bench.put('a', BIG));
    await quiescence();
    bench.putSync('b', BIG);
    expect(bench.survivors().map((entry) => entry[0])).toEqual(['a', 'b']);
    await quiescence();
    expect(first.state).toBe('done');
    bench.scheduler.releaseAll();
    await quiescence();
    expect(bench.visible).toEqual([1, 2]);
  });

  test('a replaced log whose writes were weak is synced before a strong one in the next is acknowledged', async () => {
    const bench = makeBench();
    await bench.put('a', BIG, RANK.os);
    await bench.put('b', BIG, RANK.os);
    expect(bench.survivors()).toEqual([]);
    await bench.put('c', '1', RANK.always);
    expect(bench.survivors().map((entry) => entry[0])).toEqual(['a', 'b', 'c']);
  });

  test('need not sync a log again that is durable in tables', async () => {
    const bench = makeBench();
    await bench.put('a', BIG, RANK.os);
    await bench.put('b', BIG, RANK.os);
    bench.queue.committer.forget(bench.generations[0]!.log);
    bench.recording.clear();
    await bench.put('c', '1', RANK.always);
    expect(bench.recording.lines).toEqual(['write 000002.log', 'sync 000002.log']);
  });

  test('makes room for a batch and a value larger than a memtable', async () => {
    const bench = makeBench();
    const operations = Array.from({ length: 500 }, (_, index) => ({
      type: 'put' as const,
      key: `k${index}`,
      value: 'x'.repeat(30),
    }));
    await bench.queue.batch(operations, () => FORMAT, RANK.always);
    bench.queue.batchSync(operations, () => FORMAT, RANK.always);
    await bench.put('large', 'y'.repeat(50_000));
    bench.putSync('larger', 'z'.repeat(100_000));
    expect(bench.get('k499')).toBe('x'.repeat(30));
    expect(bench.get('larger')).toBe('z'.repeat(100_000));
    expect(bench.survivors()).toHaveLength(1002);
  });

  test('closes the open group for a batch that does not fit behind it', async () => {
    const bench = makeBench();
    const before = bench.put('a', '1', RANK.os);
    const operations = [{ type: 'put', key: 'b', value: BIG } as const];
    await bench.put('filler', BIG, RANK.os);
    await bench.queue.batch(operations, () => FORMAT, RANK.os);
    await before;
    expect(bench.get('b')).toBe(BIG);
    expect(bench.queue.lastSequence).toBe(3);
    expect(bench.visible.at(-1)).toBe(3);
  });

  test('rotateIfUsed() leaves an unused one alone, and takes the open group with a used one', async () => {
    const bench = makeBench();
    expect(bench.queue.rotateIfUsed()).toBe(true);
    expect(() => bench.put('x'.repeat(70_000), '')).toThrow();
    expect(bench.queue.rotateIfUsed()).toBe(true);
    expect(bench.generations).toHaveLength(1);
    const write = bench.put('a', '1');
    expect(bench.queue.rotateIfUsed()).toBe(true);
    await write;
    expect(bench.generations).toHaveLength(2);
    expect(bench.generations[0]!.memtable.entryCount).toBe(1);
    bench.mayRotate = false;
    await bench.put('b', '1');
    expect(bench.queue.rotateIfUsed()).toBe(false);
  });
});

describe('CommitQueue, when a full memtable cannot be replaced yet', () => {
  async function fill(bench: WriteBench): Promise<void> {
    await bench.put('full', BIG, RANK.os);
    bench.mayRotate = false;
  }

  test('keeps writes waiting, and admits them in their order', async () => {
    const bench = makeBench();
    await fill(bench);
    const order: string[] = [];
    const writes = ['a', 'b', 'c', 'd'].map((key) => {
      const write = bench.put(key, BIG, RANK.os);
      void write.then(() => order.push(key));
      return watch(write);
    });
    // A write that would fit must not overtake those that wait.
    const small = watch(bench.put('a', 'newest', RANK.os));
    await quiescence();
    expect(bench.queue.waitingCount).toBe(5);
    expect(writes.every(({ state }) => state === 'waiting')).toBe(true);
    bench.mayRotate = true;
    bench.queue.admitWaiting();
    await quiescence();
    expect(order).toEqual(['a', 'b', 'c', 'd']);
    expect(small.state).toBe('done');
    expect(bench.get('a')).toBe('newest');
    expect(bench.queue.waitingCount).toBe(0);
  });

  test('admits only as many as there is room for', async () => {
    const bench = makeBench();
    await fill(bench);
    const writes = ['a', 'b'].map((key) => watch(bench.put(key, HUGE, RANK.os)));
    bench.mayRotate = true;
    const rotate = bench.rotate.bind(bench);
    bench.rotate = (minimum) => {
      bench.mayRotate = false;
      return rotate(minimum);
    };
    bench.queue.admitWaiting();
    await quiescence();
    expect(writes.map(({ state }) => state)).toEqual(['done', 'waiting']);
    bench.mayRotate = true;
    bench.queue.admitWaiting();
    await quiescence();
    expect(writes.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('P9: keeps its own copy of what waits', async () => {
    const bench = makeBench();
    await fill(bench);
    const bytes = {
      sizeBound: (value: Uint8Array) => value.length,
      write: (value: Uint8Array, target: Buffer, offset: number) => {
        target.set(value, offset);
        return offset + value.length;
      },
    };
    const [key, value] = [Buffer.from('key'), Buffer.alloc(2500, 'v')];
    const write = bench.queue.put(
      { keyspaceId: 0, key: bytes, value: bytes },
      ...([key, value, RANK.os] as const),
    );
    key.fill(0);
    value.fill(0);
    bench.mayRotate = true;
    bench.queue.admitWaiting();
    await write;
    expect(bench.get('key')).toBe(BIG);
  });

  test('makes a synchronous write wait where it is, behind those that wait already', async () => {
    const bench = makeBench();
    await fill(bench);
    const write = watch(bench.put('k', `${BIG}1`, RANK.os));
    let waitCount = 0;
    bench.onWaitForRoom = () => {
      waitCount += 1;
      bench.mayRotate = true;
    };
    bench.putSync('k', `${BIG}2`, RANK.os);
    expect(waitCount).toBe(1);
    expect(bench.get('k')).toBe(`${BIG}2`);
    await quiescence();
    expect(write.state).toBe('done');
    expect(bench.visible).toEqual([1, 2, 3]);
  });

  test('completes what is under way before a synchronous write waits: a flush may need it', async () => {
    const bench = makeBench();
    bench.holdSyncs();
    const write = watch(bench.put('full', BIG));
    await quiescence();
    bench.mayRotate = false;
    bench.onWaitForRoom = () => {
      expect(bench.generations[0]!.unpublishedGroupCount).toBe(0);
      bench.mayRotate = true;
    };
    bench.putSync('b', BIG);
    await quiescence();
    expect(write.state).toBe('done');
    bench.scheduler.releaseAll();
  });

  test('lets nothing in while a synchronous write is blocked: nobody would complete it', async () => {
    const bench = makeBench();
    await fill(bench);
    const writes = ['a', 'b'].map((key) => watch(bench.put(key, HUGE)));
    bench.onWaitForRoom = () => {
      bench.mayRotate = true;
      // What background work does when it has made room. A memtable frozen here could not be flushed.
      bench.queue.admitWaiting();
      expect(bench.generations.map((generation) => generation.unpublishedGroupCount)).toEqual([0]);
    };
    bench.mayRotate = false;
    bench.putSync('c', BIG);
    await quiescence();
    expect(writes.map(({ state }) => state)).toEqual(['done', 'done']);
    expect(bench.visible.at(-1)).toBe(4);
  });

  test('P17: is bounded: beyond 16 MiB the caller waits where it is', async () => {
    const bench = makeBench();
    await fill(bench);
    const value = 'v'.repeat(1024 * 1024);
    let waitCount = 0;
    bench.onWaitForRoom = () => {
      waitCount += 1;
      bench.mayRotate = true;
    };
    const writes = Array.from({ length: 16 }, (_, index) =>
      watch(bench.put(`k${index}`, value, RANK.none)),
    );
    expect(bench.queue.waitingCount).toBe(16);
    expect(waitCount).toBe(0);
    const last = watch(bench.put('last', value, RANK.none));
    expect(waitCount).toBe(1);
    expect(bench.queue.waitingCount).toBe(0);
    await quiescence();
    expect([...writes, last].every(({ state }) => state === 'done')).toBe(true);
    expect(bench.visible.at(-1)).toBe(18);
  });

  test('rejects what waits when writing becomes impossible', async () => {
    const bench = makeBench();
    await fill(bench);
    const write = watch(bench.put('a', BIG));
    bench.queue.fail(Object.assign(new Error('worker'), { code: 'WORKER_FAILED' }) as StorageError);
    await quiescence();
    expect(write.state).toContain('worker');
    expect(() => bench.put('b', BIG)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    expect(() => bench.putSync('b', BIG)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    expect(bench.queue.waitingCount).toBe(0);
  });

  test.each(['write', 'create'] as const)(
    'rejects what waits when admitting it fails at a %s, and throws nothing at the one who admits',
    async (operation) => {
      const bench = makeBench();
      await fill(bench);
      const writes = ['a', 'b'].map((key) => watch(bench.put(key, HUGE)));
      bench.fileSystem.addRule({ operation, nth: 1, effect: { kind: 'error', errno: 'ENOSPC' } });
      bench.mayRotate = true;
      bench.queue.admitWaiting();
      await quiescence();
      expect(writes.map(({ state }) => state)).toEqual(['NO_SPACE', 'NO_SPACE']);
      expect(() => bench.put('c', '1')).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    },
  );
});

describe('CommitQueue under a random mix of writes', () => {
  /** A write and what became of it. */
  interface Issued {
    readonly entries: readonly string[];
    readonly rank: number;
    state: 'waiting' | 'done' | string;
  }

  test.each(Array.from({ length: 60 }, (_, index) => 0xc0331 + index))(
    'keeps its promises at every moment (seed %i)',
    async (seed) => {
      // Writes of all forms and durabilities; syncs end late and when the seed says; memtables fill up and are replaced,
      // or not for a while. Whenever nothing moves: what would survive a power loss is a prefix of what was written, in
      // order, with everything in it that was acknowledged as durable; and what is acknowledged is visible.
      const random = createRandom(seed);
      const bench = new WriteBench({
        arenaSizeBytes: 2048 + random.below(4096),
        syncIntervalMs: 50,
      });
      bench.holdSyncs();
      bench.onWaitForRoom = () => {
        bench.mayRotate = true;
        bench.queue.admitWaiting();
      };
      const ranks = [RANK.os, RANK.interval, RANK.always, RANK.always];
      const issued: Issued[] = [];
      const note = (entries: string[], rank: number, promise?: Promise<void>): void => {
        const write: Issued = { entries, rank, state: promise === undefined ? 'done' : 'waiting' };
        issued.push(write);
        promise?.then(
          () => {
            write.state = 'done';
          },
          (error) => {
            write.state = String(error);
          },
        );
      };
      let number = 0;
      const writeSomething = (): void => {
        const rank = ranks[random.below(ranks.length)]!;
        const count = random.below(3) === 0 ? 1 + random.below(6) : 1;
        const operations = Array.from({ length: count }, () => {
          number += 1;
          const key = `k${random.below(20)}`;
          const value = `${number}${'.'.repeat(random.below(400))}`;
          return { type: 'put', key, value } as const;
        });
        const entries = operations.map(({ key, value }) => `${key}=${value}`);
        const [{ key, value }] = operations as [(typeof operations)[0]];
        const form = random.below(8);
        if (count > 1 && form < 2) {
          bench.queue.batchSync(operations, () => FORMAT, rank);
          note(entries, rank);
        } else if (count > 1) {
          note(
            entries,
            rank,
            bench.queue.batch(operations, () => FORMAT, rank),
          );
        } else if (form < 2) {
          bench.putSync(key, value, rank);
          note(entries, rank);
        } else note(entries, rank, bench.put(key, value, rank));
      };
      const check = (): void => {
        const written = issued.flatMap(({ entries }) => entries);
        const survivors = bench.survivors();
        expect(survivors).toEqual(written.slice(0, survivors.length));
        const durable = issued.findLastIndex(
          ({ state, rank }) => state === 'done' && rank === RANK.always,
        );
        const required = issued.slice(0, durable + 1).flatMap(({ entries }) => entries).length;
        expect(survivors.length).toBeGreaterThanOrEqual(required);
        const firstWaiting = issued.findIndex(({ state }) => state === 'waiting');
        const acknowledged = firstWaiting < 0 ? issued : issued.slice(0, firstWaiting);
        expect(issued.slice(acknowledged.length).every(({ state }) => state === 'waiting')).toBe(
          true,
        );
        const visibleCount = bench.visible.at(-1) ?? 0;
        const entries = acknowledged.flatMap((write) => write.entries);
        expect(visibleCount).toBe(entries.length);
        const newest = new Map(
          entries.map((entry): [string, string] => entry.split('=') as [string, string]),
        );
        for (const [key, value] of newest) expect(bench.get(key)).toBe(value);
      };
      for (let step = 0; step < 60; step++) {
        for (let count = random.below(4); count > 0; count--) writeSomething();
        if (random.below(4) === 0) bench.mayRotate = !bench.mayRotate;
        if (bench.mayRotate) bench.queue.admitWaiting();
        if (random.below(3) === 0) bench.clock.advance(random.below(40));
        if (random.below(2) === 0) bench.scheduler.release(random.below(2));
        await quiescence();
        check();
      }
      bench.mayRotate = true;
      bench.queue.admitWaiting();
      bench.scheduler.releaseAll();
      await bench.queue.drain();
      await quiescence();
      check();
      expect(issued.every(({ state }) => state === 'done')).toBe(true);
      expect(bench.visible).toEqual([...bench.visible].sort((a, b) => a - b));
      bench.clock.advance(1000);
      await quiescence();
      bench.queue.committer.close();
    },
  );
});
