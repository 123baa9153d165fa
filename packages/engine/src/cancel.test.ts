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
});
