// What a merge keeps while it waits for space: nothing that somebody drops to make room.

import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

const CAPACITY_BYTES = 1e9;
/** Tables of the keyspace that is to be merged. */
const MERGING_COUNT = 4;

let memory: MemoryFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem();
  clock = new ManualClock();
});

function leaveFree(sizeBytes: number): void {
  memory.setCapacity(CAPACITY_BYTES);
  memory.setCapacity(CAPACITY_BYTES - memory.freeSpaceSync(DIRECTORY) + sizeBytes);
}

function tableCount(): number {
  return memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst')).length;
}

async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 10; step++) {
    clock.advance(100);
    await quiescence();
  }
}

function open(level0CompactionTrigger: number): Promise<Database> {
  return openSmall(memory, {
    ...{ clock, compression: 'none', reserveSizeBytes: 0, durability: 'os' },
    tuning: {
      memtableSizeBytes: 256 * 1024,
      baseLevelSizeBytes: 16 * 1024 * 1024,
      targetFileSizeBytes: 1024 * 1024,
      level0CompactionTrigger,
    },
  });
}

/** Tables of level 0, of 180 KB each. */
async function addRuns(db: Database, name: string, count: number): Promise<void> {
  const keyspace = await db.keyspace(name, { compression: 'none' });
  for (let round = 0; round < count; round++) {
    for (let index = 0; index < 20; index++) {
      keyspace.putSync(`k${index}-${round}`, 'v'.repeat(9_000));
    }
    await eventually(clock, db.flush());
  }
}

/** Opened on a disk that is nearly full, where the tables of `merging` are to be merged; that of `idle` is larger. */
async function openFull(level0CompactionTrigger: number): Promise<Database> {
  const first = await open(30);
  await addRuns(first, 'idle', 5);
  await eventually(clock, first.compact({ keyspace: 'idle' }));
  await addRuns(first, 'merging', MERGING_COUNT);
  await eventually(clock, first.close());
  leaveFree(10_000_000);
  const db = await open(level0CompactionTrigger);
  expect(tableCount()).toBe(MERGING_COUNT + 1);
  leaveFree(60_000);
  return db;
}

/** Writes more than was free, and closes. */
async function writeOn(db: Database): Promise<void> {
  expect(db.state).toBe('open');
  await eventually(clock, db.settle());
  for (let index = 0; index < 10; index++) db.putSync(`new ${index}`, 'w'.repeat(9_000));
  await eventually(clock, db.flush());
  await eventually(clock, db.settle());
  expect(db.state).toBe('open');
  await eventually(clock, db.close());
}

describe('A merge that waits for space', () => {
  test('I5: keeps no file of another keyspace that is dropped, and is done when it fits then', async () => {
    const db = await openFull(3);
    await pass(5);
    expect(db.state).toBe('readOnly');
    await eventually(clock, db.dropKeyspace('idle'));
    await pass(1);
    expect(tableCount()).toBe(1);
    await writeOn(db);
  });

  test('I5: ends when its own keyspace is dropped, and writing goes on', async () => {
    const db = await openFull(3);
    await pass(5);
    expect(db.state).toBe('readOnly');
    await db.dropKeyspace('merging');
    await quiescence();
    expect(tableCount()).toBe(1);
    // As little as before: there would be no attempt.
    leaveFree(60_000);
    await pass(1);
    expect(db.state).toBe('open');
    leaveFree(1_000_000);
    await writeOn(db);
  });

  test('I5: ends for whoever has asked for it when its keyspace is dropped', async () => {
    const db = await openFull(30);
    const compacted = watch(db.compact({ keyspace: 'merging' }));
    // A first attempt: after the third one, whoever waits is told that there is no space.
    for (let turn = 0; turn < 5; turn++) await quiescence();
    expect(compacted.state).toBe('waiting');
    await db.dropKeyspace('merging');
    await quiescence();
    expect(tableCount()).toBe(1);
    await pass(1);
    expect(compacted.state).toBe('done');
    await writeOn(db);
  });

  test('I5: keeps what it reads while an attempt is made, and nothing when that has failed', async () => {
    const db = await openFull(3);
    const { sizeBytes } = db.stats().tables;
    await db.dropKeyspace('idle');
    await db.dropKeyspace('merging');
    for (let turn = 0; turn < 100; turn++) await Promise.resolve();
    expect(db.stats().snapshots.pinnedBytes).toBe(sizeBytes);
    // No time passes: nothing but the end of the attempt has the files removed.
    for (let turn = 0; turn < 5; turn++) await quiescence();
    expect(db.stats().snapshots.pinnedBytes).toBe(0);
    expect(tableCount()).toBe(0);
    await pass(1);
    await writeOn(db);
  });
});
