// Rows of the table of faults (docs/guide/faults.md) that need a whole database, and have no better place.

import { initializeChecksums } from '@varve/base';
import { readTableFooter } from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { verify } from './verify.js';

let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let clock: ManualClock;

beforeAll(initializeChecksums);
beforeEach(() => {
  memory = new MemoryFileSystem();
  faulty = new FaultyFileSystem(memory, {
    onSyncFailure: (path) => memory.loseUnsynced(path, 'new'),
  });
  clock = new ManualClock();
});

async function fill(db: Database, count = 100): Promise<void> {
  for (let index = 0; index < count; index++) await db.put(`key ${index}`, `value ${index}`);
}

function tableNames(): string[] {
  return memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
}

function change(name: string, alter: (bytes: Uint8Array) => Uint8Array): void {
  const file = memory.openSync(`${DIRECTORY}/${name}`, 'write');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  const changed = alter(bytes);
  file.truncateSync(changed.length);
  file.writeSync(changed, 0, changed.length, 0);
  file.closeSync();
}

describe('tables', () => {
  test('T3: a damaged filter hides no key, is counted, and is named by verify', async () => {
    let db = await openSmall(memory, { clock });
    await fill(db);
    await db.compact();
    await db.close();
    const [name] = tableNames();
    const file = memory.openSync(`${DIRECTORY}/${name}`, 'read');
    const { filterOffset, indexOffset } = readTableFooter(file);
    file.closeSync();
    // Cleared, it would deny every key.
    change(name!, (bytes) => bytes.fill(0, filterOffset + 16, indexOffset));
    db = await openSmall(memory, { clock });
    expect(db.stats().filters.damagedCount).toBe(1);
    for (let index = 0; index < 100; index++) {
      expect(db.getSync(`key ${index}`)).toBe(`value ${index}`);
    }
    expect(await db.get('absent')).toBeUndefined();
    await db.close();
    const { damage } = await verify(DIRECTORY, { fileSystem: memory });
    expect(damage).toMatchObject([{ where: 'sst.filter', file: `${DIRECTORY}/${name}` }]);
  });

  test('T5: two tables that changed their names are both refused', async () => {
    const db = await openSmall(memory, { clock });
    await fill(db);
    await db.flush();
    await db.put('more', '1');
    await db.flush();
    await db.close();
    const [first, second] = tableNames().map((name) => `${DIRECTORY}/${name}`);
    memory.renameSync(first!, '/aside');
    memory.renameSync(second!, first!);
    memory.renameSync('/aside', second!);
    await expect(openSmall(memory, { clock })).rejects.toMatchObject({
      code: 'CORRUPTION',
      where: 'sst.identity',
    });
  });

  test('T6: a table that grew or shrank by one byte is refused', async () => {
    const db = await openSmall(memory, { clock });
    await fill(db);
    await db.compact();
    await db.close();
    const [name] = tableNames();
    const file = `${DIRECTORY}/${name}`;
    for (const alter of [
      (bytes: Uint8Array) => bytes.slice(0, -1),
      (bytes: Uint8Array) => Uint8Array.from([...bytes, 0, 0]),
    ]) {
      change(name!, alter);
      await expect(openSmall(memory, { clock })).rejects.toMatchObject({
        ...{ code: 'CORRUPTION', where: 'sst.identity', file },
      });
    }
  });
});

describe('manifests and logs', () => {
  test('W3: whole records that are gone from the end of the last log leave a prefix, without an error', async () => {
    const db = await openSmall(memory, { clock });
    for (const key of ['a', 'b', 'c']) await db.put(key, '1');
    const copy = memory.crash('kill', { below: () => 0 } as never);
    await db.close();
    const name = copy.listSync(DIRECTORY).find((file) => file.endsWith('.log'))!;
    const file = copy.openSync(`${DIRECTORY}/${name}`, 'write');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    // The record of 'c' and everything behind it becomes what space that was never written is.
    const lastKey = Buffer.from(bytes).lastIndexOf('c1');
    const recordStart = Buffer.from(bytes).lastIndexOf('b1') + 2;
    expect(lastKey).toBeGreaterThan(recordStart);
    bytes.fill(0, recordStart);
    file.writeSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    const again = await openSmall(copy, { clock });
    expect(everythingIn(again)).toEqual([
      ['a', '1'],
      ['b', '1'],
    ]);
    await again.close();
  });

  test('W3, M1: a manifest cut at the end of an edit opens as it was then, or a file that it needs is missed', async () => {
    let db = await openSmall(memory, { clock });
    await db.put('a', '1');
    await db.flush();
    const name = memory.listSync(DIRECTORY).find((file) => file.startsWith('MANIFEST'))!;
    const sizeBefore = memory.statSync(`${DIRECTORY}/${name}`).sizeBytes;
    await db.keyspace('later');
    const copy = memory.crash('kill', { below: () => 0 } as never);
    await db.close();
    const file = copy.openSync(`${DIRECTORY}/${name}`, 'write');
    file.truncateSync(sizeBefore);
    file.closeSync();
    db = await openSmall(copy, { clock });
    expect(everythingIn(db)).toEqual([['a', '1']]);
    expect(db.keyspaces().map((keyspace) => keyspace.name)).toEqual(['default']);
    await db.close();
  });
});

