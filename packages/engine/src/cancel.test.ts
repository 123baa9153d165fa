// Giving up to wait: P16.

import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { openSmall } from './testing/open-database.js';

const ABORTED = { code: 'ABORTED', retryable: false };

let scheduler: HeldScheduler;
let db: Database;

beforeEach(async () => {
  scheduler = new HeldScheduler();
  db = await openSmall(new MemoryFileSystem({ scheduler }));
  return () => db.close();
});

describe('A signal', () => {
  test('P16: that is aborted already keeps every method from beginning', async () => {
    await db.put('key', '1');
    const { sequence } = db.stats();
    const signal = AbortSignal.abort();
    const attempts = [
      db.put('key', '2', { signal }),
      db.del('key', { signal }),
      db.batch([{ type: 'del', key: 'key' }], { signal }),
      db.get('key', { signal }),
      db.getMany(['key'], { signal }),
      db.has('key', { signal }),
      db.flush({ signal }),
      db.compact({ signal }),
      db.settle({ signal }),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toMatchObject(ABORTED);
    expect(db.getSync('key')).toBe('1');
    expect(db.stats().sequence).toBe(sequence);
  });

  test('P12: that is none, such as an AbortController, is refused before anything is done', async () => {
    await db.put('key', '1');
    const { sequence } = db.stats();
    const signal = new AbortController() as unknown as AbortSignal;
    const attempts = [
      db.put('key', '2', { signal }),
      db.batch([{ type: 'del', key: 'key' }], { signal }),
      db.get('key', { signal }),
      db.flush({ signal }),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toThrow(TypeError);
    expect(() => db.cursor({ signal })).toThrow('signal must be an AbortSignal');
    expect(() => [...db.entries({ signal })]).toThrow(TypeError);
    await expect(async () => {
      for await (const _ of db.entries({ signal })) expect.unreachable();
    }).rejects.toThrow(TypeError);
    expect(db.stats().sequence).toBe(sequence);
    expect(db.getSync('key')).toBe('1');
  });

  test('P16: that is aborted while a write waits for its sync rejects it, and the write may still be done', async () => {
    scheduler.holds = ({ operation }) => operation === 'syncData';
    const controller = new AbortController();
    const writing = db.put('key', '1', { signal: controller.signal });
    const refused = expect(writing).rejects.toMatchObject(ABORTED);
    const other = db.put('other', '2');
    await quiescence();
    controller.abort();
    await refused;
    scheduler.releaseAll();
    await other;
    // It was in the same record as the other one: there as a whole.
    expect(db.getSync('key')).toBe('1');
  });

  test('P16: that is aborted while a flush is waited for lets the flush go on', async () => {
    await db.put('key', '1');
    scheduler.holds = ({ path }) => path.includes('MANIFEST');
    const controller = new AbortController();
    const flushing = db.flush({ signal: controller.signal });
    await quiescence();
    controller.abort();
    await expect(flushing).rejects.toMatchObject(ABORTED);
    scheduler.releaseAll();
    while (db.stats().tables.count === 0) await quiescence();
  });

  test('P16: that is never aborted changes nothing, and keeps no listener', async () => {
    const { signal } = new AbortController();
    let listenerCount = 0;
    const counted = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: () => {
        listenerCount += 1;
      },
      removeEventListener: () => {
        listenerCount -= 1;
      },
    };
    await db.put('key', '1', { signal: counted });
    expect(await db.get('key', { signal: counted })).toBe('1');
    await db.flush({ signal: counted });
    expect(listenerCount).toBe(0);
    await expect(db.put('k'.repeat(70_000), '', { signal: counted })).rejects.toMatchObject({
      code: 'KEY_TOO_LARGE',
    });
    expect(listenerCount).toBe(0);
  });

  describe('of an iteration', () => {
    beforeEach(async () => {
      for (let index = 0; index < 40; index++) await db.put(`k${100 + index}`, 'v'.repeat(200));
      await db.flush();
      await db.settle();
    });

    test('P16: that is aborted already keeps it from beginning', async () => {
      const range = { signal: AbortSignal.abort() };
      await expect(db.entries(range)[Symbol.asyncIterator]().next()).rejects.toMatchObject(ABORTED);
      const refused = expect.objectContaining(ABORTED);
      expect(() => [...db.keys(range)]).toThrow(refused);
      expect(() => db.values(range).reader()).toThrow(refused);
      expect(() => db.cursor(range)).toThrow(refused);
      await expect(db.clear(range)).rejects.toMatchObject(ABORTED);
      expect([...db.keys()]).toHaveLength(40);
      expect(db.stats().openHandleCount).toBe(0);
    });

    test('P16: that is aborted between two steps ends it and gives back what it holds', async () => {
      const walks = [
        async (signal: AbortSignal, abort: () => void) => {
          for await (const _ of db.entries({ signal })) abort();
        },
        async (signal: AbortSignal, abort: () => void) => {
          for (const _ of db.entries({ signal, reverse: true })) abort();
        },
        async (signal: AbortSignal, abort: () => void) => {
          const reader = db.keys({ signal }).reader();
          await reader.read(3);
          abort();
          await reader.read(3);
        },
        async (signal: AbortSignal, abort: () => void) => {
          const cursor = db.cursor({ signal });
          cursor.first();
          abort();
          cursor.next();
        },
      ];
      for (const walk of walks) {
        const controller = new AbortController();
        await expect(walk(controller.signal, () => controller.abort())).rejects.toMatchObject(
          ABORTED,
        );
        expect(db.stats().openHandleCount).toBe(0);
      }
    });

    test.each(['iterator', 'reader'])(
      'P16: that is aborted while a block is read rejects the step of the %s at once',
      async (way) => {
        scheduler.holds = ({ operation }) => operation === 'read';
        const controller = new AbortController();
        const scan = db.entries({ signal: controller.signal });
        const step: Promise<unknown> =
          way === 'reader' ? scan.reader().read(40) : scan[Symbol.asyncIterator]().next();
        const refused = expect(step).rejects.toMatchObject(ABORTED);
        await quiescence();
        expect(scheduler.waitingCount).toBeGreaterThan(0);
        controller.abort();
        await refused;
        expect(db.stats().openHandleCount).toBe(0);
        scheduler.releaseAll();
        await quiescence();
        expect(await db.get('k100')).toBe('v'.repeat(200));
      },
    );

    test('P16: that is never aborted changes nothing, and keeps no listener', async () => {
      const listeners = new Set<() => void>();
      const signal = {
        aborted: false,
        addEventListener: (_: 'abort', listener: () => void) => void listeners.add(listener),
        removeEventListener: (_: 'abort', listener: () => void) => void listeners.delete(listener),
      };
      const keys: string[] = [];
      for await (const key of db.keys({ signal })) keys.push(key);
      expect(keys).toHaveLength(40);
      expect([...db.keys({ signal })]).toEqual(keys);
      expect(listeners.size).toBe(0);
    });
  });
});
