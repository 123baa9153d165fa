import { MAX_BATCH_SIZE_BYTES, MAX_KEY_SIZE_BYTES, MAX_VALUE_SIZE_BYTES } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { everythingIn, openSmall } from './testing/open-database.js';
import { EncodedBatch } from './write/encoded-batch.js';
import { EntryEncoder } from './write/entry-encoder.js';

let memory: MemoryFileSystem;

beforeEach(() => {
  memory = new MemoryFileSystem();
});

/** A database whose keys and values are bytes. */
async function openBinary(): Promise<Database<Uint8Array, Uint8Array>> {
  const options = { keyEncoding: 'binary', valueEncoding: 'binary' };
  const db = await openSmall(memory, options as never);
  return db as unknown as Database<Uint8Array, Uint8Array>;
}

describe('P8: keys', () => {
  test('of the largest size are stored and found, in memory, in tables and after reopening', async () => {
    const key = 'k'.repeat(MAX_KEY_SIZE_BYTES);
    let db = await openSmall(memory);
    await db.put(key, 'large');
    await db.put(`${key.slice(0, -1)}`, 'one less');
    expect(db.getSync(key)).toBe('large');
    await db.flush();
    await db.compact();
    expect(await db.get(key)).toBe('large');
    expect([...db.keys({ gte: key, limit: 1 })]).toEqual([key]);
    await db.close();
    db = await openSmall(memory);
    expect(db.getSync(key)).toBe('large');
    expect(db.getSync(key.slice(0, -1))).toBe('one less');
    await db.del(key);
    expect(db.getSync(key)).toBeUndefined();
    await db.close();
  });

  test('one byte too large are refused before anything is written, in every form', async () => {
    const db = await openSmall(memory);
    const key = 'k'.repeat(MAX_KEY_SIZE_BYTES + 1);
    const tooLarge = { code: 'KEY_TOO_LARGE' };
    const before = memory.describeUnsynced();
    const { sequence } = db.stats();
    await expect(db.put(key, '')).rejects.toMatchObject(tooLarge);
    await expect(db.del(key)).rejects.toMatchObject(tooLarge);
    expect(() => db.putSync(key, '')).toThrow(expect.objectContaining(tooLarge));
    expect(() => db.delSync(key)).toThrow(expect.objectContaining(tooLarge));
    const operations = [
      { type: 'put', key: 'fits', value: '' },
      { type: 'put', key, value: '' },
    ] as const;
    await expect(db.batch(operations)).rejects.toMatchObject(tooLarge);
    expect(() => db.batchSync(operations)).toThrow(expect.objectContaining(tooLarge));
    expect(db.getSync('fits')).toBeUndefined();
    expect(memory.describeUnsynced()).toEqual(before);
    expect(db.stats().sequence).toBe(sequence);
    await db.close();
  });

  test('that cannot exist are simply not there', async () => {
    const db = await openSmall(memory);
    const key = 'k'.repeat(MAX_KEY_SIZE_BYTES * 3);
    await db.put('a', '1');
    expect(db.getSync(key)).toBeUndefined();
    expect(await db.get(key)).toBeUndefined();
    expect([...db.entries({ gte: 'a', lt: key })]).toEqual([['a', '1']]);
    await db.close();
  });

  test('of all bytes and of none order by their unsigned bytes', async () => {
    let db = await openBinary();
    const keys = [
      [],
      ...Array.from({ length: 256 }, (_, byte) => [byte]),
      ...[0, 0x7f, 0x80, 0xff].flatMap((byte) => [
        [byte, 0],
        [byte, 0xff],
        [byte, 0xff, 0xff],
      ]),
    ].map((bytes) => Uint8Array.from(bytes));
    for (const key of [...keys].reverse()) await db.put(key, key);
    const expected = [...keys].sort(Buffer.compare).map((key) => Buffer.from(key).toString('hex'));
    const inOrder = (): string[] => [...db.keys()].map((key) => Buffer.from(key).toString('hex'));
    expect(inOrder()).toEqual(expected);
    await db.flush();
    expect(inOrder()).toEqual(expected);
    const backward = [...db.keys({ reverse: true })].map((key) => Buffer.from(key).toString('hex'));
    expect(backward).toEqual([...expected].reverse());
    await db.close();
    db = await openBinary();
    expect(inOrder()).toEqual(expected);
    for (const key of keys) expect([...db.getSync(key)!]).toEqual([...key]);
    await db.close();
  });
});

