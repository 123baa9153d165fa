// Iterators under load and at the edges of their life: starvation, recursion, closing, aborting, loops.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemClock } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { errorOf, openLevel } from './testing/open-level.js';
import type { VarveLevel } from './varve-level.js';

const COUNT = 3000;

function keyOf(index: number): string {
  return `k${String(index).padStart(5, '0')}`;
}

/** Keys 0 to `COUNT` - 1, half of them in tables. */
async function filled(): Promise<VarveLevel> {
  const level = await openLevel();
  for (const half of [0, 1]) {
    await level.batch(
      Array.from({ length: COUNT / 2 }, (_, index) => ({
        ...{ type: 'put' as const, value: `v${index * 2 + half}` },
        key: keyOf(index * 2 + half),
      })),
    );
    if (half === 0) await level.compactRange('', '~');
  }
  return level;
}

/** Turns of the event loop while `work` runs. */
async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turnCount = 0;
  let isOver = false;
  const counting = (async () => {
    while (!isOver) {
      await nextTurn();
      turnCount += 1;
    }
  })();
  await work();
  isOver = true;
  await counting;
  return turnCount;
}

describe('a long iteration', () => {
  test.each(['next', 'nextv', 'all', 'loop'] as const)(
    'by %s does not starve the event loop',
    async (way) => {
      const level = await filled();
      const endMs = systemClock.monotonicMs() + 60;
      const turnCount = await turnsDuring(async () => {
        while (systemClock.monotonicMs() < endMs) {
          const iterator = level.iterator();
          if (way === 'all') await iterator.all();
          if (way === 'loop') for await (const _ of iterator);
          if (way === 'next') while ((await iterator.next()) !== undefined);
          if (way === 'nextv') while ((await iterator.nextv(100)).length > 0);
          await iterator.close();
        }
      });
      expect(turnCount).toBeGreaterThan(1);
    },
  );

  test('of many next() in a row, each made by the one before, does not fill the stack', async () => {
    const level = await filled();
    const iterator = level.iterator();
    let count = 0;
    const step = (): Promise<void> =>
      iterator.next().then((entry) => {
        if (entry === undefined) return;
        count += 1;
        return step();
      });
    await step();
    expect(count).toBe(COUNT);
    await iterator.close();
  });

  test('gives way to a write that comes meanwhile, and does not see it', async () => {
    const level = await filled();
    let count = 0;
    for await (const [key] of level.iterator()) {
      if (count === 10) await level.put('k00010x', 'later');
      expect(key).not.toBe('k00010x');
      count += 1;
    }
    expect(count).toBe(COUNT);
  });
});

describe('closing the database', () => {
  test('closes iterators that were forgotten, also one that is reading', async () => {
    const level = await filled();
    const iterators = [level.iterator(), level.keys(), level.values({ reverse: true })];
    await iterators[0].next();
    const reading = iterators[1].nextv(COUNT);
    await level.close();
    expect((await reading).length).toBe(COUNT);
    for (const iterator of iterators) {
      expect(await errorOf(iterator.next() as Promise<unknown>)).toMatchObject({
        code: 'LEVEL_ITERATOR_NOT_OPEN',
      });
    }
    await level.open();
    expect(await level.keys({ limit: 1 }).all()).toEqual([keyOf(0)]);
  });

  test('closes snapshots and batches that were forgotten', async () => {
    const level = await filled();
    const snapshot = level.snapshot();
    const batch = level.batch().put('a', '1');
    const iterator = level.iterator({ snapshot });
    await iterator.next();
    await level.close();
    await level.open();
    expect(await errorOf(level.get('a', { snapshot }))).toMatchObject({
      code: 'LEVEL_SNAPSHOT_NOT_OPEN',
    });
    expect(await errorOf(batch.write())).toMatchObject({ code: 'LEVEL_BATCH_NOT_OPEN' });
    expect(await level.get('a')).toBeUndefined();
  });

  test('in a loop over it ends the loop with an error', async () => {
    const level = await filled();
    const loop = (async () => {
      for await (const _ of level.iterator()) await level.close();
    })();
    expect(await errorOf(loop)).toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  });

  test('leaves nothing of the engine open, whatever was done', async () => {
    const level = await filled();
    for (let round = 0; round < 20; round++) {
      for await (const _ of level.iterator()) break;
      await level.iterator({ limit: 5 }).all();
      await level.snapshot().close();
      level.values();
    }
    const { openHandleCount, snapshots } = JSON.parse(level.getProperty('varve.stats'));
    expect(openHandleCount).toBe(20);
    expect(snapshots.count).toBe(0);
  });
});

describe('a snapshot', () => {
  test('that is closed while it is read from stays open until that has ended', async () => {
    const level = await filled();
    await using snapshot = level.snapshot();
    await level.del(keyOf(0));
    const reading = level.get(keyOf(0), { snapshot });
    const closing = snapshot.close();
    expect(await reading).toBe('v0');
    await closing;
    const { snapshots } = JSON.parse(level.getProperty('varve.stats'));
    expect(snapshots.count).toBe(0);
  });
});

