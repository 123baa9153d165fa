// What fails below an open database, and what is left of it: every call of the file system once, background work, threads.

import { createRandom, isStorageError } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let scheduler: HeldScheduler;
let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;

beforeEach(() => {
  scheduler = new HeldScheduler();
  memory = new MemoryFileSystem({ scheduler });
  faulty = new FaultyFileSystem(memory, {
    onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
  });
  clock = new ManualClock();
});

function openFaulty(options: Parameters<typeof openSmall>[1] = {}): Promise<Database> {
  return openSmall(faulty, { clock, ...options });
}

/** What each key may hold, given what was acknowledged and what was rejected. */
class Expectation {
  readonly #values = new Map<string, Set<string | undefined>>();

  acknowledged(key: string, value: string | undefined): void {
    this.#values.set(key, new Set([value]));
  }

  rejected(key: string, value: string | undefined): void {
    this.#values.set(key, (this.#values.get(key) ?? new Set([undefined])).add(value));
  }

  check(db: Database, context: string): void {
    const found = new Map(everythingIn(db));
    for (const [key, values] of this.#values) {
      expect([...values], `${context}: ${key}`).toContain(found.get(key));
      expect(db.getSync(key), `${context}: ${key}`).toBe(found.get(key));
    }
  }
}

/** A bit of everything. Errors must be StorageErrors; what they leave open is noted. */
async function exercise(db: Database, expectation: Expectation): Promise<void> {
  const attempt = async (action: () => unknown): Promise<boolean> => {
    try {
      await eventually(clock, Promise.resolve().then(action));
      return true;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return false;
    }
  };
  const put = async (key: string, value: string, form: 'put' | 'putSync' = 'put') => {
    const done = await attempt(() => db[form](key, value));
    if (done) expectation.acknowledged(key, value);
    else expectation.rejected(key, value);
  };
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 5; index++) {
      await put(`k${index}`, `${round}${'v'.repeat(9_000)}`, index === 3 ? 'putSync' : 'put');
    }
    if (await attempt(() => db.del('k1'))) expectation.acknowledged('k1', undefined);
    else expectation.rejected('k1', undefined);
    await attempt(() => db.flush());
  }
  await attempt(async () => {
    const cities = await db.keyspace('cities');
    await cities.put('rome', 'x'.repeat(20_000));
  });
  await attempt(() => db.compact());
  await put('last', '1');
  await attempt(() => db.dropKeyspace('cities'));
  await attempt(() => db.settle());
  await attempt(() => db.get('k0'));
  clock.advance(1000);
  await quiescence();
}

describe('A database of which one call to the file system fails', () => {
  test.each([
    { errno: 'EIO', duration: 'once' },
    { errno: 'ENOSPC', duration: 'once' },
    { errno: 'ENOSPC', duration: 'sticky' },
  ] as const)(
    'B3: with $errno, $duration, keeps what it acknowledged, and says what it could not do',
    async ({ errno, duration }) => {
      const tuning = { level0CompactionTrigger: 2 };
      for (let nth = 1; ; nth++) {
        scheduler = new HeldScheduler();
        memory = new MemoryFileSystem({ scheduler });
        faulty = new FaultyFileSystem(memory, {
          onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
        });
        clock = new ManualClock();
        const db = await openFaulty({ tuning });
        const expectation = new Expectation();
        const operation = [
          ...([
            'create',
            'open',
            'write',
            'syncData',
            'rename',
            'remove',
            'syncDirectory',
          ] as const),
          'read' as const,
        ];
        faulty.addRule({ operation, nth, duration, effect: failWith(errno) });
        await exercise(db, expectation);
        const [fault] = faulty.injected;
        faulty.clearRules();
        const context = `${errno} at call ${nth}: ${fault?.call.operation} ${fault?.call.path}`;
        // Reads go on, whatever happened to writes.
        expectation.check(db, `${context}, still open`);
        await eventually(clock, db.close()).catch((error) => {
          expect(isStorageError(error), context).toBe(true);
        });
        expect(memory.openPaths(), context).toEqual([]);
        expect(clock.timerCount, context).toBe(0);
        if (fault === undefined) break;
        const model = nth % 2 === 0 ? 'kill' : 'drop';
        const again = await openSmall(memory.crash(model, createRandom(nth)));
        expectation.check(again, `${context}, reopened after ${model}`);
        await again.put('more', '1');
        await again.close();
      }
    },
    120_000,
  );
});

