// The file that occupies space for the day when the disk is full.

import { createRandom } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { destroy } from './destroy.js';
import { eventually } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';

const KIB = 1024;
const RESERVE = `${DIRECTORY}/RESERVE`;
const SIZE_BYTES = 384 * KIB;

let memory: MemoryFileSystem;
let clock: ManualClock;

beforeEach(() => {
  memory = new MemoryFileSystem({ scheduler: new HeldScheduler() });
  clock = new ManualClock();
});

function openReserving(reserveSizeBytes?: number): Promise<Database> {
  return openSmall(memory, {
    clock,
    durability: 'os',
    ...(reserveSizeBytes !== undefined && { reserveSizeBytes }),
  });
}

function reserveBytes(): number {
  return memory.existsSync(RESERVE) ? memory.statSync(RESERVE).sizeBytes : 0;
}

/** Leaves this much room on the device. */
function leave(sizeBytes: number): void {
  const freeBytes = memory.freeSpaceSync('/');
  memory.setCapacity((capacity -= freeBytes - sizeBytes));
}

let capacity: number;
beforeEach(() => {
  capacity = 64 * KIB * KIB;
  memory.setCapacity(capacity);
});

async function pass(ms: number): Promise<void> {
  for (let step = 0; step < ms; step += 100) {
    await quiescence();
    clock.advance(100);
  }
  await quiescence();
}

describe('The space reserve', () => {
  test('I5: is made when it is asked for, and occupies what it says with bytes that cannot be compressed', async () => {
    const db = await openReserving(SIZE_BYTES);
    await quiescence();
    expect(reserveBytes()).toBe(SIZE_BYTES);
    const bytes = new Uint8Array(SIZE_BYTES);
    const file = memory.openSync(RESERVE, 'read');
    file.readSync(bytes, 0, SIZE_BYTES, 0);
    file.closeSync();
    const counts = new Array<number>(256).fill(0);
    for (const byte of bytes) counts[byte]! += 1;
    expect(Math.max(...counts)).toBeLessThan((1.2 * SIZE_BYTES) / 256);
    await db.close();
  });

  test('I5: is not made for a small database, nor when it is switched off, nor where it would take half the space', async () => {
    for (const wanted of [undefined, 0, 40 * KIB * KIB]) {
      const db = await openReserving(wanted);
      for (let index = 0; index < 20; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
      await eventually(clock, db.settle());
      expect(reserveBytes()).toBe(0);
      await db.close();
    }
  });

  test('I5: is made by default once the tables have eight times its size', async () => {
    const db = await openSmall(memory, { clock, durability: 'os', compression: 'none' });
    const fill = async (from: number, to: number): Promise<void> => {
      for (let index = from; index < to; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
    };
    await fill(0, 200);
    await eventually(clock, db.settle());
    expect(reserveBytes()).toBe(0);
    await fill(200, 400);
    await eventually(clock, db.settle());
    expect(db.stats().tables.sizeBytes).toBeGreaterThan(8 * 328 * KIB);
    expect(reserveBytes()).toBe(328 * KIB);
    await db.close();
  });

  test('I5: lets a full disk take what is in memory, and is made again when there is space', async () => {
    const db = await openReserving(SIZE_BYTES);
    await quiescence();
    await db.put('unlogged', 'u'.repeat(30_000), { durability: 'none' });
    leave(0);
    let index = 0;
    const fill = async (): Promise<void> => {
      for (; ; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
    };
    await expect(fill()).rejects.toMatchObject({ code: 'NO_SPACE', retryable: true });
    expect(db.state).toBe('readOnly');
    expect(reserveBytes()).toBe(0);
    await pass(2_000);
    // Everything acknowledged is in tables, also what is in no log; writers do not get what is left of the reserve.
    const image = memory.crash('drop', createRandom(1));
    image.setCapacity(2 * capacity);
    const found = await openSmall(image, { clock });
    expect(everythingIn(found).map(([key]) => key)).toContain('unlogged');
    expect(everythingIn(found)).toHaveLength(index + 1);
    await found.close();
    expect(db.state).toBe('readOnly');
    expect(db.failure).toMatchObject({ code: 'NO_SPACE' });
    leave(SIZE_BYTES - 1);
    await pass(2_000);
    expect(db.state).toBe('readOnly');
    leave(4 * SIZE_BYTES);
    await pass(1_000);
    expect(db.state).toBe('open');
    expect(reserveBytes()).toBe(SIZE_BYTES);
    await db.put('after', '1');
    await eventually(clock, db.close());
    const again = await openReserving(SIZE_BYTES);
    expect(everythingIn(again)).toHaveLength(index + 2);
    await again.close();
  });

  test('I5: is given up to open a database on a full disk', async () => {
    const db = await openReserving(SIZE_BYTES);
    await quiescence();
    for (let index = 0; index < 5; index++) await db.put(`k${index}`, 'v'.repeat(9_000));
    await db.close();
    expect(reserveBytes()).toBe(SIZE_BYTES);
    leave(0);
    const again = await openReserving(SIZE_BYTES);
    expect(reserveBytes()).toBe(0);
    expect(everythingIn(again)).toHaveLength(5);
    await again.put('k5', '1');
    await eventually(clock, again.close());
    leave(0);
    await expect(openReserving(SIZE_BYTES)).rejects.toMatchObject({ code: 'NO_SPACE' });
    leave(10 * SIZE_BYTES);
    const third = await openReserving(SIZE_BYTES);
    expect(everythingIn(third)).toHaveLength(6);
    await third.close();
    expect(memory.openPaths()).toEqual([]);
  });

  test('I5: does not help to open a database that lacks more, which leaves nothing open', async () => {
    const db = await openReserving(SIZE_BYTES);
    await quiescence();
    await db.close();
    leave(0);
    const faulty = new FaultyFileSystem(memory);
    faulty.addRule({
      ...{ operation: 'create', path: 'MANIFEST-*', duration: 'sticky' },
      effect: { kind: 'error', errno: 'ENOSPC' },
    });
    await expect(openSmall(faulty, { clock })).rejects.toMatchObject({ code: 'NO_SPACE' });
    expect(reserveBytes()).toBe(0);
    expect(memory.openPaths()).toEqual([]);
  });

  test('is not touched by opening read-only, and goes with the database', async () => {
    const db = await openReserving(SIZE_BYTES);
    await quiescence();
    await db.close();
    const reader = await openSmall(memory, { readOnly: true });
    await reader.close();
    expect(reserveBytes()).toBe(SIZE_BYTES);
    await destroy(DIRECTORY, { fileSystem: memory });
    expect(memory.existsSync(DIRECTORY)).toBe(false);
  });
});
