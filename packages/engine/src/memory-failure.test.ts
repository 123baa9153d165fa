// Memory that the host does not have (P7): a typed error, and everything as it was.

import { MemoryFileSystem } from '@varve/vfs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Database } from './database.js';
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
});