describe('A database whose manifest cannot be written', () => {
  test('I3: stops writing, removes nothing, and is as it was after reopening', async () => {
    for (const operation of ['write', 'syncData'] as const) {
      memory = new MemoryFileSystem({ scheduler });
      faulty = new FaultyFileSystem(memory);
      const db = await openFaulty();
      await db.put('a', '1');
      await db.flush();
      await db.put('a', '2');
      await quiescence();
      const before = memory.listSync(DIRECTORY).filter((name) => !name.endsWith('.log'));
      faulty.addRule({ operation, path: 'MANIFEST-*', every: 1, effect: failWith('EIO') });
      await expect(eventually(clock, db.flush())).rejects.toMatchObject({ name: 'StorageError' });
      expect(db.status).toBe('failed');
      expect(db.getSync('a')).toBe('2');
      await expect(db.put('a', '3')).rejects.toMatchObject({ code: 'READ_ONLY' });
      await eventually(clock, db.close()).catch(() => {});
      expect(memory.listSync(DIRECTORY)).toEqual(expect.arrayContaining(before));
      faulty.clearRules();
      const again = await openFaulty();
      expect(everythingIn(again)).toEqual([['a', '2']]);
      await again.close();
    }
  });

  test.each([
    { errno: 'EIO', expected: 'failed' },
    { errno: 'ENOSPC', expected: 'open' },
  ] as const)(
    'I3, I5: with $errno at any of its edits, moves of tables included, is $expected and keeps everything',
    async ({ errno, expected }) => {
      // Tables that overlap nothing are moved down in the turn of their flush, with an edit of their own.
      const states = new Set<string>();
      for (let nth = 1; nth <= 12; nth++) {
        memory = new MemoryFileSystem({ scheduler });
        faulty = new FaultyFileSystem(memory);
        const db = await openFaulty({ tuning: { level0CompactionTrigger: 1 } });
        let moveCount = 0;
        db.events.on('compaction', ({ kind }) => {
          if (kind === 'move') moveCount += 1;
        });
        faulty.addRule({ operation: 'write', path: 'MANIFEST-*', nth, effect: failWith(errno) });
        for (const key of ['a', 'b', 'c']) {
          await eventually(clock, db.put(key, key)).catch(() => {});
          await eventually(clock, db.flush()).catch((error) =>
            expect(isStorageError(error)).toBe(true),
          );
          await eventually(clock, db.settle()).catch((error) =>
            expect(isStorageError(error)).toBe(true),
          );
        }
        states.add(db.state);
        if (db.state === 'open') expect(moveCount).toBe(3);
        const before = everythingIn(db);
        if (expected === 'open') expect(before.map(([key]) => key)).toEqual(['a', 'b', 'c']);
        await eventually(clock, db.close()).catch(() => {});
        faulty.clearRules();
        const again = await openFaulty();
        expect(everythingIn(again)).toEqual(before);
        await again.close();
      }
      if (expected === 'open') expect([...states]).toEqual(['open']);
      else expect(states).toContain('failed');
    },
  );

  test('I5: with a full disk refuses a keyspace, and makes it once there is room', async () => {
    const db = await openFaulty();
    await quiescence();
    faulty.addRule({ operation: 'write', path: 'MANIFEST-*', nth: 1, effect: failWith('ENOSPC') });
    await expect(db.keyspace('cities')).rejects.toMatchObject({ code: 'NO_SPACE' });
    await quiescence();
    const cities = await db.keyspace('cities');
    await cities.put('rome', '1');
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
    const again = await openFaulty();
    expect(everythingIn(await again.keyspace('cities'))).toEqual([['rome', '1']]);
    await again.close();
  });

  test('M10: stops writing when its directory is replaced under it', async () => {
    const db = await openFaulty();
    await db.put('a', '1');
    await quiescence();
    memory.renameSync(DIRECTORY, '/elsewhere');
    memory.makeDirectorySync(DIRECTORY);
    await expect(eventually(clock, db.flush())).rejects.toMatchObject({ name: 'StorageError' });
    expect(db.status).toBe('failed');
    expect(memory.listSync(DIRECTORY).join()).not.toMatch(/MANIFEST|CURRENT|sst/);
    await eventually(clock, db.close()).catch(() => {});
  });
});

