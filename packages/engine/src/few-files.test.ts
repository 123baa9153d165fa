// A database whose process may open few files.

import { createRandom } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { withFewFiles } from './testing/few-files.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { everythingIn, openSmall } from './testing/open-database.js';

let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
  faulty = new FaultyFileSystem(memory);
  clock = new ManualClock();
});

function openFaulty(options: Parameters<typeof openSmall>[1] = {}): Promise<Database> {
  return openSmall(faulty, { clock, ...options });
}

function openTableCount(): number {
  return memory.openPaths().filter((path) => path.endsWith('.sst')).length;
}

/** The log and the manifest have two each, and one is needed for all else, among it a table. */
const FILE_COUNT_TO_OPEN = 5;
/** Besides, the next log and the next manifest are there before the old ones are closed. */
const FILE_COUNT_TO_WRITE = 9;

/** Each run becomes a table of its own. */
async function fill(db: Database): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for (const prefix of 'abcdefgh') {
    for (let index = 0; index < 30; index++)
      entries.push([`${prefix}${100 + index}`, `${index}`.repeat(50)]);
    for (const [key, value] of entries.slice(-30)) await db.put(key, value);
    await eventually(clock, db.flush());
  }
  await eventually(clock, db.settle());
  return entries;
}

/** A database of many tables that was killed, with more in its logs than one memtable holds. */
async function makeKilled() {
  const db = await openFaulty();
  await fill(db);
  const tableCount = openTableCount();
  for (let index = 0; index < 25; index++) db.putSync(`l${100 + index}`, 'v'.repeat(4_000));
  const expected = everythingIn(db);
  const image = memory.crash('kill', createRandom(1));
  await eventually(clock, db.close());
  expect(tableCount).toBeGreaterThan(4);
  return { image, expected, tableCount };
}

async function writeAndMerge(db: Database): Promise<void> {
  for (let index = 0; index < 20; index++) await eventually(clock, db.put('z', 'v'.repeat(9_000)));
  await eventually(clock, db.del('z'));
  await eventually(clock, db.compact());
  expect(db.state).toBe('open');
}

describe('A database with a limit of open files', () => {
  test('I6: reads, merges and opens again with one open file of a table', async () => {
    const tuning = { openTableFileCountMax: 1 };
    const db = await openFaulty({ tuning });
    const entries = await fill(db);
    expect(db.stats().tables.count).toBeGreaterThan(4);
    expect(db.stats().tables.openFileCount).toBe(1);
    expect(openTableCount()).toBe(1);
    await eventually(clock, db.close());
    const again = await openFaulty({ tuning });
    expect(openTableCount()).toBe(1);
    expect(everythingIn(again)).toEqual(entries);
    const collected: [string, string][] = [];
    for await (const entry of again.entries({ reverse: true })) collected.unshift(entry);
    expect(collected).toEqual(entries);
    const keys = entries.map(([key]) => key);
    expect(await again.getMany(keys)).toEqual(entries.map(([, value]) => value));
    for (const [key, value] of entries) expect(again.getSync(key)).toBe(value);
    await eventually(clock, again.compact());
    expect(everythingIn(again)).toEqual(entries);
    await eventually(clock, again.close());
    expect(memory.openPaths()).toEqual([]);
  });

  test('I6: an iterator goes on over tables whose files were closed and which a merge has replaced', async () => {
    const db = await openFaulty({ tuning: { openTableFileCountMax: 1 } });
    const entries = await fill(db);
    const iterator = db.entries()[Symbol.iterator]();
    expect(iterator.next().value).toEqual(entries[0]);
    for (const [key] of entries) await db.del(key);
    await eventually(clock, db.compact());
    const rest = entries.slice(1).map(() => iterator.next().value);
    expect(rest).toEqual(entries.slice(1));
    iterator.return?.();
    await eventually(clock, db.close());
  });
});

describe('A database whose process has no file left', () => {
  test.each([
    ['opens and closes', FILE_COUNT_TO_OPEN, async () => {}],
    ['writes and merges', FILE_COUNT_TO_WRITE, writeAndMerge],
  ] as const)('I6: %s with %i files or any number of more', async (_what, countMin, use) => {
    const { image, expected, tableCount } = await makeKilled();
    for (let limit = countMin; limit < tableCount + FILE_COUNT_TO_WRITE + 2; limit++) {
      const copy = image.crash('kill', createRandom(1));
      const db = await openSmall(withFewFiles(copy, limit), { clock });
      await use(db);
      expect(everythingIn(db), `${limit}`).toEqual(expected);
      await eventually(clock, db.close());
      expect(copy.openPaths()).toEqual([]);
    }
  });

  test('I6: opens read-only with one file', async () => {
    const db = await openFaulty();
    const entries = await fill(db);
    await eventually(clock, db.close());
    const few = await openSmall(withFewFiles(memory, 1), {
      readOnly: true,
      createIfMissing: false,
    });
    expect(everythingIn(few)).toEqual(entries);
    await few.close();
    expect(memory.openPaths()).toEqual([]);
  });

  test('I6: closes files of tables for the next log, and no write fails', async () => {
    const db = await openFaulty();
    await fill(db);
    await quiescence();
    const before = openTableCount();
    faulty.addRule({ operation: 'open', path: '*.log', nth: 1, effect: failWith('EMFILE') });
    for (let index = 0; index < 20; index++)
      await eventually(clock, db.put(`k${index}`, 'v'.repeat(9_000)));
    expect(faulty.injected).toHaveLength(1);
    expect(openTableCount()).toBeLessThan(before);
    expect(db.state).toBe('open');
    await eventually(clock, db.close());
  });

  test('I6: closes files of tables for background work, which is then tried again', async () => {
    const db = await openFaulty();
    const entries = await fill(db);
    await quiescence();
    faulty.addRule({ operation: 'create', path: '*.sst', nth: 1, effect: failWith('EMFILE') });
    await db.put('z', '1');
    await eventually(clock, db.flush());
    expect(faulty.injected).toHaveLength(1);
    expect(openTableCount()).toBeLessThanOrEqual(2);
    expect(everythingIn(db)).toEqual([...entries, ['z', '1']]);
    await eventually(clock, db.close());
    const again = await openSmall(memory.crash('drop', createRandom(1)));
    expect(everythingIn(again)).toHaveLength(entries.length + 1);
    await again.close();
  });
});
