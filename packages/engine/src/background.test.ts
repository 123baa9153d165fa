// Background work when things go wrong around it: whoever waits is told, and nothing is done after the end.

import { createRandom } from '@varve/base';
import { type FaultEffect, FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { open } from './database.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';

const FAILURE: FaultEffect = { kind: 'error', errno: 'EIO' };

let scheduler: HeldScheduler;
let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;

beforeEach(() => {
  scheduler = new HeldScheduler();
  memory = new MemoryFileSystem({ scheduler });
  faulty = new FaultyFileSystem(memory);
  clock = new ManualClock();
});

/** Lets background work go on for a while. */
async function passTime(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await quiescence();
    clock.advance(1000);
  }
}

/** Names of the table files there are. */
function tableNames(): string[] {
  return memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
}

/** How a promise ends: `'done'`, the code of its error, or `'waiting'` while it has not. */
function outcomeOf(promise: Promise<unknown>): { state: string } {
  const outcome = { state: 'waiting' };
  promise.then(
    () => {
      outcome.state = 'done';
    },
    (error) => {
      outcome.state = error.code ?? error.name;
    },
  );
  return outcome;
}

describe('Background', () => {
  test('tells whoever waits for it when the log fails under a frozen memtable', async () => {
    const db = await openSmall(faulty, { clock });
    await quiescence();
    scheduler.holds = ({ operation, path }) => operation === 'syncData' && path.endsWith('.log');
    const writes = Array.from({ length: 20 }, (_, index) =>
      outcomeOf(db.put(`k${index}`, 'v'.repeat(6000))),
    );
    await quiescence();
    const waiting = [outcomeOf(db.settle()), outcomeOf(db.flush())];
    await quiescence();
    faulty.addRule({ operation: 'syncData', path: '*.log', effect: FAILURE, duration: 'sticky' });
    scheduler.releaseAll();
    await passTime();
    expect(new Set(writes.map(({ state }) => state))).toEqual(new Set(['DURABILITY_UNKNOWN']));
    expect(waiting.map(({ state }) => state)).not.toContain('waiting');
    await db.close();
  });

  test('lets the event loop go on while two flushes wait for the same', async () => {
    const db = await openSmall(memory, { clock });
    await db.put('a', '1');
    // The next log is being prepared, in a later turn of the event loop: until then neither can replace the memtable.
    const waiting = [outcomeOf(db.flush()), outcomeOf(db.flush())];
    await passTime();
    expect(waiting.map(({ state }) => state)).toEqual(['done', 'done']);
    await db.close();
  });

  test('keeps the inputs of a merge whose keyspace is dropped until it has ended, and nothing after', async () => {
    const db = await openSmall(memory, { clock, tuning: { level0CompactionTrigger: 2 } });
    const errors: Error[] = [];
    db.events.on('backgroundError', ({ error }) => errors.push(error));
    const cities = await db.keyspace('cities');
    for (const value of ['1', '2']) {
      await cities.put('a', value);
      await db.flush();
    }
    await db.dropKeyspace('cities');
    const settling = outcomeOf(db.settle());
    await passTime();
    expect(errors).toEqual([]);
    expect(settling.state).toBe('done');
    expect(tableNames()).toEqual([]);
    await db.close();
  });

  test('keeps no table of a keyspace that was dropped while it was flushed', async () => {
    const db = await openSmall(memory, { clock });
    const cities = await db.keyspace('cities');
    await cities.put('a', '1');
    await passTime();
    const flushing = outcomeOf(db.flush());
    // The job is made, and begins in a later turn.
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    await db.dropKeyspace('cities');
    await passTime();
    expect(flushing.state).toBe('done');
    expect(tableNames()).toEqual([]);
    await db.close();
  });

  test('writes a memtable that had to wait for its flush uncompressed, and only that', async () => {
    const db = await openSmall(memory, { clock });
    const writtenBytes: number[] = [];
    db.events.on('flush', (flush) => writtenBytes.push(flush.writtenBytes));
    const fill = (): void => {
      for (let index = 0; index < 25; index++) db.putSync(`k${index}`, 'v'.repeat(6000));
    };
    fill();
    await passTime();
    await db.flush();
    fill();
    await passTime();
    // 64 KiB are full three times in each burst, and the rest of the first is flushed on demand.
    const areSmall = writtenBytes.map((size) => size < 6000);
    expect(areSmall).toEqual([true, false, false, true, true, false, false]);
    await db.close();
  });

  test('is settled only when the files that merges made obsolete are gone', async () => {
    const db = await openSmall(memory, { clock, tuning: { level0CompactionTrigger: 2 } });
    for (const value of ['1', '2', '3', '4']) {
      await db.put('a', value);
      await db.flush();
    }
    const settling = db.settle().then(tableNames);
    await passTime();
    expect(await settling).toHaveLength(db.stats().tables.count);
    await db.close();
  });

  test('counts the failures of each job by itself', async () => {
    const db = await openSmall(faulty, { clock });
    await db.put('a', '1');
    await passTime();
    const retries: boolean[] = [];
    db.events.on('backgroundError', ({ willRetry }) => retries.push(willRetry));
    faulty.addRule({ operation: 'create', path: '*.sst', nth: 1, effect: FAILURE });
    faulty.addRule({ operation: 'create', path: '*.tmp', nth: 1, effect: FAILURE });
    faulty.addRule({ operation: 'create', path: '*.tmp', nth: 1, effect: FAILURE });
    const flushed = outcomeOf(db.flush());
    await passTime();
    expect(flushed.state).toBe('done');
    expect(retries).toEqual([true, true, true]);
    expect(db.status).toBe('open');
    await db.close();
  });

  test('says of a database that failed that it is, not that it is closed', async () => {
    const db = await openSmall(faulty, { clock });
    await db.put('a', '1');
    await passTime();
    faulty.addRule({ operation: 'write', path: 'MANIFEST-*', effect: FAILURE, duration: 'sticky' });
    const flushed = outcomeOf(db.flush());
    await passTime();
    expect(flushed.state).toBe('IO');
    await expect(db.flush()).rejects.toMatchObject({ code: 'READ_ONLY' });
    await db.close();
    await expect(db.flush()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('removes nothing once the database is closed', async () => {
    const db = await openSmall(memory, { clock });
    const keyspace = await db.keyspace('a');
    await keyspace.put('k', 'v');
    await db.flush();
    scheduler.holds = ({ operation, path }) =>
      operation === 'syncData' && path.includes('MANIFEST');
    const dropped = outcomeOf(db.dropKeyspace('a'));
    await quiescence();
    const closed = db.close();
    await quiescence();
    scheduler.releaseAll();
    await closed;
    const left = memory.listSync(DIRECTORY);
    expect(left.some((name) => name.endsWith('.sst'))).toBe(true);
    await quiescence();
    expect(memory.listSync(DIRECTORY)).toEqual(left);
    expect(dropped.state).not.toBe('waiting');
  });
});

describe('open', () => {
  test('refuses other encodings also when much was recovered', async () => {
    const options = { fileSystem: memory, clock, backgroundThreads: 0 } as const;
    const db = await open(DIRECTORY, options);
    for (let index = 0; index < 20; index++) await db.put(`k${index}`, 'v'.repeat(100_000));
    const image = memory.crash('kill', createRandom(1));
    await db.close();
    await expect(
      open(DIRECTORY, { ...options, fileSystem: image, valueEncoding: 'json' }),
    ).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(image.openPaths()).toEqual([]);
  });
});

describe('Database.dropKeyspace', () => {
  test('called twice at once, drops once and says so', async () => {
    const db = await openSmall(memory, { clock });
    await db.keyspace('a');
    const outcomes = [outcomeOf(db.dropKeyspace('a')), outcomeOf(db.dropKeyspace('a'))];
    await passTime();
    expect(outcomes).toEqual([{ state: 'done' }, { state: 'NOT_FOUND' }]);
    await db.close();
  });
});
