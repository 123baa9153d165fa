// What close() leaves on disk when something fails while it runs, or has failed before: everything that was acknowledged, or
// it rejects.

import { createRandom } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;
let db: Database;

beforeEach(async () => {
  memory = new MemoryFileSystem();
  faulty = new FaultyFileSystem(memory, {
    onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
  });
  clock = new ManualClock();
  const tuning = { memtableSizeBytes: 4 * 1024 * 1024 };
  db = await openSmall(faulty, { clock, durability: 'os', memoryBudgetBytes: 2 ** 26, tuning });
  await quiescence();
});

const VALUE = 'v'.repeat(10_000);

/** So much that close() makes tables of it. */
function writeMuch(): void {
  for (let index = 0; index < 150; index++) db.putSync(`k${index}`, VALUE);
}

async function keysAfterPowerLoss(): Promise<string[]> {
  const again = await openSmall(memory.crash('drop', createRandom(1)));
  const keys = everythingIn(again).map(([key]) => key);
  await again.close();
  return keys;
}

describe('Database.close', () => {
  test.each([
    { operation: 'syncDirectory', path: '*' },
    { operation: 'syncData', path: 'MANIFEST-*' },
    { operation: 'write', path: 'MANIFEST-*' },
    { operation: 'syncData', path: '*.sst' },
  ] as const)(
    'P12, I3: leaves every write durable in the logs when $operation of $path fails during its flush',
    async ({ operation, path }) => {
      writeMuch();
      const injectedCount = faulty.injected.length;
      faulty.addRule({ operation, path, duration: 'sticky', effect: failWith('EIO') });
      await eventually(clock, db.close());
      expect(faulty.injected.length).toBeGreaterThan(injectedCount);
      expect(memory.openPaths()).toEqual([]);
      expect(await keysAfterPowerLoss()).toHaveLength(150);
    },
  );

  test('P12, I5: rejects when writes that are in no log cannot become tables, and keeps the others', async () => {
    await db.put('logged', '1');
    await db.put('unlogged', '1', { durability: 'none' });
    const effect = failWith('ENOSPC');
    faulty.addRule({ operation: 'create', path: '*.sst', duration: 'sticky', effect });
    const closing = eventually(clock, db.close());
    await expect(closing).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect(db.status).toBe('closed');
    expect(memory.openPaths()).toEqual([]);
    expect(clock.timerCount).toBe(0);
    expect(await keysAfterPowerLoss()).toEqual(['logged']);
  });

  test('P12, I5: rejects writes that wait for room on a full disk, and leaves what was acknowledged durable', async () => {
    await eventually(clock, db.close());
    db = await openSmall(faulty, { clock, durability: 'os' });
    await quiescence();
    const effect = failWith('ENOSPC');
    faulty.addRule({ operation: 'create', path: '*.sst', duration: 'sticky', effect });
    const writes = Array.from({ length: 40 }, (_, index) => watch(db.put(`n${index}`, VALUE)));
    for (let step = 0; step < 5; step++) {
      clock.advance(500);
      await quiescence();
    }
    const acknowledgedCount = writes.filter(({ state }) => state === 'done').length;
    expect(writes.some(({ state }) => state === 'waiting')).toBe(true);
    await eventually(clock, db.close());
    expect(new Set(writes.map(({ state }) => state))).toEqual(new Set(['done', 'NO_SPACE']));
    expect(acknowledgedCount).toBeGreaterThan(0);
    expect(await keysAfterPowerLoss()).toHaveLength(acknowledgedCount);
  });

  test('P12, I3: leaves a write durable whose interval is not over, although the manifest failed before', async () => {
    await db.put('a', '1', { durability: 'interval' });
    faulty.addRule({ operation: 'syncData', path: 'MANIFEST-*', effect: failWith('EIO') });
    await expect(db.keyspace('other')).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    await eventually(clock, db.close());
    expect(await keysAfterPowerLoss()).toEqual(['a']);
  });

  test('P12, I4: rejects when a failure that comes after it was called costs a write that is in no log', async () => {
    await db.put('unlogged', '1', { durability: 'none' });
    faulty.addRule({ operation: 'write', path: '*.log', effect: failWith('EIO') });
    const write = watch(db.put('b', '2'));
    const closing = eventually(clock, db.close());
    await expect(closing).rejects.toMatchObject({ code: 'IO' });
    expect(write.state).toBe('IO');
    expect(memory.openPaths()).toEqual([]);
  });

  test('P12, I1, I4: rejects when the disk of the logs dies in the turn in which it is called', async () => {
    await db.put('acknowledged', '1');
    for (const operation of ['write', 'syncData'] as const)
      faulty.addRule({ operation, path: '*.log', duration: 'sticky', effect: failWith('EIO') });
    watch(db.put('b', '2'));
    const closing = eventually(clock, db.close());
    await expect(closing).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    expect(memory.openPaths()).toEqual([]);
  });

  test('P12, I1: rejects when the logs cannot be synced, and nothing had failed before', async () => {
    await db.put('a', '1');
    faulty.addRule({ operation: 'syncData', path: '*.log', effect: failWith('EIO') });
    const closing = eventually(clock, db.close());
    await expect(closing).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    expect(memory.openPaths()).toEqual([]);
  });
});
