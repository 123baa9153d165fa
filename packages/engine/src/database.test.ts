// What a database promises beyond single reads and writes: snapshots, events, statistics, flushes and compactions.

import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
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

const LARGE = 'v'.repeat(9_000);

describe('Snapshots', () => {
  test('keep what they see through writes, flushes and compactions', async () => {
    const db = await openHeld({ tuning: { level0CompactionTrigger: 2 } });
    await db.put('a', 'old');
    await db.put('gone', 'old');
    using snapshot = db.snapshot();
    expect(snapshot.sequence).toBe(2);
    for (let round = 0; round < 4; round++) {
      await db.put('a', `new ${round}`);
      await db.del('gone');
      await db.put('later', '1');
      await db.flush();
    }
    await db.compact();
    const at = { snapshot };
    expect(db.getSync('a', at)).toBe('old');
    expect(await db.get('gone', at)).toBe('old');
    expect(await db.has('later', at)).toBe(false);
    expect(await db.getMany(['a', 'gone', 'later'], at)).toEqual(['old', 'old', undefined]);
    expect([...db.entries(at)]).toEqual([
      ['a', 'old'],
      ['gone', 'old'],
    ]);
    expect([...db.keys({ ...at, reverse: true })]).toEqual(['gone', 'a']);
    using cursor = db.cursor(at);
    expect([cursor.last(), cursor.value]).toEqual([true, 'old']);
    expect(everythingIn(db)).toEqual([
      ['a', 'new 3'],
      ['later', '1'],
    ]);
    await db.close();
  });

  test('let go of old versions when they are closed', async () => {
    const db = await openHeld();
    for (let count = 0; count < 10; count++) await db.put('a', `${count}`);
    const snapshots = [db.snapshot()];
    for (let count = 0; count < 10; count++) await db.put('a', `${count}`);
    snapshots.push(db.snapshot());
    await db.flush();
    const entryCount = (): number => db.stats().keyspaces[0]!.entryCount;
    expect(entryCount()).toBe(2);
    for (const snapshot of snapshots) snapshot.close();
    await db.put('a', 'last');
    await db.flush();
    await db.compact();
    expect(entryCount()).toBe(1);
    await db.close();
  });

  test('are told to be released when they are used afterwards', async () => {
    const db = await openHeld();
    await db.put('a', '1');
    const snapshot = db.snapshot();
    snapshot.close();
    const released = { code: 'SNAPSHOT_RELEASED' };
    expect(snapshot.released).toBe(true);
    expect(() => db.getSync('a', { snapshot })).toThrow(expect.objectContaining(released));
    await expect(db.get('a', { snapshot })).rejects.toMatchObject(released);
    await expect(db.getMany(['a'], { snapshot })).rejects.toMatchObject(released);
    expect(() => [...db.entries({ snapshot })]).toThrow(expect.objectContaining(released));
    expect(() => db.cursor({ snapshot })).toThrow(expect.objectContaining(released));
    await db.close();
  });

  test('see a batch as a whole, and nothing of one that is not acknowledged', async () => {
    const db = await openHeld();
    scheduler.holds = ({ operation }) => operation === 'syncData';
    const batch = db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'put', key: 'b', value: '1' },
    ]);
    await quiescence();
    const before = db.snapshot();
    scheduler.releaseAll();
    await batch;
    const after = db.snapshot();
    expect([...db.keys({ snapshot: before })]).toEqual([]);
    expect([...db.keys({ snapshot: after })]).toEqual(['a', 'b']);
    await db.close();
  });
});

describe('Iterations', () => {
  test('see the state of their start while memtables are flushed and their memory used again', async () => {
    const db = await openHeld();
    const expected: [string, string][] = [];
    for (let index = 0; index < 100; index++) {
      const entry: [string, string] = [`k${index + 100}`, `${index}`.repeat(50)];
      await db.put(...entry);
      expected.push(entry);
    }
    const sync = db.entries()[Symbol.iterator]();
    const async = db.entries({ reverse: true })[Symbol.asyncIterator]();
    using cursor = db.cursor();
    const seen = [[sync.next().value], [(await async.next()).value], []];
    cursor.first();
    for (let round = 0; round < 40; round++) {
      // Each round fills a memtable of its own with other bytes; those flushed before are reused.
      for (let index = 0; index < 100; index++) {
        await db.put(`k${index + 100}`, `${round}`.repeat(400), { durability: 'os' });
      }
      if (round % 8 === 0) await db.compact();
      seen[0]!.push(sync.next().value);
      seen[1]!.push((await async.next()).value);
      seen[2]!.push([cursor.key, cursor.value]);
      cursor.next();
    }
    seen[0]!.push(...sync);
    for await (const entry of async) seen[1]!.push(entry);
    for (; cursor.valid; cursor.next()) seen[2]!.push([cursor.key, cursor.value]);
    expect(seen).toEqual([expected, [...expected].reverse(), expected]);
    await db.close();
  });
});