describe('A database whose compaction fails', () => {
  async function makeTwoRuns(): Promise<Database> {
    const db = await openFaulty({ tuning: { level0CompactionTrigger: 64 } });
    for (const value of ['1', '2']) {
      for (let index = 0; index < 50; index++) await db.put(`k${index}`, value.repeat(200));
      await db.flush();
    }
    await db.settle();
    await quiescence();
    return db;
  }

  test('T9: at damage in an input keeps every input, and tells', async () => {
    const db = await makeTwoRuns();
    const tables = memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
    const file = memory.openSync(`${DIRECTORY}/${tables[0]}`, 'write');
    file.writeSync(Uint8Array.of(0xff, 0xff, 0xff), 0, 3, 30);
    file.closeSync();
    const errors: unknown[] = [];
    db.events.on('backgroundError', ({ error }) => void errors.push(error));
    await expect(eventually(clock, db.compact())).rejects.toMatchObject({ code: 'CORRUPTION' });
    expect(errors[0]).toMatchObject({ code: 'CORRUPTION', where: 'sst.data' });
    const left = memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
    expect(left).toEqual(tables);
    expect(db.getSync('k49')).toBe('2'.repeat(200));
    await eventually(clock, db.close());
  });

  test('I10: goes on when an input cannot be removed, and removes it at the next opening', async () => {
    const db = await makeTwoRuns();
    faulty.addRule({ operation: 'remove', path: '*.sst', every: 1, effect: failWith('EIO') });
    await eventually(clock, db.compact());
    await quiescence();
    expect(db.status).toBe('open');
    expect(db.stats().tables.count).toBe(1);
    const names = (): string[] =>
      memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
    expect(names()).toHaveLength(3);
    await db.close();
    expect(clock.timerCount).toBe(0);
    faulty.clearRules();
    const again = await openFaulty();
    expect(names()).toHaveLength(1);
    await again.close();
  });
});

describe('A file that cannot be removed', () => {
  test('I10: is removed later, without anybody opening the database again', async () => {
    const db = await openFaulty({ tuning: { level0CompactionTrigger: 64 } });
    for (let round = 0; round < 2; round++) {
      await db.put('a', `${round}`);
      await eventually(clock, db.flush());
    }
    faulty.addRule({ operation: 'remove', path: '*.sst', every: 1, effect: failWith('EIO') });
    await eventually(clock, db.compact());
    for (let turn = 0; turn < 30; turn++) {
      await quiescence();
      clock.advance(1000);
    }
    const tableCount = (): number =>
      memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst')).length;
    expect(tableCount()).toBe(3);
    expect(faulty.injected.length).toBeGreaterThan(2);
    faulty.clearRules();
    clock.advance(10_000);
    await quiescence();
    expect(tableCount()).toBe(1);
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
    expect(clock.timerCount).toBe(0);
  });
});

describe('A table that was written wrong', () => {
  // Bit rot in memory or on the way to the disk: the log still has everything, so it must not be given up.
  async function fill(db: Database): Promise<void> {
    for (let index = 0; index < 50; index++) await db.put(`k${index}`, `${index}`.repeat(100));
  }

  function check(db: Database): void {
    for (let index = 0; index < 50; index++) {
      expect(db.getSync(`k${index}`)).toBe(`${index}`.repeat(100));
    }
  }

  function tableNames(): string[] {
    return memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
  }

  test.each([900, 20_000, 41_000])(
    'T10: is noticed before it takes the place of the log (bit %i), and written again under a new number',
    async (bit) => {
      const db = await openFaulty();
      const errors: unknown[] = [];
      db.events.on('backgroundError', (event) => void errors.push(event));
      await fill(db);
      faulty.addRule({
        operation: 'write',
        path: '*.sst',
        nth: 1,
        effect: { kind: 'corrupt', bit },
      });
      await eventually(clock, db.flush());
      const wrong = faulty.injected[0]!.call.path;
      expect(errors).toMatchObject([
        { error: { code: 'CORRUPTION', file: wrong }, willRetry: true },
      ]);
      expect(tableNames()).toHaveLength(1);
      expect(`${DIRECTORY}/${tableNames()[0]}`).not.toBe(wrong);
      check(db);
      await eventually(clock, db.close());
      const again = await openFaulty();
      check(again);
      await again.close();
    },
  );

  test('T10: three times in a row stops writing, keeps the log and leaves no file', async () => {
    const db = await openFaulty();
    await fill(db);
    faulty.addRule({
      operation: 'write',
      path: '*.sst',
      duration: 'sticky',
      effect: { kind: 'corrupt', bit: 900 },
    });
    await expect(eventually(clock, db.flush())).rejects.toMatchObject({ code: 'CORRUPTION' });
    expect(new Set(faulty.injected.map(({ call }) => call.path)).size).toBe(3);
    expect(tableNames()).toEqual([]);
    await expect(db.put('a', '1')).rejects.toMatchObject({ code: 'READ_ONLY' });
    check(db);
    await eventually(clock, db.close());
    faulty.clearRules();
    const again = await openFaulty();
    check(again);
    await again.close();
  });

  test('T10: does not take the place of the tables it was merged from', async () => {
    const db = await openFaulty({ tuning: { level0CompactionTrigger: 64 } });
    for (let round = 0; round < 2; round++) {
      await fill(db);
      await eventually(clock, db.flush());
    }
    faulty.addRule({
      operation: 'write',
      path: '*.sst',
      nth: 1,
      effect: { kind: 'corrupt', bit: 900 },
    });
    await eventually(clock, db.compact());
    expect(faulty.injected).toHaveLength(1);
    expect(db.stats().tables.count).toBe(1);
    check(db);
    await eventually(clock, db.close());
  });
});

