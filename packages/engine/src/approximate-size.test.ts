import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { openSmall } from './testing/open-database.js';

const ENTRY_SIZE_BYTES = 6 + 100;

let database: Database;

beforeEach(async ({ onTestFinished }) => {
  database = await openSmall(new MemoryFileSystem(), { compression: 'none' });
  onTestFinished(() => database.close());
});

function keyOf(index: number): string {
  return `k${String(index).padStart(5, '0')}`;
}

function fill(from: number, to: number): void {
  for (let index = from; index < to; index++) database.putSync(keyOf(index), 'v'.repeat(100));
}

describe('approximateSize', () => {
  test('is 0 where nothing is', async () => {
    expect(database.approximateSize()).toBe(0);
    fill(0, 100);
    await database.flush();
    expect(database.approximateSize({ gte: 'x' })).toBe(0);
    expect(database.approximateSize({ lt: 'a' })).toBe(0);
    expect(database.approximateSize({ gte: keyOf(50), lt: keyOf(50) })).toBeLessThan(1000);
  });

  test('counts what is in memory by its keys and values', () => {
    fill(0, 100);
    expect(database.approximateSize()).toBe(100 * ENTRY_SIZE_BYTES);
    expect(database.approximateSize({ gte: keyOf(10), lt: keyOf(30) })).toBe(20 * ENTRY_SIZE_BYTES);
    expect(database.approximateSize({ prefix: 'k0000' })).toBe(10 * ENTRY_SIZE_BYTES);
  });

  test('counts whole tables, and parts of tables to a block or two', async () => {
    fill(0, 4000);
    await database.flush();
    await database.compact();
    await database.settle();
    const all = database.approximateSize();
    const [statistics] = database.stats().keyspaces;
    expect(all).toBe(statistics?.sizeBytes);
    for (const [from, to] of [
      [0, 1000],
      [1000, 1500],
      [3500, 4000],
      [137, 2911],
    ] as const) {
      const part = database.approximateSize({ gte: keyOf(from), lt: keyOf(to) });
      const share = (all * (to - from)) / 4000;
      expect(part).toBeGreaterThan(share * 0.9 - 2 * 512);
      expect(part).toBeLessThan(share * 1.1 + 2 * 512);
    }
  });

  test('is the sum of its parts, to a block or two each', async () => {
    fill(0, 3000);
    await database.flush();
    fill(1000, 1200);
    const all = database.approximateSize();
    const left = database.approximateSize({ lt: keyOf(1100) });
    const right = database.approximateSize({ gte: keyOf(1100) });
    expect(Math.abs(all - left - right)).toBeLessThan(all * 0.2);
  });

  test('is 0 for a range that ends before it starts, or where it does', async () => {
    fill(0, 400);
    for (const stage of ['memory', 'one table']) {
      const inverted = { gte: keyOf(300), lt: keyOf(100) };
      expect(database.approximateSize(inverted), stage).toBe(0);
      expect(database.approximateSize({ gte: keyOf(200), lt: keyOf(200) }), stage).toBe(0);
      await database.flush();
    }
  });

  test('refuses a range that is none and a closed database', async () => {
    expect(() => database.approximateSize({ gte: 1 as never })).toThrow(TypeError);
    await database.close();
    expect(() => database.approximateSize()).toThrow(expect.objectContaining({ code: 'CLOSED' }));
  });
});