describe('P8: values', () => {
  test('from nothing to many times a memtable are stored and found', async () => {
    let db = await openBinary();
    const sizes = [0, 1, 127, 128, 16_383, 16_384, 65_535, 65_536, 1_000_000, 5_000_000];
    const check = async (): Promise<void> => {
      for (const size of sizes) {
        const value = await db.get(Buffer.from(`v${size}`));
        expect(value?.length).toBe(size);
        expect(value!.every((byte) => byte === (size & 0xff))).toBe(true);
      }
    };
    for (const size of sizes) {
      await db.put(Buffer.from(`v${size}`), new Uint8Array(size).fill(size & 0xff));
    }
    await check();
    await db.flush();
    await check();
    await db.compact();
    await check();
    await db.close();
    db = await openBinary();
    await check();
    await db.close();
  });

  test('beyond the limit are refused', () => {
    // An encoding that claims to have written so much stands in for a value of 1 GiB.
    const encoder = new EntryEncoder();
    const target = Buffer.alloc(64);
    const formatFor = (valueSizeBytes: number) => ({
      keyspaceId: 0,
      key: { sizeBound: () => 1, write: (_: unknown, __: Buffer, offset: number) => offset + 1 },
      value: {
        sizeBound: () => 1,
        write: (_: unknown, __: Buffer, offset: number) => offset + valueSizeBytes,
      },
    });
    const write = (size: number): number => encoder.put(formatFor(size), target, 0, null, null);
    expect(write(MAX_VALUE_SIZE_BYTES)).toBeGreaterThan(MAX_VALUE_SIZE_BYTES);
    expect(() => write(MAX_VALUE_SIZE_BYTES + 1)).toThrow(
      expect.objectContaining({ code: 'VALUE_TOO_LARGE' }),
    );
  });
});

describe('P8: batches', () => {
  test('beyond the limit are refused', () => {
    const batch = new EncodedBatch(1);
    batch.close(MAX_BATCH_SIZE_BYTES);
    expect(() => batch.close(MAX_BATCH_SIZE_BYTES + 9)).toThrow(
      expect.objectContaining({ code: 'BATCH_TOO_LARGE' }),
    );
  });

  test('of many operations, larger than a memtable, are done as one', async () => {
    let db = await openSmall(memory);
    const count = 5_000;
    const operations = Array.from({ length: count }, (_, index) => ({
      type: 'put' as const,
      key: `k${index + 10_000}`,
      value: 'v'.repeat(40),
    }));
    await db.batch(operations);
    db.batchSync(operations.slice(0, 100).map(({ key }) => ({ type: 'del', key })));
    expect(everythingIn(db)).toHaveLength(count - 100);
    await db.close();
    db = await openSmall(memory);
    expect(everythingIn(db)).toHaveLength(count - 100);
    await db.close();
  });

  test.each([
    ['no array', { length: 1 }],
    ['another type', [{ type: 'merge', key: 'a' }]],
    ['no operation', [null]],
    ['a put without a value', [{ type: 'put', key: 'a' }]],
    ['a key of another type', [{ type: 'del', key: 7 }]],
  ])('P10: of %s are refused, and nothing is done', async (_, operations) => {
    const db = await openSmall(memory);
    const good = { type: 'put', key: 'good', value: '1' };
    const batch = (Array.isArray(operations) ? [good, ...operations] : operations) as never;
    await expect(db.batch(batch)).rejects.toThrow(TypeError);
    expect(() => db.batchSync(batch)).toThrow(TypeError);
    expect(everythingIn(db)).toEqual([]);
    await db.put('after', '1');
    expect(everythingIn(db)).toEqual([['after', '1']]);
    await db.close();
  });
});

describe('memory budgets', () => {
  test.each([8, 4096, 8192, 65_536])('of %i MiB can be opened', async (mib) => {
    const db = await openSmall(memory, { memoryBudgetBytes: mib * 1024 * 1024 });
    await db.put('a', '1');
    await db.flush();
    expect(await db.get('a')).toBe('1');
    await db.close();
  });
});
