// A fresh manifest takes the place of the one in force, while edits go on.

import { createRandom, initializeChecksums } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { HeldScheduler, quiescence } from '../testing/held-scheduler.js';
import { createVersionSet, logTable, openDirectory, tablesOf } from './testing/fixtures.js';
import { VersionSet } from './version-set.js';

beforeAll(initializeChecksums);

/** The crash models used here leave nothing to chance. */
const RANDOM = createRandom(0);

describe('VersionSet.rotate', () => {
  test('M4, M6: replaces the manifest in the same order, and keeps every edit', async () => {
    const memory = new MemoryFileSystem();
    const recording = new RecordingFileSystem(memory, { root: '/db', writes: 'names' });
    const set = await createVersionSet(recording);
    const tables = [logTable(set), logTable(set)];
    recording.clear();
    await set.rotate();
    expect(recording.lines).toEqual([
      'create MANIFEST-000022',
      'write MANIFEST-000022',
      'sync MANIFEST-000022',
      'write MANIFEST-000022',
      'sync directory .',
      'create 000022.tmp',
      'write 000022.tmp',
      'sync 000022.tmp',
      'rename 000022.tmp -> CURRENT',
      'sync directory .',
    ]);
    expect(set.durableEditCount).toBe(3);
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'manifest', fileNumber: 11 }]);
    expect(set.takeUnusedFiles()).toEqual([]);
    tables.push(logTable(set));
    await set.close();
    expect(memory.openPaths()).toEqual([]);
    const reloaded = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(tablesOf(reloaded)).toEqual(tables);
  });

  test('takes edits meanwhile, which count as durable only when they are in both manifests', async () => {
    const pending: (() => void)[] = [];
    const memory = new MemoryFileSystem({ scheduler: { schedule: (_, run) => pending.push(run) } });
    const creation = createVersionSet(memory);
    const set = await drain(creation, pending);
    const rotation = set.rotate();
    expect(set.rotate()).toBe(rotation);
    const table = logTable(set);
    const sync = set.sync();
    pending.shift()!();
    await settled();
    expect(set.durableEditCount).toBe(1);
    set.syncSync();
    expect(set.durableEditCount).toBe(2);
    for (const model of ['drop', 'kill'] as const) {
      const survivor = VersionSet.loadSync(openDirectory(memory.crash(model, RANDOM)))!;
      expect(tablesOf(survivor)).toEqual([table]);
    }
    await drain(Promise.all([rotation, sync]), pending);
    expect(set.liveFiles().manifests).toEqual(new Set([22]));
    await drain(set.close(), pending);
  });

  test('is due once the manifest has grown to its limit and doubled', async () => {
    const set = await createVersionSet(new MemoryFileSystem(), { rotationSizeBytes: 1_000 });
    expect(set.needsRotation).toBe(false);
    while (!set.needsRotation) logTable(set);
    expect(set.manifestSizeBytes).toBeGreaterThanOrEqual(1_000);
    while (tablesOf(set).length < 30) logTable(set);
    await set.rotate();
    expect(set.manifestSizeBytes).toBeGreaterThanOrEqual(1_000);
    expect(set.needsRotation).toBe(false);
    await set.close();
  });

  test.each([
    ['create the manifest', { operation: 'create', path: 'MANIFEST-*' }],
    ['write the manifest', { operation: 'write', path: 'MANIFEST-*' }],
    ['create the temporary file', { operation: 'create', path: '*.tmp' }],
    ['write the temporary file', { operation: 'write', path: '*.tmp' }],
  ] as const)(
    'I5: failing to %s leaves the old manifest in force and nothing behind',
    async (_, call) => {
      const memory = new MemoryFileSystem();
      const faulty = new FaultyFileSystem(memory);
      const set = await createVersionSet(faulty);
      const before = memory.listSync('/db');
      faulty.addRule({ ...call, effect: { kind: 'error', errno: 'ENOSPC' } });
      await expect(set.rotate()).rejects.toMatchObject({ code: 'NO_SPACE' });
      expect(memory.listSync('/db')).toEqual(before);
      const table = logTable(set);
      await set.rotate();
      expect(tablesOf(set)).toEqual([table]);
      await set.close();
      expect(memory.openPaths()).toEqual([]);
    },
  );

  test.each([
    ['the sync of the manifest', { operation: 'syncData', path: 'MANIFEST-*' }],
    ['the first sync of the directory', { operation: 'syncDirectory', nth: 1 }],
    ['the rename', { operation: 'rename' }],
    ['the last sync of the directory', { operation: 'syncDirectory', nth: 2 }],
  ] as const)('I3: a failure of %s ends everything', async (_, call) => {
    const memory = new MemoryFileSystem();
    const faulty = new FaultyFileSystem(memory);
    const set = await createVersionSet(faulty);
    faulty.addRule({ ...call, effect: { kind: 'error', errno: 'EIO' } });
    await expect(set.rotate()).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    expect(set.takeUnusedFiles()).toEqual([]);
    await set.close();
    expect(memory.openPaths()).toEqual([]);
    for (const model of ['drop', 'kill'] as const) {
      VersionSet.loadSync(openDirectory(memory.crash(model, RANDOM)));
    }
  });
});

describe('VersionSet.log during a rotation', () => {
  /** A set that waits for a sync, the `nth` of its kind, to put its fresh manifest in force, which takes no edit. */
  async function stuck(operation: 'syncData' | 'syncDirectory', nth: number) {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const faulty = new FaultyFileSystem(memory);
    const set = await createVersionSet(faulty);
    scheduler.holds = (call) => call.operation === operation;
    const rotating = set.rotate();
    rotating.catch(() => {});
    await quiescence();
    for (let count = 1; count < nth; count++) {
      scheduler.release();
      await quiescence();
    }
    expect(scheduler.waitingCount).toBe(1);
    faulty.addRule({
      ...{ operation: 'write', path: 'MANIFEST-000022', duration: 'sticky' },
      effect: { kind: 'error', errno: 'ENOSPC' },
    });
    return { set, memory, scheduler, rotating };
  }

  test('I5: a fresh manifest that misses an edit is not put in force', async () => {
    const { set, memory, scheduler, rotating } = await stuck('syncData', 1);
    const table = logTable(set);
    scheduler.releaseAll();
    await expect(rotating).rejects.toMatchObject({ code: 'NO_SPACE' });
    await set.sync();
    await set.close();
    const reloaded = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(tablesOf(reloaded)).toEqual([table]);
  });

  test('I3: when it may be in force already, nothing goes on', async () => {
    const { set, memory, scheduler, rotating } = await stuck('syncDirectory', 2);
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    scheduler.releaseAll();
    await expect(rotating).rejects.toMatchObject({ code: 'READ_ONLY' });
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    await set.close();
    for (const model of ['drop', 'kill'] as const) {
      expect(VersionSet.loadSync(openDirectory(memory.crash(model, RANDOM)))).toBeDefined();
    }
  });
});

/** Lets everything run that waits for nothing but promises. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** Runs the operations a scheduler holds until `promise` resolves. */
async function drain<T>(promise: Promise<T>, pending: (() => void)[]): Promise<T> {
  let isDone = false;
  void promise.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    pending.shift()?.();
    await settled();
  }
  return promise;
}
