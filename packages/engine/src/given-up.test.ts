// What is left of a database when a merge fails for good: everything but that merge, until level 0 needs it.

import { FaultyFileSystem, MemoryFileSystem, usingFileSync } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { HookedFileSystem } from './testing/hooked-file-system.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let memory: MemoryFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
  clock = new ManualClock();
});

function tableNames(): string[] {
  return memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
}

/** Inverts bytes at the beginning of a table; a second call mends it. */
function damage(name: string): void {
  const path = `${DIRECTORY}/${name}`;
  const bytes = new Uint8Array(4);
  usingFileSync(memory.openSync(path, 'read'), (file) => file.readSync(bytes, 0, 4, 30));
  const inverted = bytes.map((byte) => byte ^ 0xff);
  usingFileSync(memory.openSync(path, 'write'), (file) => file.writeSync(inverted, 0, 4, 30));
}

async function passSeconds(count: number): Promise<void> {
  for (let second = 0; second < count; second++) {
    clock.advance(1000);
    await quiescence();
  }
}

interface Told {
  readonly errors: [code: string, willRetry: boolean][];
  readonly states: string[];
  readonly merged: string[];
}

function listenTo(db: Database): Told {
  const told: Told = { errors: [], states: [], merged: [] };
  db.events.on('backgroundError', ({ error, willRetry }) => {
    told.errors.push([(error as { code?: string }).code ?? error.message, willRetry]);
  });
  db.events.on('state', ({ state }) => void told.states.push(state));
  db.events.on('compaction', ({ kind, keyspace }) => {
    if (kind === 'merge') told.merged.push(keyspace);
  });
  return told;
}

/** One table of level 0, over all of these keys. */
async function addRun(db: Database, prefix: string, value: string): Promise<void> {
  for (let index = 0; index < 20; index++) await db.put(`${prefix}${index}`, value.repeat(100));
  await eventually(clock, db.flush());
}

const GIVEN_UP = [
  ['CORRUPTION', true],
  ['CORRUPTION', true],
  ['CORRUPTION', false],
];