describe('the disk', () => {
  test('I9: while one sync takes very long, reads go on, writes wait and share the next one', async () => {
    const scheduler = new HeldScheduler();
    memory = new MemoryFileSystem({ scheduler });
    const db = await openSmall(memory, { clock });
    await db.put('a', '1');
    const { logSyncCount } = db.stats().writes;
    scheduler.holds = ({ operation }) => operation === 'syncData';
    let isDone = false;
    const first = db.put('b', '2').then(() => {
      isDone = true;
    });
    await quiescence();
    const others = Array.from({ length: 50 }, (_, index) => db.put(`c${index}`, '3'));
    clock.advance(60_000);
    await quiescence();
    expect(isDone).toBe(false);
    expect(db.getSync('a')).toBe('1');
    expect(await db.get('a')).toBe('1');
    scheduler.releaseAll();
    await Promise.all([first, ...others]);
    expect(db.stats().writes.logSyncCount).toBe(logSyncCount + 2);
    await db.close();
  });
});

describe('the process and its callers', () => {
  test('P4: a wall clock that jumps by ten years, in either direction, changes nothing', async () => {
    // There is no expiry yet, so what has to hold is that nothing goes by the wall clock at all.
    const RealDate = Date;
    const tenYearsMs = 10 * 365 * 24 * 3600 * 1000;
    let db = await openSmall(memory, { clock });
    try {
      for (const jump of [tenYearsMs, -tenYearsMs, 0]) {
        globalThis.Date = class extends RealDate {
          static override now = () => RealDate.now() + jump;
        } as DateConstructor;
        await db.put(`at ${jump}`, '1');
        await db.put('weak', `${jump}`, { durability: 'interval' });
        clock.advance(1_000);
        await db.flush();
        await db.close();
        db = await openSmall(memory, { clock });
        expect(db.getSync('weak')).toBe(`${jump}`);
      }
    } finally {
      globalThis.Date = RealDate;
    }
    expect([...db.keys()]).toHaveLength(4);
    await db.close();
  });

  test('P11: a background failure that nobody waits for rejects nothing, and is told by state and event', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => void rejections.push(reason);
    process.on('unhandledRejection', note);
    const db = await openSmall(faulty, { clock });
    const told: string[] = [];
    db.events.on('backgroundError', ({ willRetry }) => told.push(`willRetry ${willRetry}`));
    db.events.on('state', ({ state }) => told.push(state));
    db.events.on('state', () => {
      throw new Error('a listener that fails');
    });
    faulty.addRule({
      ...{ operation: 'create', path: '*.sst', duration: 'sticky' },
      effect: { kind: 'error', errno: 'EIO' },
    });
    await db.put('key', 'v'.repeat(70_000)).catch(() => {});
    await db.put('key', 'v'.repeat(70_000)).catch(() => {});
    for (let count = 0; count < 20 && db.state === 'open'; count++) {
      clock.advance(60_000);
      await quiescence();
    }
    expect(told).toContain('willRetry true');
    expect(told.at(-1)).toBe('readOnly');
    expect(db.getSync('key')).toHaveLength(70_000);
    await db.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  });

  test('I12: a log that cannot be closed is told of, is not used again, and stops nothing', async () => {
    const db = await openSmall(faulty, { clock });
    const told: unknown[] = [];
    db.events.on('backgroundError', (event) => told.push(event));
    await db.put('a', '1');
    await quiescence();
    faulty.addRule({
      ...{ operation: 'close', path: '000001.log', nth: 1 },
      effect: { kind: 'error', errno: 'EIO' },
    });
    await db.flush();
    for (let turn = 0; turn < 5; turn++) await quiescence();
    expect(told).toMatchObject([{ error: { code: 'IO' }, willRetry: false }]);
    expect(memory.listSync(DIRECTORY)).not.toContain('000001.log');
    expect(db.state).toBe('open');
    await db.put('b', '2');
    await db.close();
    const again = await openSmall(memory, { clock });
    expect([again.getSync('a'), again.getSync('b')]).toEqual(['1', '2']);
    await again.close();
  });

  test('I12: a log that cannot be closed after everything was synced loses nothing', async () => {
    let db = await openSmall(faulty, { clock });
    await db.put('a', '1');
    faulty.addRule({
      ...{ operation: 'close', path: '*.log', duration: 'sticky' },
      effect: { kind: 'error', errno: 'EIO' },
    });
    await db.flush().catch(() => {});
    await db.put('b', '2').catch(() => {});
    await db.close().catch(() => {});
    faulty.clearRules();
    expect(memory.openPaths()).toEqual([]);
    db = await openSmall(memory, { clock });
    expect(db.getSync('a')).toBe('1');
    await db.close();
  });
});
