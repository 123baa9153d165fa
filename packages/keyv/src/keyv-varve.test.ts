// Approach: what the suite of Keyv does not ask. Cases that must hold for both versions run with both; times of expiry are
// waited for with a clock that is moved by hand.

import { systemClock } from '@varve/base';
import { open, type StorageError } from '@varve/engine';
import { useWorkplace } from '@varve/testkit';
import Keyv5 from 'keyv';
import Keyv6 from 'keyv-6';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { KeyvVarve } from './keyv-varve.js';

const place = useWorkplace();
let testCount = 0;
let keyspace: string;

beforeEach(() => {
  testCount += 1;
  keyspace = `test-${testCount}`;
});
afterEach(() => {
  vi.useRealTimers();
});

const storage = () => new KeyvVarve({ database: place.database, keyspace });

/** Moves the clock that Keyv and the storage read; timers go on as they do. */
function passTime(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: systemClock.wallMs() + ms });
}

async function storedKeys(): Promise<string[]> {
  return [...(await place.database.keyspace(keyspace, { valueEncoding: 'msgpack' })).keys()];
}

const VERSIONS = [
  ['Keyv 5', Keyv5],
  ['Keyv 6', Keyv6 as unknown as typeof Keyv5],
] as const;

describe.each(VERSIONS)('KeyvVarve with %s', (_name, Keyv) => {
  const keyv = (namespace = 'cache') => new Keyv({ store: storage(), namespace });

  test('keeps values apart by namespace, also in iteration and clear', async () => {
    const [first, second] = [keyv('one'), keyv('two')];
    await first.setMany([
      { key: 'a', value: 1 },
      { key: 'b:c', value: 2 },
    ]);
    await second.set('a', 3);
    expect(await storedKeys()).toEqual(['one:a', 'one:b:c', 'two:a']);
    const seen = [];
    for await (const entry of first.iterator!(undefined)) seen.push(entry);
    expect(seen).toEqual([
      ['a', 1],
      ['b:c', 2],
    ]);
    await first.clear();
    expect(await storedKeys()).toEqual(['two:a']);
  });

  test('hides what has expired from every read', async () => {
    const cache = keyv();
    await cache.set('short', 'gone', 1000);
    await cache.set('long', 'there', 10_000);
    await cache.set('ever', 'there');
    expect(await cache.has('short')).toBe(true);
    passTime(1001);
    const direct = storage();
    direct.namespace = 'cache';
    expect(direct.capabilities).toEqual({ expires: true });
    const keys = ['short', 'long', 'ever'];
    expect((await direct.getMany(keys)).map((value) => value !== undefined)).toEqual([
      false,
      true,
      true,
    ]);
    expect(await direct.hasMany(keys)).toEqual([false, true, true]);
    expect(await direct.has('short')).toBe(false);
    expect(await cache.has(['short', 'ever'])).toEqual([false, true]);
    expect(await cache.get<string>(keys)).toEqual([undefined, 'there', 'there']);
    expect(await cache.delete('short')).toBe(false);
  });

  test('tells which keys were there when many are removed', async () => {
    const cache = keyv();
    await cache.set('a', 1);
    await cache.set('b', 2);
    const result: unknown = await cache.deleteMany(['a', 'none']);
    expect(result).toEqual(Keyv === Keyv5 ? true : [true, false]);
    expect(await storedKeys()).toEqual(['cache:b']);
  });

  test('clears what was set before, waited for or not', async () => {
    // Not through Keyv, which comes to its storage later with a set than with a clear.
    const store = storage();
    const writes = Array.from({ length: 2500 }, (_, index) => store.set(`key-${index}`, index));
    await store.clear();
    await Promise.all(writes);
    expect(await storedKeys()).toEqual([]);
  });

  test('keeps what is set while it clears', async () => {
    const cache = keyv();
    await cache.set('before', 1);
    const clearing = cache.clear();
    await Promise.all([cache.set('after', 2), clearing]);
    expect(await storedKeys()).toEqual(['cache:after']);
  });

  test('keeps values that are not text when Keyv is told not to serialise', async () => {
    const options = Keyv === Keyv5 ? { serialize: undefined } : { serialization: false };
    const cache = new Keyv({ store: storage(), ...options } as never);
    const value = { bytes: new Uint8Array([0, 255]), when: new Date(0), list: [1, null, 'x'] };
    await cache.set('a', value);
    expect(await cache.get('a')).toEqual(value);
  });

  test('opens a directory at its first use, keeps entries in it, and closes it', async () => {
    const path = place.pathOf(`own-${testCount}`);
    const first = new Keyv({ store: new KeyvVarve({ path, durability: 'os' }) });
    expect(await first.set('a', 'kept')).toBe(true);
    await first.disconnect();
    await using store = new KeyvVarve(path);
    expect(await new Keyv({ store }).get('a')).toBe('kept');
  });
});

describe('KeyvVarve', () => {
  test('gives Keyv 6 the entries that Keyv 5 stored', async () => {
    await new Keyv5({ store: storage(), namespace: 'n' }).set('a', { deep: ['value'] }, 60_000);
    const newer = new Keyv6({ store: storage(), namespace: 'n' });
    expect(await newer.get('a')).toEqual({ deep: ['value'] });
    passTime(60_001);
    expect(await newer.get('a')).toBeUndefined();
  });

  test('deletes what has expired', async () => {
    const store = storage();
    for (let index = 0; index < 2500; index++) void store.set(`key-${index}`, 'old', 1000);
    await store.set('ever', 'there');
    expect(await store.deleteExpired()).toBe(0);
    passTime(1001);
    expect(await store.deleteExpired()).toBe(2500);
    expect(await storedKeys()).toEqual(['ever']);
  });

  test('does not delete what is being set while it looks', async () => {
    const store = storage();
    await Promise.all([store.set('a', 'old', 1000), store.set('b', 'old', 1000)]);
    passTime(1001);
    // Cannot be read before the disk has it, which takes longer than looking at two entries.
    const entries = await place.database.keyspace(keyspace, { valueEncoding: 'msgpack' });
    const renewing = entries.put('a', ['new'], { durability: 'always' });
    expect(entries.getSync('a')).toEqual(['old', expect.any(Number)]);
    expect(await store.deleteExpired()).toBe(1);
    await renewing;
    expect(await store.get('a')).toBe('new');
  });

  test('leaves a database open that it was given', async () => {
    const store = storage();
    await store.set('a', 1);
    await store.disconnect();
    await expect(store.get('a')).rejects.toMatchObject({ code: 'CLOSED' });
    expect(place.database.status).toBe('open');
  });

  test('tries again after it could not be opened', async () => {
    const path = place.pathOf('locked');
    const holder = await open(path);
    await using store = new KeyvVarve({ path });
    await expect(store.set('a', 1)).rejects.toMatchObject({ code: 'LOCKED' });
    await holder.close();
    expect(await store.set('a', 1)).toBe(true);
  });

  test('tells of a read that failed, which Keyv 5 makes a miss', async () => {
    const path = place.pathOf('missing');
    const cache = new Keyv5({ store: new KeyvVarve({ path, open: { createIfMissing: false } }) });
    const errors: StorageError[] = [];
    cache.on('error', (error: StorageError) => errors.push(error));
    expect(await cache.get('a')).toBeUndefined();
    expect(errors.map(({ code }) => code)).toEqual(['NOT_FOUND']);
    await cache.disconnect();
  });

  test('refuses options that name no place, or two', () => {
    expect(() => new KeyvVarve({})).toThrow(/give either path or database/);
    expect(() => new KeyvVarve({ path: 'x', database: place.database })).toThrow(TypeError);
  });
});