describe('A log that cannot be replaced', () => {
  test.each([
    { name: 'its end cannot be written', operation: 'write', path: '000001.log', errno: 'EIO' },
    { name: 'the next one cannot be opened', operation: 'open', path: '*.log', errno: 'EIO' },
    {
      name: 'the next one cannot be started',
      operation: 'write',
      path: '000012.log',
      errno: 'EIO',
    },
    { name: 'its end cannot be written', operation: 'write', path: '*.log', errno: 'ENOSPC' },
    { name: 'the next one cannot be opened', operation: 'open', path: '*.log', errno: 'EMFILE' },
    {
      name: 'the next one cannot be started',
      operation: 'write',
      path: '000012.log',
      errno: 'ENOSPC',
    },
  ] as const)(
    'I4, I5, I6: because $name ($errno) loses nothing, and stops writing for good only if nothing was lacking',
    async ({ operation, path, errno }) => {
      const db = await openFaulty();
      for (let index = 0; index < 5; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
      await quiescence();
      faulty.addRule({ operation, path, duration: 'sticky', effect: failWith(errno) });
      const code = { EIO: 'IO', ENOSPC: 'NO_SPACE', EMFILE: 'TOO_MANY_FILES' }[errno];
      const isLack = errno !== 'EIO';
      const writes = Array.from({ length: 6 }, (_, index) =>
        watch(db.put(`n${index}`, 'v'.repeat(9_000))),
      );
      await quiescence();
      clock.advance(5000);
      await quiescence();
      expect(writes.every(({ state }) => state !== 'waiting')).toBe(true);
      expect(writes.some(({ state }) => state === code)).toBe(true);
      expect(db.state).toBe(isLack ? 'readOnly' : 'failed');
      const later = { code: isLack ? code : 'READ_ONLY' };
      await expect(db.put('a', '1')).rejects.toMatchObject(later);
      await expect(db.put('a', 'v'.repeat(90_000))).rejects.toMatchObject(later);
      for (let index = 0; index < 5; index++) {
        expect(db.getSync(`k${index}`)).toBe('v'.repeat(9_000));
      }
      if (isLack) {
        faulty.clearRules();
        for (let step = 0; step < 10; step++) {
          clock.advance(100);
          await quiescence();
        }
        expect(db.state).toBe('open');
        await db.put('a', 'after');
      }
      await eventually(clock, db.close());
      expect(memory.openPaths()).toEqual([]);
      faulty.clearRules();
      const again = await openSmall(memory.crash('drop', createRandom(1)), { clock });
      for (let index = 0; index < 5; index++) {
        expect(again.getSync(`k${index}`)).toHaveLength(9_000);
      }
      expect(again.getSync('a')).toBe(isLack ? 'after' : undefined);
      await again.close();
    },
  );

  // Found by the order rules of the simulation, seed 0x4c3.
  test('I1: writes and syncs no file again of which a sync failed and which could not be removed', async () => {
    const recording = new RecordingFileSystem(faulty, { root: DIRECTORY, writes: 'names' });
    const db = await openSmall(recording, { clock, durability: 'os' });
    faulty.addRule({
      operation: 'remove',
      path: '*.log',
      duration: 'sticky',
      effect: failWith('EIO'),
    });
    faulty.addRule({ operation: 'syncData', path: '*.log', effect: failWith('EIO') });
    for (let index = 0; index < 30; index++) {
      await eventually(clock, db.put(`k${index}`, 'v'.repeat(9_000)));
      await quiescence();
    }
    const { lines } = recording;
    const failed = faulty.injected.find(({ call }) => call.operation === 'syncData')!;
    const name = failed.call.path.slice(DIRECTORY.length + 1);
    const after = lines.slice(lines.indexOf(`sync ${name} failed: IO`) + 1);
    expect(after.filter((line) => line.includes(name))).toEqual([`remove ${name} failed: IO`]);
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
  });

  test('when none can be prepared, lets writers wait, and go on once it can', async () => {
    faulty.addRule({ operation: 'create', path: '*.tmp', nth: 3, effect: failWith('ENOSPC') });
    const db = await openFaulty();
    const writes = Array.from({ length: 12 }, (_, index) =>
      watch(db.put(`k${index}`, 'v'.repeat(9_000))),
    );
    await quiescence();
    expect(writes.at(-1)!.state).toBe('waiting');
    expect(db.stats().stalls.counts.log).toBe(1);
    for (let turn = 0; turn < 5; turn++) {
      clock.advance(1000);
      await quiescence();
    }
    expect(writes.every(({ state }) => state === 'done')).toBe(true);
    expect(db.status).toBe('open');
    await db.close();
  });
});
