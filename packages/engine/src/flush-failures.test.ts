// Flushes that fail: what is tried again, what writers are told meanwhile, and how it ends.

import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
  faulty = new FaultyFileSystem(memory, {
    onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
  });
  clock = new ManualClock();
});

function openFaulty(options: Parameters<typeof openSmall>[1] = {}): Promise<Database> {
  return openSmall(faulty, { clock, ...options });
}

describe('A database whose flushes fail', () => {
  async function failFlushes(
    db: Database,
    options: { readonly sticky?: boolean } = {},
  ): Promise<void> {
    const duration = options.sticky === false ? 'once' : 'sticky';
    faulty.addRule({
      operation: 'syncData',
      path: '*.sst',
      nth: 1,
      duration,
      effect: failWith('EIO'),
    });
    await db.put('before', 'acknowledged');
  }

  test('I2: tries again, with what remains of the file out of the way', async () => {
    const db = await openFaulty();
    const errors: boolean[] = [];
    db.events.on('backgroundError', ({ willRetry }) => void errors.push(willRetry));
    await failFlushes(db, { sticky: false });
    await eventually(clock, db.flush());
    expect(errors).toEqual([true]);
    expect(db.status).toBe('open');
    expect(db.stats().tables.count).toBe(1);
    await db.close();
  });

  const cause = expect.objectContaining({ code: 'IO' });
  const readOnly = { code: 'READ_ONLY', retryable: true, cause };

  test('I2: is readOnly after three attempts: writes that need room are refused, reads go on, and the next opening has everything', async () => {
    const db = await openFaulty();
    const errors: boolean[] = [];
    db.events.on('backgroundError', ({ willRetry }) => void errors.push(willRetry));
    await failFlushes(db);
    await expect(eventually(clock, db.flush())).rejects.toMatchObject(readOnly);
    expect(errors).toEqual([true, true, true]);
    expect(new Set(faulty.injected.map(({ call }) => call.path)).size).toBe(3);
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toEqual([]);
    expect(db.state).toBe('readOnly');
    expect(db.failure).toMatchObject({ code: 'IO' });
    // What fits into memory is safe in the log.
    await db.put('small', '1');
    for (let index = 0; db.stats().memory.memtableBytes < 128 * 1024; index++) {
      const done = await db.put(`k${index}`, 'v'.repeat(9_000)).then(
        () => true,
        () => false,
      );
      if (!done) break;
    }
    const large = 'v'.repeat(60_000);
    await expect(db.put('a', large)).rejects.toMatchObject(readOnly);
    await expect(db.put('a', large, { durability: 'none' })).rejects.toMatchObject(readOnly);
    expect(() => db.putSync('a', large)).toThrow(expect.objectContaining(readOnly));
    expect(() => db.batchSync([{ type: 'put', key: 'a', value: large }])).toThrow(
      expect.objectContaining(readOnly),
    );
    expect(db.getSync('before')).toBe('acknowledged');
    const everything = everythingIn(db);
    await eventually(clock, db.close());
    faulty.clearRules();
    const again = await openFaulty();
    expect(everythingIn(again)).toEqual(everything);
    await again.close();
  });

  test('I2: goes on trying under new numbers, ever more seldom, and is open again when a sync succeeds', async () => {
    const db = await openFaulty();
    const states: string[] = [];
    db.events.on('state', ({ state }) => void states.push(state));
    await failFlushes(db);
    await expect(eventually(clock, db.flush())).rejects.toMatchObject(readOnly);
    for (let second = 0; second < 600; second++) {
      clock.advance(1000);
      await quiescence();
    }
    const paths = faulty.injected.map(({ call }) => call.path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.length).toBeLessThan(20);
    faulty.clearRules();
    for (let second = 0; second < 60; second++) {
      clock.advance(1000);
      await quiescence();
    }
    expect(states).toEqual(['readOnly', 'open']);
    await eventually(clock, db.flush());
    expect(db.stats().tables.count).toBe(1);
    await eventually(clock, db.close());
  });

  test('I2: rejects writers who wait for room after half a minute', async () => {
    const db = await openFaulty({ durability: 'os' });
    await failFlushes(db);
    const writes = Array.from({ length: 30 }, (_, index) =>
      watch(db.put(`k${index}`, 'v'.repeat(9_000))),
    );
    await quiescence();
    expect(writes.some(({ state }) => state === 'waiting')).toBe(true);
    for (let turn = 0; turn < 40; turn++) {
      clock.advance(1000);
      await quiescence();
    }
    const states = new Set(writes.map(({ state }) => state));
    expect(states).toEqual(new Set(['done', 'READ_ONLY']));
    expect(db.state).toBe('readOnly');
    await eventually(clock, db.close());
  });

  test('I2: throws at a synchronous writer who waits for room', async () => {
    const db = await openFaulty({ durability: 'os' });
    await failFlushes(db);
    const fill = (): void => {
      for (let index = 0; index < 100; index++) db.putSync(`k${index}`, 'v'.repeat(9_000));
    };
    await quiescence(); // the next log is prepared meanwhile
    expect(fill).toThrow(expect.objectContaining(readOnly));
    expect(fill).toThrow(expect.objectContaining(readOnly));
    expect(db.getSync('before')).toBe('acknowledged');
    await eventually(clock, db.close());
  });

  test('can be closed while an attempt is pending, and leaves no timer', async () => {
    const db = await openFaulty();
    await failFlushes(db);
    const flushing = watch(db.flush());
    await quiescence();
    expect(clock.timerCount).toBeGreaterThan(0);
    await eventually(clock, db.close());
    await quiescence();
    expect(flushing.state).not.toBe('waiting');
    expect(flushing.state).not.toBe('done');
    expect(clock.timerCount).toBe(0);
  });
});
