// A log that the disk has no space for: what is refused, what is kept, in which order a new one comes, and a power loss at
// every moment of that.

import { createRandom, type StorageError } from '@varve/base';
import { type CrashModel, FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { HookedFileSystem } from './testing/hooked-file-system.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let memory: MemoryFileSystem;
let hooked: HookedFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
  hooked = new HookedFileSystem(memory, DIRECTORY);
  faulty = new FaultyFileSystem(hooked, {
    onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
  });
  clock = new ManualClock();
});

function openFaulty(options: Parameters<typeof openSmall>[1] = {}): Promise<Database> {
  return openSmall(faulty, { clock, ...options });
}

/** The log takes nothing until the rules are cleared; what is begun stands there in part. */
function fillLog(duration: 'once' | 'sticky' = 'sticky', sizeBytes = 20): void {
  faulty.addRule({
    operation: 'write',
    path: '*.log',
    duration,
    effect: { kind: 'short', sizeBytes, errno: 'ENOSPC' },
  });
}

async function pass(ms: number): Promise<void> {
  for (let step = 0; step < ms; step += 100) {
    await quiescence();
    clock.advance(100);
  }
  await quiescence();
}

const NO_SPACE = { code: 'NO_SPACE', retryable: true };

describe('A database whose log the disk has no space for', () => {
  test.each(['always', 'interval', 'os', 'none'] as const)(
    'I5: with durability %s refuses writes with NO_SPACE, serves reads, and goes on by itself within a second',
    async (durability) => {
      const db = await openFaulty({ durability });
      const states: { state: string; error: StorageError | null }[] = [];
      db.events.on('state', (event) => void states.push(event));
      for (let index = 0; index < 20; index++) await db.put(`k${index}`, `${index}`);
      fillLog();
      await expect(db.put('lost', '1', { durability: 'os' })).rejects.toMatchObject(NO_SPACE);
      expect(db.state).toBe('readOnly');
      expect(db.failure).toMatchObject({ code: 'NO_SPACE' });
      await expect(db.put('x', '1')).rejects.toMatchObject(NO_SPACE);
      await expect(db.del('k1')).rejects.toMatchObject(NO_SPACE);
      expect(() => db.putSync('x', '1')).toThrow(expect.objectContaining(NO_SPACE));
      expect(() => db.batchSync([{ type: 'del', key: 'k1' }])).toThrow(
        expect.objectContaining(NO_SPACE),
      );
      await pass(5_000);
      expect(db.state).toBe('readOnly');
      for (let index = 0; index < 20; index++) expect(db.getSync(`k${index}`)).toBe(`${index}`);
      expect(everythingIn(db)).toHaveLength(20);
      faulty.clearRules();
      await pass(1_000);
      expect(db.state).toBe('open');
      expect(states).toMatchObject([
        { state: 'readOnly', error: { code: 'NO_SPACE' } },
        { state: 'open', error: null },
      ]);
      await db.put('after', '1', { durability: 'always' });
      db.putSync('k1', 'changed');
      await eventually(clock, db.settle());
      await eventually(clock, db.close());
      const again = await openSmall(memory.crash('drop', createRandom(1)), { clock });
      expect(again.getSync('lost')).toBeUndefined();
      expect(again.getSync('k0')).toBe('0');
      expect(again.getSync('k1')).toBe('changed');
      expect(everythingIn(again)).toHaveLength(21);
      await again.close();
      expect(clock.timerCount).toBe(0);
    },
  );

  test('I4: writes nothing behind the record that failed, cuts no log, and begins the next when the tables are durable', async () => {
    const db = await openFaulty();
    await quiescence();
    await db.put('a', '1');
    fillLog('once');
    hooked.clear();
    await expect(db.put('b', '2')).rejects.toMatchObject(NO_SPACE);
    await pass(1_000);
    expect(db.state).toBe('open');
    const steps = hooked.lines.filter((line) => !/read|exists|stat|size|list|prepare/.test(line));
    const touched = steps.filter((line) => line.includes('000001.log'));
    // The one that failed is the last that touched it.
    expect(touched.filter((line) => /^(truncate|write|sync)/.test(line))).toHaveLength(1);
    const flush = steps.findIndex((line) => line.startsWith('create') && line.endsWith('.sst'));
    const order = steps.slice(flush).map((line) => line.replace(/ \d+\.\..*/, ''));
    expect(order).toEqual([
      'create 000014.sst',
      'write 000014.sst',
      'sync 000014.sst',
      'sync directory .',
      'write MANIFEST-000011',
      'sync MANIFEST-000011',
      'write MANIFEST-000011',
      'write 000012.log',
      'remove 000001.log',
    ]);
    await eventually(clock, db.close());
  });

  test.each(['kill', 'drop', 'posix'] as const)(
    'I5: keeps what was acknowledged when the power goes (%s) before any call on the way to the next log',
    async (model: CrashModel) => {
      for (let crashAt = 1; ; crashAt++) {
        memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
        hooked = new HookedFileSystem(memory, DIRECTORY);
        faulty = new FaultyFileSystem(hooked);
        clock = new ManualClock();
        const db = await openFaulty();
        await quiescence();
        for (let index = 0; index < 5; index++) await db.put(`k${index}`, `${index}`);
        // The record that fails is whole in the log: only the error says that it is not.
        fillLog('once', 1 << 20);
        let callCount = 0;
        let image: MemoryFileSystem | null = null;
        let acknowledged = 5;
        const crash = (): void => {
          callCount += 1;
          if (callCount === crashAt) image = memory.crash(model, createRandom(crashAt));
          if (image === null) return;
          hooked.beforeCall = () => {};
        };
        await expect(db.put('lost', 'x')).rejects.toMatchObject(NO_SPACE);
        hooked.beforeCall = crash;
        await pass(1_000);
        expect(db.state).toBe('open');
        while (image === null && acknowledged < 8) {
          await db.put(`k${acknowledged}`, `${acknowledged}`);
          if (image === null) acknowledged += 1;
        }
        hooked.beforeCall = () => {};
        await eventually(clock, db.close());
        if (image === null) {
          expect(crashAt).toBeGreaterThan(20);
          break;
        }
        for (let opening = 0; opening < 2; opening++) {
          const again = await openSmall(image, { clock });
          for (let index = 0; index < acknowledged; index++) {
            expect(again.getSync(`k${index}`), `crash ${crashAt}`).toBe(`${index}`);
          }
          expect([undefined, 'x']).toContain(again.getSync('lost'));
          await again.put('more', '1');
          await again.close();
        }
      }
    },
    60_000,
  );

  test('I5: loses the next log as well, again and again, and nothing else', async () => {
    const db = await openFaulty({ durability: 'os' });
    let count = 0;
    for (let round = 0; round < 20; round++) {
      for (let index = 0; index < 3; index++) await db.put(`k${count++}`, `${round}`);
      fillLog(round % 2 === 0 ? 'once' : 'sticky');
      await expect(db.put('lost', '1')).rejects.toMatchObject(NO_SPACE);
      await pass(700);
      faulty.clearRules();
      await pass(1_000);
      expect(db.state, `round ${round}`).toBe('open');
    }
    expect(everythingIn(db)).toHaveLength(count);
    await eventually(clock, db.close());
    const again = await openSmall(memory, { clock });
    expect(everythingIn(again)).toHaveLength(count);
    await again.close();
  });

  test('I5: goes on for a caller who never returns to the event loop', async () => {
    const db = await openFaulty({ durability: 'os', backgroundThreads: 0 });
    db.putSync('a', '1');
    fillLog('once');
    await quiescence(); // the next log is prepared meanwhile
    expect(() => db.putSync('b', '2')).toThrow(expect.objectContaining(NO_SPACE));
    await quiescence();
    db.putSync('c', '3');
    expect(everythingIn(db).map(([key]) => key)).toEqual(['a', 'c']);
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
  });

  test('I5: waits for the flushes before it, which the disk has no space for either', async () => {
    const db = await openFaulty({ durability: 'os' });
    await quiescence();
    const effect = failWith('ENOSPC');
    faulty.addRule({ operation: 'write', path: '*.sst', duration: 'sticky', effect });
    const writes = Array.from({ length: 30 }, (_, index) =>
      watch(db.put(`k${index}`, `${index}`.padEnd(9_000, 'v'))),
    );
    await pass(2_000);
    fillLog();
    const states = new Set(writes.map(({ state }) => state));
    expect(states).toEqual(new Set(['done', 'waiting']));
    await pass(3_000);
    faulty.clearRules();
    await pass(4_000);
    expect(writes.every(({ state }) => state === 'done')).toBe(true);
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
  });

  test('I5: rejects flush() and settle() for as long as there is no space, and close() keeps what was acknowledged', async () => {
    const db = await openFaulty({ durability: 'os' });
    await db.put('a', '1');
    await db.put('unlogged', '1', { durability: 'none' });
    fillLog();
    await expect(db.put('b', '1')).rejects.toMatchObject(NO_SPACE);
    await expect(eventually(clock, db.flush())).rejects.toMatchObject(NO_SPACE);
    await expect(eventually(clock, db.settle())).rejects.toMatchObject(NO_SPACE);
    await eventually(clock, db.close());
    expect(clock.timerCount).toBe(0);
    expect(memory.openPaths()).toEqual([]);
    const again = await openSmall(memory.crash('drop', createRandom(2)), { clock });
    // The flush on the way to a new log succeeded: only logs are without space here.
    expect(everythingIn(again).map(([key]) => key)).toEqual(['a', 'unlogged']);
    await again.close();
  });
});
