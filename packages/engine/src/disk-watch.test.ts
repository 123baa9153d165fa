// Slow disks: what is told of them, and what writes do.

import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { DiskWatch, type SlowCall } from './disk-watch.js';
import { eventually } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

const LOG_PATH = '/db/000001.log';

let clock: ManualClock;
let told: SlowCall[];

beforeEach(() => {
  clock = new ManualClock();
  told = [];
});

describe('DiskWatch', () => {
  function makeWatch(): DiskWatch {
    return new DiskWatch({ clock, slowMs: 100, onSlow: (call) => told.push(call) });
  }

  test('I9: tells of a call that takes long once while it is under way, and once when it is over', () => {
    const disk = makeWatch();
    const call = disk.begin('syncData', '/a');
    clock.advance(99);
    expect(told).toEqual([]);
    clock.advance(500);
    const slow = { operation: 'syncData', file: '/a' };
    expect(told).toEqual([{ ...slow, elapsedMs: 100, isOver: false }]);
    disk.end(call);
    expect(told[1]).toEqual({ ...slow, elapsedMs: 599, isOver: true });
    expect(clock.timerCount).toBe(0);
  });

  test('tells nothing of quick ones, and of each slow one among them', () => {
    const disk = makeWatch();
    for (let index = 0; index < 100; index++) {
      const call = disk.begin('write', '/a');
      clock.advance(9);
      disk.end(call);
    }
    expect(told).toEqual([]);
    const first = disk.begin('write', '/a');
    clock.advance(60);
    disk.begin('write', '/b');
    clock.advance(100);
    disk.end(first);
    expect(told.map(({ file, isOver }) => `${file} ${isOver}`)).toEqual([
      '/a false',
      '/b false',
      '/a true',
    ]);
  });

  test('I9: tells of a background thread that waits, and again when that has doubled', () => {
    const disk = makeWatch();
    for (let waitedMs = 10; waitedMs <= 1000; waitedMs += 10) disk.noteWaiting('write', waitedMs);
    expect(told.map(({ elapsedMs }) => elapsedMs)).toEqual([100, 200, 400, 800]);
    disk.noteWaiting('write', 100);
    expect(told).toHaveLength(5);
  });

  test('tells nothing after closing, and leaves no timer', () => {
    const disk = makeWatch();
    disk.begin('write', '/a');
    disk.close();
    clock.advance(1000);
    expect([told, clock.timerCount]).toEqual([[], 0]);
  });
});

describe('A database on a slow disk', () => {
  test('I9: tells of a sync of the log that takes ten seconds, and acknowledges nothing before', async () => {
    const memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
    const faulty = new FaultyFileSystem(memory, { clock });
    const db = await openSmall(faulty, { clock });
    await quiescence();
    db.events.on('diskSlow', (call) => void told.push(call));
    const effect = { kind: 'delay', ms: 10_000 } as const;
    faulty.addRule({ operation: 'syncData', path: '*.log', effect });
    const write = watch(db.put('a', '1'));
    await quiescence();
    clock.advance(9_999);
    await quiescence();
    expect(write.state).toBe('waiting');
    const slow = { operation: 'syncData', file: LOG_PATH };
    expect(told).toEqual([{ ...slow, elapsedMs: 5_000, isOver: false }]);
    expect(db.getSync('a')).toBeUndefined();
    clock.advance(1);
    await quiescence();
    expect(write.state).toBe('done');
    expect(told[1]).toMatchObject({ ...slow, isOver: true });
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
    expect(clock.timerCount).toBe(0);
  });

  test('I9: tells of a write of the log that blocked this thread, when it is over', async () => {
    const memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
    const faulty = new FaultyFileSystem(memory, { clock, block: (ms) => clock.advance(ms) });
    const db = await openSmall(faulty, { clock, durability: 'os' });
    await quiescence();
    db.events.on('diskSlow', (call) => void told.push(call));
    const effect = { kind: 'delay', ms: 10_000 } as const;
    faulty.addRule({ operation: 'write', path: '*.log', effect });
    await db.put('a', '1');
    expect(told.at(-1)).toEqual({
      operation: 'write',
      file: LOG_PATH,
      elapsedMs: 10_000,
      isOver: true,
    });
    await eventually(clock, db.close());
  });

  test('I9, P17: refuses writes with BUSY that have waited long enough, and nothing of them is there', async () => {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const faulty = new FaultyFileSystem(memory);
    const db = await openSmall(faulty, { clock, durability: 'os', writeTimeoutMs: 300 });
    await quiescence();
    // The manifest is not synced, so no further log is named and none can take over.
    scheduler.holds = ({ operation, path }) =>
      operation === 'syncData' && path.includes('MANIFEST');
    const put = (index: number) => watch(db.put(`k${index}`, 'v'.repeat(9_000)));
    const writes = Array.from({ length: 30 }, (_, index) => put(index));
    await quiescence();
    clock.advance(200);
    writes.push(put(30));
    const waitingCount = writes.filter(({ state }) => state === 'waiting').length;
    expect(waitingCount).toBeGreaterThan(2);
    clock.advance(100);
    await quiescence();
    const busy = writes.filter(({ state }) => state === 'BUSY');
    expect(busy).toHaveLength(waitingCount - 1);
    expect(writes.at(-1)!.state).toBe('waiting');
    scheduler.releaseAll();
    for (let turn = 0; turn < 5; turn++) await quiescence();
    expect(writes.at(-1)!.state).toBe('done');
    for (const [index, { state }] of writes.entries()) {
      expect(db.hasSync(`k${index}`)).toBe(state === 'done');
    }
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
    expect(clock.timerCount).toBe(0);
  });

  test('P17: lets a bounded number of writes wait, whatever their size', async () => {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const db = await openSmall(memory, {
      clock,
      durability: 'os',
      tuning: { frozenMemtableCountMax: 1 },
    });
    await quiescence();
    scheduler.holds = ({ operation, path }) =>
      operation === 'syncData' && path.includes('MANIFEST');
    let doneCount = 0;
    const writes: Promise<void>[] = [];
    for (let index = 0; index < 100_000; index++) {
      writes.push(db.put(`${index}`, '').then(() => void (doneCount += 1)));
    }
    // The one that found the list full waited on this thread, until there was room.
    expect(writes).toHaveLength(100_000);
    scheduler.releaseAll();
    await eventually(clock, Promise.all(writes));
    expect(doneCount).toBe(100_000);
    await eventually(clock, db.close());
  });
});