describe('Events', () => {
  test('tell of flushes, merges and moves', async () => {
    const db = await openHeld({ tuning: { level0CompactionTrigger: 2 } });
    const seen: string[] = [];
    const sizes: number[] = [];
    db.events.on('flush', ({ tableCount, writtenBytes }) => {
      seen.push(`flush of ${tableCount}`);
      sizes.push(writtenBytes);
    });
    db.events.on('compaction', ({ kind, keyspace, outputLevel }) => {
      seen.push(`${kind} in ${keyspace} to ${outputLevel}`);
    });
    for (const value of ['1', '2']) {
      await db.put('a', value);
      await db.put('z', value);
      await db.flush();
    }
    await db.settle();
    expect(seen).toEqual([
      'flush of 1',
      'flush of 1',
      expect.stringMatching(/^merge in default to \d$/),
    ]);
    expect(sizes.every((size) => size > 0)).toBe(true);
    await db.close();
  });

  test('tell when writers begin and end to wait, and for how long', async () => {
    const db = await openHeld({ durability: 'os' });
    const seen: string[] = [];
    db.events.on('stall', ({ reason }) => seen.push(reason));
    db.events.on('stallEnd', ({ reason, durationMs }) => seen.push(`${reason} ${durationMs}`));
    for (let index = 0; index < 40; index++) db.putSync(`k${index}`, LARGE);
    // Not in the middle of a write.
    expect(seen).toEqual([]);
    await quiescence();
    expect(seen.length).toBeGreaterThan(0);
    for (const [index, text] of seen.entries()) expect(text).toMatch(index % 2 ? / \d+$/ : /^\w+$/);
    const { counts, durationsMs } = db.stats().stalls;
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    expect(total).toBe(Math.ceil(seen.length / 2));
    expect(Object.values(durationsMs).every((ms) => ms >= 0)).toBe(true);
    await db.close();
  });

  test('stop when they are not wanted any more, and survive a listener that throws', async () => {
    const db = await openHeld();
    let count = 0;
    const stop = db.events.on('flush', () => {
      count += 1;
      throw new Error('in the listener');
    });
    let other = 0;
    db.events.on('flush', () => {
      other += 1;
    });
    await db.put('a', '1');
    await db.flush();
    stop();
    stop();
    await db.put('a', '2');
    await db.flush();
    expect([count, other]).toEqual([1, 2]);
    await db.close();
  });
});

