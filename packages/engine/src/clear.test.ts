import { createRandom } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let database: Database;

beforeEach(async ({ onTestFinished }) => {
  database = await openSmall(new MemoryFileSystem());
  onTestFinished(() => database.close());
});

function keyOf(index: number): string {
  return `k${String(index).padStart(5, '0')}`;
}

/** Puts keys 0 to `count` - 1, partly into tables. */
async function fill(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    database.putSync(keyOf(index), `v${index}`, { durability: 'os' });
    if (index === count >> 1) await database.flush();
  }
}

function keysLeft(): string[] {
  return [...database.keys()];
}

describe('clear', () => {
  test('removes everything, in as many batches as it takes', async () => {
    await fill(3500);
    await database.clear();
    expect(keysLeft()).toEqual([]);
  });

  test('removes the range, and nothing outside', async () => {
    await fill(50);
    await database.clear({ gt: keyOf(9), lte: keyOf(39) });
    const indexes = Array.from({ length: 50 }, (_, index) => index);
    expect(keysLeft()).toEqual(indexes.filter((index) => index <= 9 || index > 39).map(keyOf));
    await database.clear({ prefix: 'k0004' });
    expect(keysLeft()).toEqual(indexes.slice(0, 10).map(keyOf));
  });

  test('removes at most the limit, from either end', async () => {
    await fill(10);
    await database.clear({ limit: 2 });
    await database.clear({ limit: 3, reverse: true });
    await database.clear({ limit: 0 });
    expect(keysLeft()).toEqual([2, 3, 4, 5, 6].map(keyOf));
  });

  test('spares what a snapshot does not show', async () => {
    await fill(3);
    using snapshot = database.snapshot();
    await database.put('later', 'x');
    await database.clear({ snapshot });
    expect(everythingIn(database)).toEqual([['later', 'x']]);
  });

  test('spares keys that come while it runs', async () => {
    await fill(1500);
    const clearing = database.clear();
    const putting = database.put('zzz', 'new');
    await Promise.all([clearing, putting]);
    expect(everythingIn(database)).toEqual([['zzz', 'new']]);
  });

  test.each(['put', 'putSync', 'batch', 'del'] as const)(
    'spares keys that were there and that %s writes to while it runs, in memory and in tables',
    async (method) => {
      await fill(3500);
      const clearing = database.clear();
      const rewritten = [0, 999, 1000, 1750, 3499].map(keyOf);
      for (const key of rewritten) {
        if (method === 'put') void database.put(key, 'new');
        if (method === 'putSync') database.putSync(key, 'new');
        if (method === 'batch') void database.batch([{ type: 'put', key, value: 'new' }]);
        if (method === 'del') void database.del(key);
      }
      await clearing;
      const expected = method === 'del' ? [] : rewritten.map((key) => [key, 'new']);
      expect(everythingIn(database)).toEqual(expected);
    },
  );

  test('spares what is written to at any turn of it, from either end, with flushes in between', async () => {
    for (const reverse of [false, true]) {
      await fill(3000);
      const random = createRandom(reverse ? 1 : 2);
      const written = new Map<string, string>();
      const flushes: Promise<void>[] = [];
      let isOver = false;
      const clearing = database.clear({ reverse }).then(() => {
        isOver = true;
      });
      for (let round = 0; !isOver; round++) {
        const key = keyOf(random.below(3000));
        written.set(key, `${round}`);
        void database.put(key, `${round}`, { durability: round % 2 === 0 ? 'os' : 'always' });
        if (round % 10 === 0) flushes.push(database.flush());
        await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all([clearing, ...flushes]);
      const entries = new Map(everythingIn(database));
      for (const [key, value] of written) expect(entries.get(key), key).toBe(value);
      expect(entries.size).toBe(written.size);
      await database.clear();
    }
  });

  test('counts nothing for its limit that comes after the call', async () => {
    await fill(5);
    const clearing = database.clear({ limit: 2, reverse: true });
    database.putSync('later', 'x');
    await clearing;
    expect(keysLeft()).toEqual([...[0, 1, 2].map(keyOf), 'later']);
  });

  test('removes what was written before the call and is not acknowledged yet', async () => {
    const putting = database.put('early', '1');
    const clearing = database.clear();
    const later = database.put('late', '2');
    await Promise.all([putting, clearing, later]);
    expect(keysLeft()).toEqual(['late']);
  });

  test('keeps to its keyspace', async () => {
    const other = await database.keyspace('other');
    await other.put('a', '1');
    await fill(3);
    await database.clear();
    expect(await other.get('a')).toBe('1');
    await other.clear();
    expect(await other.get('a')).toBeUndefined();
  });

  test('is durable as asked when it resolves', async () => {
    const fileSystem = new MemoryFileSystem();
    const first = await openSmall(fileSystem, { durability: 'os' });
    for (let index = 0; index < 2500; index++) first.putSync(keyOf(index), 'v');
    await first.clear({}, { durability: 'always' });
    const after = fileSystem.crash('drop', createRandom(1));
    await first.close();
    const second = await openSmall(after);
    expect(everythingIn(second)).toEqual([]);
    await second.close();
  });

  test('fails on a closed database and for a range that is none, before it does anything', async () => {
    await fill(3);
    await expect(database.clear({ limit: -1 })).rejects.toThrow(RangeError);
    await expect(database.clear({}, { durability: 'soon' as never })).rejects.toThrow(RangeError);
    expect(keysLeft()).toHaveLength(3);
    await database.close();
    await expect(database.clear()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});

describe('clear, when writes wait for room', () => {
  const tuning = { frozenMemtableCountMax: 1 };
  const large = 'x'.repeat(4000);
  let clock: ManualClock;
  let faulty: FaultyFileSystem;
  let others: ReturnType<typeof watch>[];

  beforeEach(async ({ onTestFinished }) => {
    clock = new ManualClock();
    faulty = new FaultyFileSystem(new MemoryFileSystem());
    database = await openSmall(faulty, { clock, tuning, writeTimeoutMs: 900, durability: 'os' });
    onTestFinished(() => eventually(clock, database.close()));
    await fill(3000);
    await eventually(clock, database.settle());
  });

  /** More than memtables take before one of them is flushed. */
  function fillMemory(): void {
    others = Array.from({ length: 40 }, (_, index) => watch(database.put(`a${index}`, large)));
  }

  test('spares what is written later, also if writes of before are refused', async () => {
    // It is tried again a second later.
    faulty.addRule({ operation: 'create', path: '*.sst', nth: 1, effect: failWith('EIO') });
    fillMemory();
    const batch = Array.from({ length: 3000 }, (_, index) => ({
      ...{ type: 'put', key: `b${index}`, value: '1' },
    })) as { type: 'put'; key: string; value: string }[];
    const early = watch(database.batch(batch));
    const clearing = database.clear({ gte: 'k' });
    await quiescence();
    clock.advance(900);
    await quiescence();
    expect([early.state, others.at(-1)!.state]).toEqual(['BUSY', 'BUSY']);
    faulty.clearRules();
    const later = database.batch([
      { type: 'put', key: keyOf(500), value: 'new' },
      { type: 'put', key: keyOf(2600), value: 'new' },
    ]);
    clock.advance(150);
    for (let turn = 0; turn < 20; turn++) await quiescence();
    await eventually(clock, Promise.all([clearing, later]));
    expect(keysLeft().filter((key) => key >= 'b')).toEqual([keyOf(500), keyOf(2600)]);
  });

  test('removes what waits when it is called, and spares what waits behind that', async () => {
    fillMemory();
    const early = database.put(keyOf(3001), large);
    const clearing = database.clear({ gte: 'k' });
    const later = [keyOf(7), keyOf(3002)].map((key) => database.put(key, large));
    await Promise.all([early, clearing, ...later]);
    expect(keysLeft().filter((key) => key >= 'k')).toEqual([keyOf(7), keyOf(3002)]);
  });

  test('comes to its end while others never stop writing', async () => {
    let isOver = false;
    let putCount = 0;
    const writers = Array.from({ length: 60 }, async (_, writer) => {
      for (; !isOver && putCount < 6000; putCount++) await database.put(`a${writer}`, large);
    });
    const clearing = database.clear({ gte: 'k' }).then(() => {
      isOver = true;
    });
    await Promise.all([clearing, ...writers]);
    expect(putCount).toBeLessThan(6000);
    expect(keysLeft().filter((key) => key >= 'k')).toEqual([]);
  });
});
