// The methods that classic-level has beside those of abstract-level.

import { describe, expect, test } from 'vitest';
import { errorOf, openLevel, temporaryDirectory } from './testing/open-level.js';
import { VarveLevel } from './varve-level.js';

const VALUE = 'x'.repeat(1000);

async function filled(): Promise<VarveLevel> {
  const level = await openLevel({ compression: false });
  await level.batch(
    Array.from({ length: 200 }, (_, index) => ({
      ...({ type: 'put', key: `k${String(index).padStart(3, '0')}`, value: VALUE } as const),
    })),
  );
  return level;
}

describe('approximateSize', () => {
  test('tells how many bytes a range takes, in memory and in tables', async () => {
    const level = await filled();
    for (const _ of [1, 2]) {
      const all = await level.approximateSize('k', 'l');
      expect(all).toBeGreaterThan(180_000);
      expect(all).toBeLessThan(240_000);
      const half = await level.approximateSize('k050', 'k150');
      expect(half).toBeGreaterThan(80_000);
      expect(half).toBeLessThan(130_000);
      expect(await level.approximateSize('l', 'z')).toBe(0);
      await level.compactRange('k', 'l');
    }
  });

  test('takes an encoding of the keys', async () => {
    const level = await filled();
    const [start, end] = [Buffer.from('k'), Buffer.from('l')];
    const size = await level.approximateSize(start, end, { keyEncoding: 'buffer' });
    expect(size).toBe(await level.approximateSize('k', 'l'));
  });

  test('waits for opening, and fails after closing', async () => {
    const level = new VarveLevel(temporaryDirectory(), { backgroundThreads: 0 });
    expect(await level.approximateSize('a', 'b')).toBe(0);
    await level.close();
    const code = 'LEVEL_DATABASE_NOT_OPEN';
    expect(await errorOf(level.approximateSize('a', 'b'))).toMatchObject({ code });
    expect(await errorOf(level.compactRange('a', 'b'))).toMatchObject({ code });
    expect(() => level.getProperty('leveldb.stats')).toThrow(expect.objectContaining({ code }));
  });

  test('refuses a missing argument', async () => {
    const level = await openLevel();
    const { approximateSize, compactRange } = level;
    await expect(Reflect.apply(approximateSize, level, ['a'])).rejects.toThrow(TypeError);
    await expect(Reflect.apply(compactRange, level, [])).rejects.toThrow(TypeError);
  });
});

describe('compactRange', () => {
  test('gives back the space of what was deleted', async () => {
    const level = await filled();
    await level.compactRange('k', 'l');
    await level.clear({ gte: 'k050' });
    const before = await level.approximateSize('k', 'l');
    await level.compactRange('k', 'l');
    expect(await level.approximateSize('k', 'l')).toBeLessThan(before / 2);
    expect(await level.keys().all()).toHaveLength(50);
  });

  test('moves tables below level 0', async () => {
    const level = await filled();
    await level.compactRange('k', 'l');
    expect(level.getProperty('leveldb.num-files-at-level0')).toBe('0');
    const levels = [1, 2, 3, 4, 5, 6].map((index) =>
      Number(level.getProperty(`leveldb.num-files-at-level${index}`)),
    );
    expect(levels.reduce((sum, count) => sum + count)).toBeGreaterThan(0);
  });
});

describe('getProperty', () => {
  test('answers the properties of LevelDB', async () => {
    const level = await filled();
    await level.compactRange('k', 'l');
    expect(level.getProperty('leveldb.stats')).toMatch(/Level +Tables +Size\(MB\)/);
    expect(level.getProperty('leveldb.stats').trim().split('\n')).toHaveLength(2);
    expect(level.getProperty('leveldb.sstables')).toMatch(/--- level 0 ---(.|\n)*\d+:\d+/);
    expect(Number(level.getProperty('leveldb.approximate-memory-usage'))).toBeGreaterThan(0);
    expect(level.getProperty('leveldb.num-files-at-level99')).toBe('0');
  });

  test('is empty for a name that is none, and refuses what is no string', async () => {
    const level = await openLevel();
    expect(level.getProperty('foo')).toBe('');
    expect(() => level.getProperty(undefined as never)).toThrow(TypeError);
  });
});