describe('Statistics', () => {
  test('of a new database are all there, and zero', async () => {
    const db = await openHeld();
    const { memory: memoryUse, keyspaces, ...rest } = db.stats();
    expect(rest).toEqual({
      status: 'open',
      backgroundThreadCount: 0,
      sequence: 0,
      tables: { count: 0, openFileCount: 0, sizeBytes: 0 },
      cache: { hitCount: 0, missCount: 0, readBytes: 0 },
      filters: { probeCount: 0, negativeCount: 0, damagedCount: 0 },
      writes: {
        userBytes: 0,
        flushCount: 0,
        flushedBytes: 0,
        compactionCount: 0,
        moveCount: 0,
        compactionReadBytes: 0,
        compactionWrittenBytes: 0,
        logSyncCount: 0,
        amplification: null,
      },
      stalls: {
        counts: { memtables: 0, level0: 0, compaction: 0, log: 0 },
        durationsMs: { memtables: 0, level0: 0, compaction: 0, log: 0 },
      },
      snapshots: { count: 0, oldestAgeMs: null, pinnedBytes: 0 },
      openHandleCount: 0,
      recovery: { replayedGroupCount: 0, discardedBytes: 0 },
    });
    expect(memoryUse).toMatchObject({
      budgetBytes: 8 * 1024 * 1024,
      blockCacheBytes: 0,
      indexAndFilterBytes: 0,
    });
    expect(keyspaces).toMatchObject([
      { name: 'default', keyEncoding: 'utf8', valueEncoding: 'utf8', sizeBytes: 0, entryCount: 0 },
    ]);
    await db.close();
  });

  test('follow what happens', async () => {
    const db = await openHeld();
    for (let index = 0; index < 50; index++) await db.put(`k${index}`, 'v'.repeat(500));
    await db.del('k0');
    const written = db.stats();
    expect(written.sequence).toBe(51);
    expect(written.writes.logSyncCount).toBe(51);
    expect(written.writes.userBytes).toBeGreaterThan(25_000);
    expect(written.memory.memtableBytes).toBeGreaterThan(25_000);
    await db.flush();
    const flushed = db.stats();
    expect(flushed.writes.flushCount).toBe(1);
    expect(flushed.tables.count).toBe(1);
    expect(flushed.tables.sizeBytes).toBe(flushed.writes.flushedBytes);
    expect(flushed.keyspaces[0]).toMatchObject({
      entryCount: 50,
      sizeBytes: flushed.tables.sizeBytes,
    });
    expect(flushed.memory.indexAndFilterBytes).toBeGreaterThan(0);
    expect(flushed.writes.amplification).toBeCloseTo(
      flushed.writes.flushedBytes / flushed.writes.userBytes,
    );
    db.getSync('k1');
    db.getSync('k1');
    db.getSync('absent');
    const read = db.stats();
    expect(read.cache).toMatchObject({ hitCount: 1, missCount: 1 });
    expect(read.filters.probeCount).toBeGreaterThanOrEqual(2);
    expect(read.memory.blockCacheBytes).toBeGreaterThan(0);
    using snapshot = db.snapshot();
    clock.advance(1234);
    const cursor = db.cursor();
    expect(db.stats()).toMatchObject({
      snapshots: { count: 1, oldestAgeMs: 1234 },
      openHandleCount: 2,
    });
    cursor.close();
    snapshot.close();
    expect(db.stats()).toMatchObject({ snapshots: { count: 0 }, openHandleCount: 0 });
    await db.close();
  });
});

describe('Database.compact', () => {
  test('leaves one version of each key, at the bottom, also when there is nothing to do', async () => {
    const db = await openHeld();
    await db.compact();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 30; index++) await db.put(`k${index}`, `${round}`.repeat(500));
      await db.del('k7');
      await db.flush();
    }
    await db.compact();
    const [keyspace] = db.stats().keyspaces;
    expect(keyspace).toMatchObject({ entryCount: 29 });
    expect(keyspace!.levels.filter(({ tableCount }) => tableCount > 0)).toHaveLength(1);
    expect(everythingIn(db)).toHaveLength(29);
    await db.compact();
    expect(everythingIn(db)).toHaveLength(29);
    await db.close();
  });

  test.each([
    { gte: 'k1', lte: 'k2' },
    { gte: 'zzz' },
    { lte: 'a' },
    { gte: 'k2', lte: 'k1' },
    { gte: '', lte: '' },
  ])('of the range %j changes nothing that is seen', async (range) => {
    const db = await openHeld();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 30; index++) await db.put(`k${index}`, `${round}`.repeat(500));
      await db.flush();
    }
    const before = everythingIn(db);
    await db.compact(range);
    expect(everythingIn(db)).toEqual(before);
    await db.close();
  });

  test('of a keyspace that does not exist is refused', async () => {
    const db = await openHeld();
    await expect(db.compact({ keyspace: 'none' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await db.close();
  });
});

describe('Database.flush', () => {
  test('ends while others go on writing, and has written what was there before', async () => {
    const db = await openHeld();
    let writing = true;
    let written = 0;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let count = 0; writing; count++) {
        await db.put(`w${writer} ${count % 50}`, 'v'.repeat(300));
        written += 1;
      }
    });
    while (written < 200) await quiescence();
    const flushing = watch(db.flush());
    for (let turn = 0; turn < 500 && flushing.state === 'waiting'; turn++) await quiescence();
    writing = false;
    await Promise.all(writers);
    expect(flushing.state).toBe('done');
    expect(db.stats().tables.count).toBeGreaterThan(0);
    await db.close();
  });

  test('of nothing writes nothing', async () => {
    const db = await openHeld();
    await db.flush();
    await db.put('a', '1');
    await db.flush();
    await db.flush();
    expect(db.stats().writes.flushCount).toBe(1);
    await db.close();
  });
});