describe('A merge with a damaged input', () => {
  test('T9: is given up: inputs stay, outputs go, reads and writes go on, and so do other merges', async () => {
    const db = await openSmall(memory, { clock, tuning: { level0CompactionTrigger: 4 } });
    const told = listenTo(db);
    await addRun(db, 'a', '1');
    const [damaged] = tableNames();
    damage(damaged!);
    for (const value of ['2', '3', '4']) await addRun(db, 'a', value);
    const inputs = tableNames();
    await passSeconds(5);
    expect(told.errors).toEqual(GIVEN_UP);
    expect(tableNames()).toEqual(inputs);
    expect(db.state).toBe('open');
    await eventually(clock, db.settle());
    for (const value of ['1', '2', '3', '4']) await addRun(db, 'z', value);
    const cities = await db.keyspace('cities');
    for (const value of ['1', '2', '3', '4']) {
      for (let index = 0; index < 20; index++) await cities.put(`c${index}`, value.repeat(100));
      await eventually(clock, db.flush());
    }
    await eventually(clock, db.settle());
    expect(told.merged).toEqual(expect.arrayContaining(['default', 'cities']));
    expect(told.errors).toEqual(GIVEN_UP);
    expect(tableNames()).toEqual(expect.arrayContaining(inputs));
    expect(db.getSync('a7')).toBe('4'.repeat(100));
    expect(db.getSync('z7')).toBe('4'.repeat(100));
    expect(told.states).toEqual([]);
    await eventually(clock, db.close());
    expect(clock.timerCount).toBe(0);
    expect(memory.openPaths()).toEqual([]);
  });

  test('T9: is tried again after half a minute, then after twice that', async () => {
    const db = await openSmall(memory, { clock, tuning: { level0CompactionTrigger: 2 } });
    const told = listenTo(db);
    await addRun(db, 'a', '1');
    const [damaged] = tableNames();
    damage(damaged!);
    await addRun(db, 'a', '2');
    await passSeconds(5);
    expect(told.errors).toEqual(GIVEN_UP);
    await passSeconds(24);
    expect(told.errors).toHaveLength(3);
    await passSeconds(10);
    expect(told.errors).toHaveLength(6);
    await passSeconds(50);
    expect(told.errors).toHaveLength(6);
    damage(damaged!);
    await passSeconds(20);
    expect(told.errors).toHaveLength(6);
    expect(told.merged).toEqual(['default']);
    expect(everythingIn(db)).toHaveLength(20);
    await eventually(clock, db.close());
    expect(clock.timerCount).toBe(0);
  });

  test('T9: refuses writes once level 0 is full, with the cause, and takes them when it has succeeded', async () => {
    const tuning = { level0CompactionTrigger: 2, level0StopTrigger: 4 };
    const db = await openSmall(memory, { clock, durability: 'os', tuning });
    const told = listenTo(db);
    await addRun(db, 'a', '1');
    const [damaged] = tableNames();
    damage(damaged!);
    for (const value of ['2', '3', '4']) await addRun(db, 'a', value);
    await passSeconds(5);
    expect(db.state).toBe('readOnly');
    expect(db.failure).toMatchObject({ code: 'CORRUPTION', where: 'sst.data' });
    await db.put('small', 'fits in memory');
    const cause = expect.objectContaining({ code: 'CORRUPTION' });
    const refused = { code: 'READ_ONLY', retryable: false, cause };
    const large = 'v'.repeat(60_000);
    await expect(db.put('large', large)).rejects.toMatchObject(refused);
    expect(() => db.putSync('large', large)).toThrow(expect.objectContaining(refused));
    await expect(eventually(clock, db.flush())).rejects.toMatchObject(refused);
    expect(db.getSync('a7')).toBe('4'.repeat(100));
    expect(db.getSync('small')).toBe('fits in memory');
    damage(damaged!);
    await passSeconds(40);
    expect(told.states).toEqual(['readOnly', 'open']);
    await db.put('large', large);
    await eventually(clock, db.close());
    const again = await openSmall(memory, { clock });
    expect(again.getSync('small')).toBe('fits in memory');
    expect(again.getSync('large')).toBe(large);
    await eventually(clock, again.close());
  });

  test('T9: stays the reason for refusals while it is tried again, and rejects writes that waited', async () => {
    const tuning = { level0CompactionTrigger: 2, level0StopTrigger: 3 };
    const db = await openSmall(memory, { clock, durability: 'os', tuning });
    const told = listenTo(db);
    await addRun(db, 'a', '1');
    damage(tableNames()[0]!);
    for (const value of ['2', '3']) await addRun(db, 'a', value);
    const writes = Array.from({ length: 10 }, (_, index) =>
      watch(db.put(`k${index}`, 'v'.repeat(9_000))),
    );
    await quiescence();
    expect(writes.at(-1)!.state).toBe('waiting');
    await passSeconds(200);
    expect(new Set(writes.map(({ state }) => state))).toEqual(new Set(['done', 'READ_ONLY']));
    expect(told.errors.length).toBeGreaterThan(6);
    expect(told.states).toEqual(['readOnly']);
    await eventually(clock, db.close());
  });

  test('T9: is told to a synchronous writer who never returns to the event loop', async () => {
    const tuning = { level0CompactionTrigger: 2, level0StopTrigger: 3 };
    const db = await openSmall(memory, { clock, durability: 'os', tuning });
    await addRun(db, 'a', '1');
    damage(tableNames()[0]!);
    await addRun(db, 'a', '2');
    const fill = (): void => {
      for (let index = 0; index < 100; index++) db.putSync(`a${index}`, 'v'.repeat(9_000));
    };
    const refused = { code: 'READ_ONLY', cause: expect.objectContaining({ code: 'CORRUPTION' }) };
    expect(fill).toThrow(expect.objectContaining(refused));
    expect(db.getSync('a0')).toBe('v'.repeat(9_000));
    await eventually(clock, db.close());
  });

  test('T9: of a keyspace that is dropped keeps nobody out any more', async () => {
    const tuning = { level0CompactionTrigger: 2, level0StopTrigger: 3 };
    const db = await openSmall(memory, { clock, durability: 'os', tuning });
    const told = listenTo(db);
    const cities = await db.keyspace('cities');
    for (const value of ['1', '2', '3']) {
      for (let index = 0; index < 20; index++) await cities.put(`c${index}`, value.repeat(100));
      await eventually(clock, db.flush());
      if (value === '1') damage(tableNames()[0]!);
    }
    await passSeconds(5);
    expect(db.state).toBe('readOnly');
    await eventually(clock, db.dropKeyspace('cities'));
    expect(told.states).toEqual(['readOnly', 'open']);
    await db.put('large', 'v'.repeat(60_000));
    await eventually(clock, db.close());
  });

  test('T9: that was asked for rejects with the damage, and the database stays open', async () => {
    const db = await openSmall(memory, { clock, tuning: { level0CompactionTrigger: 64 } });
    for (const value of ['1', '2']) await addRun(db, 'a', value);
    const [damaged] = tableNames();
    damage(damaged!);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(eventually(clock, db.compact())).rejects.toMatchObject({ code: 'CORRUPTION' });
    }
    expect(db.state).toBe('open');
    damage(damaged!);
    await eventually(clock, db.compact());
    expect(db.stats().tables.count).toBe(1);
    await eventually(clock, db.close());
  });
});