describe('a loop over an iterator', () => {
  test('counts, and can be sought in and mixed with next() and nextv()', async () => {
    const level = await filled();
    const iterator = level.keys();
    const seen: string[] = [];
    for await (const key of iterator) {
      seen.push(key);
      expect(iterator.count).toBe(seen.length);
      if (seen.length === 3) iterator.seek(keyOf(1000));
      if (seen.length === 5) seen.push((await iterator.next())!);
      if (seen.length === 8) seen.push(...(await iterator.nextv(2)));
      if (seen.length >= 12) break;
    }
    const indexes = [0, 1, 2, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008];
    expect(seen).toEqual(indexes.map(keyOf));
    expect(await errorOf(iterator.next())).toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  });

  test('keeps to the limit, also after a seek', async () => {
    const level = await filled();
    const iterator = level.keys({ limit: 4 });
    const seen: string[] = [];
    for await (const key of iterator) {
      seen.push(key);
      if (seen.length === 2) iterator.seek(keyOf(500));
    }
    expect(seen).toEqual([0, 1, 500, 501].map(keyOf));
    expect(iterator.count).toBe(4);
  });

  test('gives entries, keys and values in both directions, decoded', async () => {
    const level = await openLevel<string, { n: number }>({ valueEncoding: 'json' });
    for (const n of [1, 2, 3]) await level.put(`k${n}`, { n });
    const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
      const collected: T[] = [];
      for await (const item of items) collected.push(item);
      return collected;
    };
    expect(await collect(level.iterator({ reverse: true, limit: 2 }))).toEqual([
      ['k3', { n: 3 }],
      ['k2', { n: 2 }],
    ]);
    expect(await collect(level.values({ gt: 'k1' }))).toEqual([{ n: 2 }, { n: 3 }]);
    expect(await collect(level.keys({ keyEncoding: 'buffer' }))).toEqual(
      ['k1', 'k2', 'k3'].map((key) => Buffer.from(key)),
    );
    expect(await collect(level.iterator({ keys: false }))).toContainEqual([undefined, { n: 1 }]);
    expect(await collect(level.iterator({ values: false }))).toContainEqual(['k1', undefined]);
  });

  test('ends with an error where an item cannot be decoded, and closes', async () => {
    const level = await openLevel();
    for (const key of ['a', 'b', 'c']) await level.put(key, key === 'c' ? 'not json' : '1');
    const iterator = level.values({ valueEncoding: 'json' });
    const loop = (async () => {
      for await (const _ of iterator);
    })();
    expect(await errorOf(loop)).toMatchObject({ code: 'LEVEL_DECODE_ERROR' });
    expect(await errorOf(iterator.next())).toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  });

  test('ends with LEVEL_ABORTED when its signal is aborted', async () => {
    const level = await filled();
    const controller = new AbortController();
    let count = 0;
    const loop = (async () => {
      for await (const _ of level.iterator({ signal: controller.signal })) {
        count += 1;
        if (count === 20) controller.abort();
      }
    })();
    expect(await errorOf(loop)).toMatchObject({ code: 'LEVEL_ABORTED', name: 'AbortError' });
    expect(count).toBe(20);
  });

  test('answers steps that are asked for at once in their order', async () => {
    const level = await filled();
    const steps = level.keys()[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 50 }, () => steps.next()));
    expect(results.map(({ value }) => value)).toEqual(
      Array.from({ length: 50 }, (_, index) => keyOf(index)),
    );
    await steps.return(undefined);
    expect(await steps.next()).toEqual({ done: true, value: undefined });
  });

  test('passes on what is thrown in its body, and closes the iterator', async () => {
    const level = await filled();
    const iterator = level.iterator();
    const loop = (async () => {
      for await (const _ of iterator) throw new Error('in the loop');
    })();
    expect((await errorOf(loop)).message).toBe('in the loop');
    expect(await errorOf(iterator.next())).toMatchObject({ code: 'LEVEL_ITERATOR_NOT_OPEN' });
  });
});

describe('nextv', () => {
  test('gives arrays of the size asked for, in one go', async () => {
    const level = await filled();
    const iterator = level.iterator();
    expect(await iterator.nextv(1000)).toHaveLength(1000);
    expect(await iterator.nextv(COUNT)).toHaveLength(COUNT - 1000);
    expect(await iterator.nextv(1)).toEqual([]);
    await iterator.close();
  });

  test('gives shorter arrays where highWaterMarkBytes is reached', async () => {
    const level = await filled();
    const iterator = level.iterator({ highWaterMarkBytes: 100 });
    const entries = await iterator.nextv(1000);
    expect(entries.length).toBeGreaterThan(5);
    expect(entries.length).toBeLessThan(20);
    await iterator.close();
  });
});
