// Snapshots and iterators that are never closed: what they keep, and who is told (P15).

import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import type { DatabaseEvents } from './events.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';

const MIB = 1024 * 1024;

let memory: MemoryFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem();
  clock = new ManualClock();
});

/** Writes half a MiB that does not compress into tables, in place of what was there. */
async function rewrite(db: Database, round: number): Promise<void> {
  for (let index = 0; index < 16; index++) {
    const text = Array.from({ length: 4_000 }, (_, at) => (at * 7919 + index * 31 + round) % 9973);
    await db.put(`key ${index}`, text.join(''));
  }
  await db.compact();
  await db.settle();
}

function tableFiles(): string[] {
  return memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'));
}

describe('A cursor that is never closed', () => {
  test('P15: keeps the tables it can see, and not all that came and went since', async () => {
    const db = await openSmall(memory, { clock });
    await rewrite(db, 0);
    const own = tableFiles().length;
    const cursor = db.cursor();
    cursor.first();
    for (let round = 1; round < 5; round++) await rewrite(db, round);
    clock.advance(1000);
    const { pinnedBytes } = db.stats().snapshots;
    const { sizeBytes } = db.stats().tables;
    expect(pinnedBytes).toBeGreaterThan(0);
    expect(pinnedBytes).toBeLessThan(sizeBytes * 1.5);
    expect(tableFiles().length).toBeLessThanOrEqual(own + db.stats().tables.count);
    cursor.close();
    await rewrite(db, 6);
    clock.advance(1000);
    expect(db.stats().snapshots.pinnedBytes).toBe(0);
    await db.close();
  });

  test('P15: makes new snapshots be refused beyond the limit; those that are open stay valid', async () => {
    const db = await openSmall(memory, { clock, tuning: { pinnedLimitBytes: MIB } });
    await db.put('first', '1');
    const early = db.snapshot();
    const cursors = [];
    for (let round = 0; db.stats().snapshots.pinnedBytes < MIB; round++) {
      await rewrite(db, round);
      const cursor = db.cursor();
      cursor.first();
      cursors.push(cursor);
      expect(round).toBeLessThan(30);
    }
    expect(() => db.snapshot()).toThrow(expect.objectContaining({ code: 'BUSY', retryable: true }));
    expect(db.getSync('first', { snapshot: early })).toBe('1');
    expect(db.getSync('key 0', { snapshot: early })).toBeUndefined();
    for (const cursor of cursors) expect(cursor.valid).toBe(true);
    for (const cursor of cursors) cursor.close();
    await rewrite(db, 99);
    db.snapshot().close();
    await db.close();
  });
});

describe('When the last reader is gone', () => {
  /** Holds 1 MiB and more of a keyspace that is dropped. */
  async function pin(db: Database) {
    const keyspace = await db.keyspace('dropped', { compression: 'none' });
    for (let index = 0; index < 300; index++) {
      await keyspace.put(`key ${index}`, `${index}`.repeat(2_000));
    }
    await db.compact({ keyspace: 'dropped' });
    const cursor = keyspace.cursor();
    cursor.first();
    await db.dropKeyspace('dropped');
    await db.settle();
    expect(db.stats().snapshots.pinnedBytes).toBeGreaterThan(MIB);
    return cursor;
  }

  test('P15: what was kept for it is removed, without any further write', async () => {
    const db = await openSmall(memory, { clock });
    const cursor = await pin(db);
    expect(tableFiles()).not.toEqual([]);
    cursor.close();
    await quiescence();
    expect(db.stats().snapshots.pinnedBytes).toBe(0);
    expect(tableFiles()).toEqual([]);
    await db.close();
  });

  test('P15: snapshots are given again, in the same turn', async () => {
    const db = await openSmall(memory, { clock, tuning: { pinnedLimitBytes: MIB } });
    const cursor = await pin(db);
    expect(() => db.snapshot()).toThrow(expect.objectContaining({ code: 'BUSY' }));
    cursor.close();
    db.snapshot().close();
    await db.close();
  });

  test('P15: what is kept is given up once for all that go in one turn, and not after close', async () => {
    let soonCount = 0;
    const soon = clock.soon.bind(clock);
    const db = await openSmall(memory, { clock });
    const cursor = await pin(db);
    const others = Array.from({ length: 9 }, () => db.cursor());
    await db.put('key', 'value');
    await db.compact();
    clock.soon = (run) => {
      soonCount += 1;
      return soon(run);
    };
    for (const each of [cursor, ...others]) each.close();
    expect(soonCount).toBe(1);
    await db.close();
    await quiescence();
  });
});

describe('A snapshot that is never closed', () => {
  test('P15: is told of once, when it is old, and its age is in the statistics', async () => {
    const db = await openSmall(memory, { clock, tuning: { snapshotWarningAgeMs: 1_000 } });
    const told: DatabaseEvents['oldSnapshot'][] = [];
    db.events.on('oldSnapshot', (event) => told.push(event));
    await db.put('key', '1');
    const leaked = db.snapshot();
    clock.advance(999);
    db.snapshot().close();
    expect(told).toEqual([]);
    clock.advance(1);
    expect(db.stats().snapshots).toMatchObject({ count: 1, oldestAgeMs: 1_000 });
    db.snapshot().close();
    db.snapshot().close();
    await quiescence();
    expect(told).toEqual([{ sequence: leaked.sequence, ageMs: 1_000, snapshotCount: 1 }]);
    leaked.close();
    expect(db.stats().snapshots).toMatchObject({ count: 0, oldestAgeMs: null });
    await db.close();
  });
});