describe('A merge that fails otherwise', () => {
  test('P5: because its code throws, wherever it runs, is given up like one with a damaged input', async () => {
    const hooked = new HookedFileSystem(memory);
    const db = await openSmall(hooked, { clock, tuning: { level0CompactionTrigger: 2 } });
    const told = listenTo(db);
    await addRun(db, 'a', '1');
    const [first] = tableNames();
    hooked.beforeCall = ({ operation, path }) => {
      if (operation === 'open' && path.endsWith(first!)) throw new Error('a bug in the merge');
    };
    await addRun(db, 'a', '2');
    await passSeconds(5);
    expect(told.errors).toEqual([
      ['a bug in the merge', true],
      ['a bug in the merge', true],
      ['a bug in the merge', false],
    ]);
    expect(db.state).toBe('open');
    hooked.beforeCall = () => {};
    await passSeconds(40);
    expect(told.merged).toEqual(['default']);
    await eventually(clock, db.close());
  });

  test('I2: because no sync of its outputs succeeds, is given up with three outputs removed', async () => {
    const faulty = new FaultyFileSystem(memory, {
      onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
    });
    const db = await openSmall(faulty, { clock, tuning: { level0CompactionTrigger: 64 } });
    for (const value of ['1', '2']) await addRun(db, 'a', value);
    const inputs = tableNames();
    const effect = failWith('EIO');
    faulty.addRule({ operation: 'syncData', path: '*.sst', duration: 'sticky', effect });
    await expect(eventually(clock, db.compact())).rejects.toMatchObject({ code: 'IO' });
    expect(new Set(faulty.injected.map(({ call }) => call.path)).size).toBe(3);
    expect(tableNames()).toEqual(inputs);
    expect(db.state).toBe('open');
    expect(db.getSync('a7')).toBe('2'.repeat(100));
    await eventually(clock, db.close());
  });

  test('I5: for want of space and then for damage ends the suspension', async () => {
    const faulty = new FaultyFileSystem(memory);
    const db = await openSmall(faulty, { clock, tuning: { level0CompactionTrigger: 2 } });
    const told = listenTo(db);
    await addRun(db, 'a', '1');
    const [damaged] = tableNames();
    await quiescence();
    const effect = failWith('ENOSPC');
    faulty.addRule({ operation: 'create', path: '*.sst', nth: 2, duration: 'sticky', effect });
    await addRun(db, 'a', '2');
    await passSeconds(3);
    expect(told.states).toEqual(['readOnly']);
    damage(damaged!);
    faulty.clearRules();
    await passSeconds(3);
    expect(told.errors.at(-1)).toEqual(['CORRUPTION', false]);
    expect(told.states).toEqual(['readOnly', 'open']);
    await eventually(clock, db.close());
  });

  test.each([1, 2])(
    'I7: opening what was written (attempt %i) makes it be written again',
    async (nth) => {
      const faulty = new FaultyFileSystem(memory);
      const db = await openSmall(faulty, { clock });
      const told = listenTo(db);
      faulty.addRule({ operation: 'open', path: '*.sst', nth, effect: failWith('EIO') });
      await addRun(db, 'a', '1');
      expect(told.errors).toEqual([['IO', true]]);
      expect(db.state).toBe('open');
      await quiescence();
      expect(tableNames()).toHaveLength(1);
      await eventually(clock, db.close());
      expect(memory.openPaths()).toEqual([]);
    },
  );
});
