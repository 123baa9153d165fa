// Version sets under crashes at any moment and failures of any call. The oracle is the list of states
// the edits lead to: what is recovered must be one of them, not older than the last one known to be
// durable, and must not name a file that was given up.

import { createRandom, initializeChecksums, isStorageError, type Random } from '@varve/base';
import { type CrashModel, type Errno, FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeTable, newVersionSet, openDirectory } from './testing/fixtures.js';
import type { Version } from './version.js';
import { VersionSet } from './version-set.js';

beforeAll(initializeChecksums);

const MODELS: readonly CrashModel[] = ['kill', 'drop', 'ordered', 'posix'];

function tablesOf(version: Version): number[] {
  return [...version.tables()].map(({ fileNumber }) => fileNumber).sort((a, b) => a - b);
}

/** Follows a version set and knows what must be true of it after a crash. */
class Watched {
  readonly set: VersionSet;
  /** The tables after each edit. Every edit adds one, so no two are equal. */
  readonly states: string[] = [];
  readonly givenUp = new Set<number>();
  durableEditCount = 0;

  constructor(set: VersionSet) {
    this.set = set;
    this.states.push(String(tablesOf(set.current)));
  }

  /** Adds a table, and removes another one if there are more than a few. */
  log(): void {
    const fileNumber = this.set.takeFileNumbers(1);
    const table = makeTable({ fileNumber, keys: 'a-z' });
    const [oldest] = this.set.current.keyspaces.get(0)!.levels[0].tables.slice(3);
    this.set.log({
      tablesAdded: [{ keyspaceId: 0, level: 0, table }],
      ...(oldest && {
        tablesRemoved: [{ keyspaceId: 0, level: 0, fileNumber: oldest.fileNumber }],
      }),
    });
    this.note();
  }

  note(): void {
    this.states[this.set.editCount] = String(tablesOf(this.set.current));
    this.durableEditCount = Math.max(this.durableEditCount, this.set.durableEditCount);
    for (const { kind, fileNumber } of this.set.takeUnusedFiles()) {
      if (kind === 'table') this.givenUp.add(fileNumber);
    }
  }

  /** Checks what a crash leaves. */
  check(memory: MemoryFileSystem, model: CrashModel, random: Random): void {
    const survivor = memory.crash(model, random);
    if (!survivor.existsSync('/db')) {
      expect(this.durableEditCount).toBe(0);
      return;
    }
    const loaded = VersionSet.loadSync(openDirectory(survivor));
    if (loaded === undefined) {
      expect(this.durableEditCount).toBe(0);
      return;
    }
    const tables = tablesOf(loaded.current);
    const recovered = this.states.lastIndexOf(String(tables));
    expect(recovered, `tables ${tables}`).toBeGreaterThanOrEqual(this.durableEditCount);
    for (const fileNumber of tables) expect(this.givenUp).not.toContain(fileNumber);
  }
}

/** Lets everything run that waits for nothing but promises. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await Promise.resolve();
}

describe('VersionSet', () => {
  test('M1, M4, M8: recovers a state that was logged, from a crash at any moment', async () => {
    for (let seed = 0; seed < 25; seed++) {
      const random = createRandom(seed);
      const pending: (() => void)[] = [];
      const scheduler = { schedule: (_: unknown, run: () => void) => void pending.push(run) };
      const memory = new MemoryFileSystem({ scheduler });
      const watched = new Watched(newVersionSet(openDirectory(memory), { rotationSizeBytes: 1 }));
      memory.syncDirectorySync('/');
      const running: Promise<unknown>[] = [watched.set.publish()];
      let isPublished = false;
      void running[0].then(() => {
        isPublished = true;
      });

      for (let step = 0; step < 60; step++) {
        const choice = random.below(8);
        if (choice < 4 || !isPublished) pending.splice(random.below(pending.length + 1), 1)[0]?.();
        else if (choice < 6) watched.log();
        else if (choice === 6) running.push(watched.set.sync());
        else if (random.below(2) === 0) watched.set.syncSync();
        else running.push(watched.set.rotate());
        await settled();
        watched.note();
        for (const model of MODELS) watched.check(memory, model, random);
      }
      while (pending.length > 0) {
        pending.shift()!();
        await settled();
      }
      await Promise.all(running);
      watched.note();
      watched.check(memory, 'drop', random);
    }
  });

  test('M8: a crash of a database that was recovered leaves it recoverable', async () => {
    const random = createRandom(8);
    let memory = new MemoryFileSystem();
    const first = newVersionSet(openDirectory(memory));
    await first.publish();
    let tables = '';
    for (let round = 0; round < 40; round++) {
      memory = memory.crash(MODELS[random.below(4)], random);
      const watched = new Watched(VersionSet.loadSync(openDirectory(memory))!);
      expect(watched.states[0]).toBe(tables);
      const publishing = watched.set.publish();
      watched.states[1] = watched.states[0];
      for (let turn = random.below(20); turn > 0; turn--) await Promise.resolve();
      for (const model of MODELS) watched.check(memory, model, random);
      await publishing;
      watched.log();
      await watched.set.sync();
      tables = watched.states[2];
    }
  });

  /** Creation, edits, a rotation with edits in between, close. */
  async function useEverything(watched: Watched): Promise<void> {
    const { set } = watched;
    await set.publish();
    watched.note();
    for (let index = 0; index < 3; index++) {
      watched.log();
      await set.sync();
      watched.note();
    }
    const rotation = set.rotate();
    const outcome = Promise.allSettled([rotation]);
    for (let index = 0; index < 3; index++) {
      watched.log();
      await Promise.resolve();
    }
    await outcome;
    await rotation;
    watched.note();
    watched.log();
    set.syncSync();
    watched.note();
    watched.log();
    await set.close();
    watched.note();
  }

  test.each<Errno>(['EIO', 'ENOSPC', 'EMFILE'])(
    'M8, I3, I5: %s of any call loses nothing that was durable',
    async (errno) => {
      const random = createRandom(3);
      let failed = 0;
      for (let nth = 1; nth < 200; nth++) {
        for (const duration of ['once', 'sticky'] as const) {
          const memory = new MemoryFileSystem();
          const faulty = new FaultyFileSystem(memory, {
            onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
          });
          const watched = new Watched(newVersionSet(openDirectory(faulty)));
          memory.syncDirectorySync('/');
          faulty.addRule({ nth, duration, effect: { kind: 'error', errno } });
          try {
            await useEverything(watched);
          } catch (error) {
            if (!isStorageError(error)) throw error;
            watched.note();
          }
          await watched.set
            .close()
            .catch((error: unknown) => expect(error).toSatisfy(isStorageError));
          // Where closing fails as well, who closes what is left is not tested here.
          const isCloseFailed = faulty.injected.some(({ call }) => call.operation === 'close');
          if (!isCloseFailed) expect(memory.openPaths()).toEqual([]);
          if (faulty.injected.length > 0) failed += 1;
          for (const model of MODELS) watched.check(memory, model, random);
        }
      }
      expect(failed).toBeGreaterThan(60);
    },
  );
});
