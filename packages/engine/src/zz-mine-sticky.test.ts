// What fails below an open database, and what is left of it: every call of the file system once, background work, threads.

import { createRandom, isStorageError } from '@varve/base';
import { type Errno, FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
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

/** Waits for something while time goes by, so that what is tried again after a pause is. */
async function eventually<T>(promise: Promise<T>): Promise<T> {
  const watched = watch(promise);
  for (let turn = 0; turn < 100 && watched.state === 'waiting'; turn++) {
    await quiescence();
    clock.advance(1000);
  }
  if (watched.state === 'waiting') throw new Error('nothing happens any more');
  return promise;
}

function failWith(errno: Errno) {
  return { kind: 'error', errno } as const;
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
      await eventually(Promise.resolve().then(action));
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
  test.each(['EIO', 'ENOSPC', 'EMFILE'] as const)(
    'B3: with %s keeps what it acknowledged, and says what it could not do',
    async (errno) => {
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
        faulty.addRule({ operation: operation.filter((o) => o !== 'read'), nth, duration: 'sticky', effect: failWith(errno) });
        await exercise(db, expectation);
        const [fault] = faulty.injected;
        faulty.clearRules();
        const context = `${errno} at call ${nth}: ${fault?.call.operation} ${fault?.call.path}`;
        // Reads go on, whatever happened to writes.
        expectation.check(db, `${context}, still open`);
        await eventually(db.close()).catch((error) => {
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

