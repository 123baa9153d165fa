// Memory that the host does not have (P7): a typed error, and everything as it was.

import { createRandom } from '@varve/base';
import { TableReader } from '@varve/sstable';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from './database.js';
import { Memtable } from './memtable/index.js';
import { failWith } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { everythingIn, openSmall } from './testing/open-database.js';

const NO_MEMORY = { code: 'BUSY', retryable: true };

let memory: MemoryFileSystem;
let db: Database;

beforeEach(async () => {
  memory = new MemoryFileSystem();
  db = await openSmall(memory);
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await db.close();
});

/** From now on no shared memory above this size can be had, as if the machine had no more. */
function limitMemory(sizeBytesMax: number): void {
  const Original = SharedArrayBuffer;
  const limited = new Proxy(Original, {
    construct(target, [sizeBytes]: [number]) {
      if (sizeBytes > sizeBytesMax) throw new RangeError('Array buffer allocation failed');
      return new target(sizeBytes);
    },
  });
  vi.stubGlobal('SharedArrayBuffer', limited);
}

describe('A value for which there is no memory', () => {
  test.each(['put', 'putSync', 'batch', 'batchSync'] as const)(
    'P7: makes %s fail with BUSY, and nothing is half done',
    async (method) => {
      await db.put('before', '1');
      await db.settle();
      limitMemory(100_000);
      const value = 'v'.repeat(300_000);
      const { sequence } = db.stats();
      const write = async (): Promise<void> => {
        if (method === 'put' || method === 'putSync') await db[method]('large', value);
        else {
          await db[method]([
            { type: 'put', key: 'small', value: '2' },
            { type: 'put', key: 'large', value },
          ]);
        }
      };
      await expect(write()).rejects.toMatchObject(NO_MEMORY);
      expect(db.state).toBe('open');
      expect(everythingIn(db)).toEqual([['before', '1']]);
      expect(db.stats().sequence).toBe(sequence);
      await db.put('after', '3');
      vi.unstubAllGlobals();
      await write();
      expect(db.getSync('large')).toBe(value);
      await db.close();
      db = await openSmall(memory);
      expect(db.getSync('after')).toBe('3');
      expect(db.getSync('large')).toBe(value);
    },
  );

  test.each(['put', 'putSync'] as const)(
    'P7: in the index makes %s fail with BUSY before anything is logged, and the next write has its sequence',
    async (method) => {
      const batch = Array.from({ length: 900 }, (_, index) => ({
        type: 'put' as const,
        key: `key ${index}`,
        value: '1',
      }));
      await db.put('before', '1');
      const { sequence } = db.stats();
      limitMemory(20_000);
      if (method === 'put') await expect(db.batch(batch)).rejects.toMatchObject(NO_MEMORY);
      else expect(() => db.batchSync(batch)).toThrow(expect.objectContaining(NO_MEMORY));
      expect(db.state).toBe('open');
      expect(everythingIn(db)).toEqual([['before', '1']]);
      await db[method]('after', '2');
      expect(db.stats().sequence).toBe(sequence + 1);
      vi.unstubAllGlobals();
      await db.batch(batch);
      const everything = everythingIn(db);
      expect(everything).toHaveLength(902);
      const image = memory.crash('kill', createRandom(1));
      const again = await openSmall(image);
      expect(everythingIn(again)).toEqual(everything);
      await again.close();
    },
  );

  test.each(['put', 'putSync'] as const)(
    'P7: in the index after a write was logged (%s) shows nothing of it, and the next opening has all of it',
    async (method) => {
      const batch = Array.from({ length: 900 }, (_, index) => ({
        type: 'put' as const,
        key: `key ${index}`,
        value: '1',
      }));
      await db.put('before', '1');
      vi.spyOn(Memtable.prototype, 'reserveIndex').mockImplementation(() => {});
      limitMemory(20_000);
      const unknown = { code: 'DURABILITY_UNKNOWN' };
      if (method === 'put') await expect(db.batch(batch)).rejects.toMatchObject(unknown);
      else expect(() => db.batchSync(batch)).toThrow(expect.objectContaining(unknown));
      expect(db.state).toBe('failed');
      await expect(db.put('after', '2')).rejects.toMatchObject({ code: 'READ_ONLY' });
      expect(everythingIn(db)).toEqual([['before', '1']]);
      vi.restoreAllMocks();
      vi.unstubAllGlobals();
      await db.close();
      db = await openSmall(memory);
      expect(everythingIn(db)).toHaveLength(901);
    },
  );

  test('P7: in a block makes that read fail with BUSY, and a later one succeeds', async () => {
    const value = 'v'.repeat(300_000);
    await db.put('large', value);
    await db.flush();
    await db.close();
    db = await openSmall(memory);
    const noMemory = vi.spyOn(TableReader.prototype, 'readBlockSync').mockImplementation(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    expect(() => db.getSync('large')).toThrow(expect.objectContaining(NO_MEMORY));
    noMemory.mockRestore();
    const noMemoryLater = vi.spyOn(TableReader.prototype, 'readBlock');
    noMemoryLater.mockRejectedValue(new RangeError('Array buffer allocation failed'));
    await expect(db.get('large')).rejects.toMatchObject(NO_MEMORY);
    noMemoryLater.mockRestore();
    expect(db.getSync('large')).toBe(value);
    expect(await db.get('large')).toBe(value);
  });

  test('P7: that is too long for any buffer is refused before anything happens', async () => {
    const { sequence } = db.stats();
    const huge = {
      encode: () => {
        throw new RangeError('Array buffer allocation failed');
      },
      decode: () => null,
      name: 'huge',
    };
    const keyspace = await db.keyspace('huge', { valueEncoding: huge });
    await expect(keyspace.put('key', null)).rejects.toThrow(RangeError);
    expect(() => keyspace.putSync('key', null)).toThrow(RangeError);
    expect(db.stats().sequence).toBe(sequence);
    await db.put('after', '1');
  });

  test('P7: for a memtable after the log was lost is waited for, and writing goes on once it is there', async () => {
    await db.close();
    const faulty = new FaultyFileSystem(memory);
    const clock = new ManualClock();
    db = await openSmall(faulty, { clock, reserveSizeBytes: 0 });
    await quiescence();
    await db.put('a', '1');
    faulty.addRule({ operation: 'write', path: '*.log', effect: failWith('ENOSPC') });
    limitMemory(16_384);
    await expect(db.put('b', '2')).rejects.toMatchObject({ code: 'NO_SPACE' });
    for (let step = 0; step < 5; step++) {
      clock.advance(500);
      await quiescence();
    }
    expect(db.state).toBe('readOnly');
    await expect(db.put('b', '2')).rejects.toMatchObject({ code: 'NO_SPACE', retryable: true });
    vi.unstubAllGlobals();
    for (let second = 0; second < 60; second++) {
      clock.advance(1000);
      await quiescence();
    }
    expect(db.state).toBe('open');
    await db.put('c', '3');
    expect(everythingIn(db).map(([key]) => key)).toEqual(['a', 'c']);
  });

  test('P7: at opening is BUSY, nothing is half done, and a later opening has everything', async () => {
    await db.put('a', '1');
    await db.close();
    const image = memory.crash('kill', createRandom(1));
    limitMemory(20_000);
    await expect(openSmall(image)).rejects.toMatchObject(NO_MEMORY);
    vi.unstubAllGlobals();
    db = await openSmall(image);
    expect(everythingIn(db)).toEqual([['a', '1']]);
  });
});
