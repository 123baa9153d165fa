// Closing an open database, whatever is going on in it.

import { createRandom } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { failWith } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { HookedFileSystem } from './testing/hooked-file-system.js';
import { ManualClock } from './testing/manual-clock.js';
import { everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let scheduler: HeldScheduler;
let memory: MemoryFileSystem;
let clock: ManualClock;

beforeEach(() => {
  scheduler = new HeldScheduler();
  memory = new MemoryFileSystem({ scheduler });
  clock = new ManualClock();
});

function openHeld(options: Parameters<typeof openSmall>[1] = {}): Promise<Database> {
  return openSmall(memory, { clock, ...options });
}

function holdSyncs(): void {
  scheduler.holds = ({ operation }) => operation === 'syncData';
}

async function reopened(): Promise<[string, string][]> {
  const db = await openHeld();
  const entries = everythingIn(db);
  await db.close();
  return entries;
}

const CLOSED = { code: 'CLOSED' };

describe('Database.close', () => {
  test('gives everything back, once, and is the same promise again', async () => {
    const db = await openHeld();
    await db.put('a', '1');
    await db.flush();
    const closing = db.close();
    expect(db.close()).toBe(closing);
    expect(db.status).toBe('closing');
    await closing;
    expect(db.status).toBe('closed');
    expect(db.close()).toBe(closing);
    expect(memory.openPaths()).toEqual([]);
    expect(clock.timerCount).toBe(0);
    expect(await reopened()).toEqual([['a', '1']]);
  });

  test('closes at the end of its block', async () => {
    {
      await using db = await openHeld();
      await db.put('a', '1');
    }
    expect(memory.openPaths()).toEqual([]);
  });

  test('refuses everything from the moment it is called', async () => {
    const db = await openHeld();
    const cities = await db.keyspace('cities');
    const closing = db.close();
    for (const write of [
      () => db.put('a', '1'),
      () => db.del('a'),
      () => db.batch([{ type: 'del', key: 'a' }]),
      () => cities.put('a', '1'),
      () => db.get('a'),
      () => db.has('a'),
      () => db.getMany(['a']),
      () => db.keyspace('cities'),
      () => db.dropKeyspace('cities'),
      () => db.flush(),
      () => db.compact(),
      () => db.settle(),
    ]) {
      await expect(write()).rejects.toMatchObject(CLOSED);
    }
    for (const use of [
      () => db.putSync('a', '1'),
      () => db.delSync('a'),
      () => db.batchSync([{ type: 'del', key: 'a' }]),
      () => db.getSync('a'),
      () => db.hasSync('a'),
      () => db.entries(),
      () => db.keys(),
      () => db.values(),
      () => db.cursor(),
      () => db.snapshot(),
      () => db.stats(),
      () => db.keyspaces(),
    ]) {
      expect(use).toThrow(expect.objectContaining(CLOSED));
    }
    await closing;
  });

  test('P12: acknowledges the writes that were issued before', async () => {
    const db = await openHeld();
    holdSyncs();
    const first = watch(db.put('a', '1'));
    await quiescence();
    const second = watch(db.put('b', '2'));
    const weak = watch(db.put('c', '3', { durability: 'none' }));
    const closing = watch(db.close());
    await quiescence();
    expect([first.state, second.state, closing.state]).toEqual(['waiting', 'waiting', 'waiting']);
    scheduler.releaseAll();
    await quiescence();
    await db.close();
    expect([first.state, second.state, weak.state]).toEqual(['done', 'done', 'done']);
    expect(await reopened()).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
  });

  test('P12: ends although writers go on until they are refused', async () => {
    const db = await openHeld();
    const written: number[] = [];
    const writers = [0, 1, 2].map(async (writer) => {
      for (let number = writer; ; number += 3) {
        await db.put(`k${number}`, 'v'.repeat(1_000));
        written.push(number);
      }
    });
    const ends = Promise.allSettled(writers);
    while (written.length < 100) await quiescence();
    await db.close();
    for (const end of await ends) expect(end).toMatchObject({ reason: CLOSED });
    const entries = new Map(await reopened());
    for (const number of written) expect(entries.has(`k${number}`)).toBe(true);
  });

  test('P12: admits and acknowledges the writes that wait for room', async () => {
    const db = await openHeld({ durability: 'os' });
    const writes = Array.from({ length: 40 }, (_, index) =>
      watch(db.put(`k${index}`, 'v'.repeat(9_000))),
    );
    expect(db.stats().stalls.counts).toMatchObject({ log: 1 });
    await db.close();
    await quiescence();
    expect(new Set(writes.map(({ state }) => state))).toEqual(new Set(['done']));
    expect(await reopened()).toHaveLength(40);
  });

  test('writes to tables what is in no log', async () => {
    const db = await openHeld();
    await db.put('logged', '1');
    await db.put('unlogged', '2', { durability: 'none' });
    await db.close();
    expect(await reopened()).toEqual([
      ['logged', '1'],
      ['unlogged', '2'],
    ]);
  });

  test.each(['none', 'os', 'interval', 'always'] as const)(
    'makes everything durable, also what was written with %s',
    async (durability) => {
      const db = await openHeld({ durability });
      for (let index = 0; index < 20; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
      await db.close();
      memory = memory.crash('drop', createRandom(1));
      expect(await reopened()).toHaveLength(20);
    },
  );

  test('P12: lets gets that wait for a block end, well or as closed', async () => {
    const db = await openHeld();
    await db.put('a', '1');
    await db.put('b', '2');
    await db.flush();
    await db.close();
    const again = await openHeld();
    scheduler.holds = ({ operation }) => operation === 'read';
    const reads = [
      watch(again.get('a')),
      watch(again.has('b')),
      watch(again.getMany(['a', 'b', 'c'])),
    ];
    const closing = watch(again.close());
    await quiescence();
    scheduler.releaseAll();
    await quiescence();
    expect(closing.state).toBe('done');
    for (const { state } of reads) expect(['done', 'CLOSED']).toContain(state);
    expect(memory.openPaths()).toEqual([]);
  });

  test('P12: ends iterations, also those that wait for a block', async () => {
    const db = await openHeld();
    for (let index = 0; index < 100; index++) await db.put(`k${index}`, 'v'.repeat(100));
    await db.flush();
    await db.close();
    const again = await openHeld();
    const sync = again.entries()[Symbol.iterator]();
    sync.next();
    const cursor = again.cursor();
    cursor.first();
    scheduler.holds = ({ operation }) => operation === 'read';
    const waiting = again.entries({ reverse: true })[Symbol.asyncIterator]();
    const next = watch(waiting.next());
    const closing = watch(again.close());
    await quiescence();
    scheduler.releaseAll();
    await quiescence();
    expect(closing.state).toBe('done');
    expect(next.state).toBe('ITERATOR_CLOSED');
    expect(() => sync.next()).toThrow(expect.objectContaining({ code: 'ITERATOR_CLOSED' }));
    expect(() => cursor.next()).toThrow(expect.objectContaining({ code: 'ITERATOR_CLOSED' }));
    expect(cursor.valid).toBe(false);
    expect(await waiting.next()).toEqual({ done: true, value: undefined });
    expect(memory.openPaths()).toEqual([]);
  });

  test('an iteration that was prepared before and starts afterwards is refused', async () => {
    const db = await openHeld();
    await db.put('a', '1');
    const entries = db.entries();
    await db.close();
    expect(() => [...entries]).toThrow(expect.objectContaining(CLOSED));
    const iterator = entries[Symbol.asyncIterator]();
    await expect(iterator.next()).rejects.toMatchObject(CLOSED);
  });

  test('releases snapshots; they may still be closed afterwards', async () => {
    const db = await openHeld();
    const snapshot = db.snapshot();
    await db.close();
    expect(snapshot.released).toBe(true);
    snapshot.close();
    snapshot.close();
  });

  test('ends flushes and compactions that are waited for, well or as closed', async () => {
    const db = await openHeld();
    for (let index = 0; index < 30; index++) await db.put(`k${index}`, 'v'.repeat(6_000));
    const waiting = [watch(db.flush()), watch(db.compact()), watch(db.settle())];
    await db.close();
    await quiescence();
    for (const { state } of waiting) expect(['done', 'CLOSED']).toContain(state);
    expect(await reopened()).toHaveLength(30);
    expect(memory.openPaths()).toEqual([]);
    expect(clock.timerCount).toBe(0);
  });

  test('rejects with what failed first, and closes everything all the same', async () => {
    const faulty = new FaultyFileSystem(memory);
    const db = await openSmall(faulty, { clock, durability: 'os' });
    await db.put('a', '1');
    faulty.addRule({ operation: 'syncData', path: '*.log', effect: failWith('ENOSPC') });
    faulty.addRule({ operation: 'unlock', effect: failWith('EIO') });
    await expect(db.close()).rejects.toMatchObject({
      code: 'DURABILITY_UNKNOWN',
      file: expect.stringMatching(/\.log$/),
    });
    expect(faulty.injected.map(({ call }) => call.operation)).toEqual(['syncData', 'unlock']);
    expect(db.status).toBe('closed');
    expect(memory.openPaths()).toEqual([]);
  });

  test('leaves no timer of a sync that was due and had not ended', async () => {
    const db = await openHeld({ durability: 'interval' });
    await db.put('a', '1');
    holdSyncs();
    clock.advance(100);
    const closing = watch(db.close());
    await quiescence();
    scheduler.releaseAll();
    await quiescence();
    expect(closing.state).toBe('done');
    clock.advance(10_000);
    expect(clock.timerCount).toBe(0);
  });

  test('a power loss in the middle of it never leaves a log whose predecessor is lost', async () => {
    // While the manifest is being synced because the next log was prepared, the first memtable is flushed. That edit is not
    // durable yet when the database is closed, and the log of the memtable, with weak durability, was never synced: until
    // the edit is durable, recovery needs that log, and must find it whole if it finds anything of the next.
    const hooked = new HookedFileSystem(memory);
    const db = await openSmall(hooked, { clock, durability: 'os' });
    await quiescence();
    scheduler.holds = ({ operation, path }) =>
      operation === 'syncData' && path.includes('MANIFEST');
    for (let index = 0; index < 10; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
    await quiescence();
    expect(db.stats().writes.flushCount).toBe(1);
    expect(scheduler.waitingCount).toBe(1);
    const random = createRandom(0xc105e);
    const images: MemoryFileSystem[] = [];
    hooked.beforeCall = ({ operation }) => {
      if (!['write', 'syncData'].includes(operation)) return;
      for (let count = 0; count < 40; count++) images.push(memory.crash('posix', random));
    };
    const closing = db.close();
    scheduler.releaseAll();
    await closing;
    expect(images.length).toBeGreaterThan(20);
    for (const image of images) {
      memory = image;
      const keys = (await reopened()).map(([key]) => key);
      expect(keys).toEqual(Array.from({ length: keys.length }, (_, index) => `k${index}`));
    }
  });
});
