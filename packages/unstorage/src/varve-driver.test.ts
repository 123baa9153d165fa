// What the documentation of unstorage promises of every driver, asked through `createStorage`, and then what this driver adds.
// The cases to which unstorage holds its own drivers are in driver-suite.test.ts.

import { open } from '@varve/engine';
import { useWorkplace } from '@varve/testkit';
import {
  createStorage,
  type Driver,
  prefixStorage,
  restoreSnapshot,
  type Storage,
  type StorageValue,
  snapshot,
} from 'unstorage';
import { beforeEach, describe, expect, expectTypeOf, test } from 'vitest';
import varve, { type VarveDriver } from './index.js';

const place = useWorkplace();
let driver: VarveDriver;
let storage: Storage;
let testCount = 0;

const makeDriver = () => varve({ database: place.database, keyspace: `test-${testCount}` });

beforeEach(() => {
  testCount += 1;
  driver = makeDriver();
  storage = createStorage({ driver });
});

describe('what unstorage asks of a driver', () => {
  test('has nothing at first', async () => {
    expect(await storage.hasItem('a:b')).toBe(false);
    expect(await storage.getItem('a:b')).toBeNull();
    expect(await storage.getItemRaw('a:b')).toBeNull();
    expect(await storage.getKeys()).toEqual([]);
    await storage.clear();
  });

  test('stores and removes an item under any way to write its key', async () => {
    await storage.setItem('dir/file?query=1', 'text');
    expect(await storage.hasItem('dir:file')).toBe(true);
    expect(await storage.getItem('dir\\file')).toBe('text');
    await storage.removeItem('/dir/file');
    expect(await storage.hasItem('dir:file')).toBe(false);
    await storage.removeItem('dir:file');
  });

  test.each([
    ['text', 'text'],
    ['zero', 0],
    ['true', true],
    ['false', false],
    ['null', null],
    ['an object', { a: [1, { b: 'c' }] }],
    ['an array', [1, 'two', null]],
    ['an empty string', ''],
    ['text that is no ASCII', 'é漢😀\u0000'],
    ['text with a byte order mark', '\ufeffmark'],
  ])('gives back %s', async (_name, value) => {
    await storage.setItem('key', value);
    expect(await storage.getItem('key')).toEqual(value);
  });

  test('stores what toJSON gives, and refuses what has none', async () => {
    await storage.setItem('a', { toJSON: () => ({ from: 'object' }) });
    class WithJson {
      toJSON() {
        return 'from class';
      }
    }
    await storage.setItem('b', new WithJson());
    expect(await storage.getItem('b')).toBe('from class');
    class Without {}
    await expect(storage.setItem('c', new Without())).rejects.toThrow(/stringify/);
    expect(await storage.hasItem('c')).toBe(false);
  });

  test('removes an item that is set to undefined', async () => {
    await storage.setItem('a', 'x');
    await storage.setItem('a', undefined as never);
    expect(await storage.hasItem('a')).toBe(false);
  });

  test('stores and gives bytes as they are', async () => {
    const bytes = new Uint8Array([0, 1, 127, 128, 255]);
    await storage.setItemRaw('raw', bytes);
    bytes.fill(9);
    expect(await storage.getItemRaw('raw')).toEqual(new Uint8Array([0, 1, 127, 128, 255]));
    await storage.setItemRaw('buffer', new Uint16Array([1, 2]).buffer);
    expect((await storage.getItemRaw('buffer')).length).toBe(4);
    await storage.setItemRaw('view', new Uint8Array([1, 2, 3]).subarray(1));
    expect(await storage.getItemRaw('view')).toEqual(new Uint8Array([2, 3]));
    await storage.setItemRaw('text', 'é');
    expect(await storage.getItem('text')).toBe('é');
  });

  test('stores and gives many items', async () => {
    await storage.setItems<StorageValue>([
      { key: 'a:1', value: 'one' },
      { key: 'a:2', value: { two: 2 } },
    ]);
    expect(await storage.getItems(['a:2', { key: 'a/1?q' }, 'none'])).toEqual([
      { key: 'a:2', value: { two: 2 } },
      { key: 'a:1', value: 'one' },
      { key: 'none', value: null },
    ]);
  });

  test('lists keys by base and by depth', async () => {
    const keys = ['a', 'b:c', 'b:d:e', 'b:d:f:g', 'bc'];
    for (const key of keys.toReversed()) await storage.setItem(key, key);
    expect(await storage.getKeys()).toEqual(keys);
    expect(await storage.getKeys('b')).toEqual(['b:c', 'b:d:e', 'b:d:f:g']);
    expect(await storage.getKeys('b:d')).toEqual(['b:d:e', 'b:d:f:g']);
    expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(['a', 'bc']);
    expect(await storage.getKeys(undefined, { maxDepth: 1 })).toEqual(['a', 'b:c', 'bc']);
    expect(await storage.getKeys('b', { maxDepth: 2 })).toEqual(['b:c', 'b:d:e']);
  });

  test('clears a base, or everything', async () => {
    for (const key of ['a', 'b:c', 'b:d', 'bc']) await storage.setItem(key, key);
    // unstorage itself passes on a base only to drivers that are mounted in it.
    await driver.clear('b:');
    expect(await storage.getKeys()).toEqual(['a', 'bc']);
    await storage.clear();
    expect(await storage.getKeys()).toEqual([]);
  });

  test('keeps metadata beside an item', async () => {
    await storage.setItem('a', 'four');
    await storage.setMeta('a', { mtime: new Date(0), owner: 'me' });
    expect(await storage.getMeta('a')).toEqual({ size: 4, mtime: new Date(0), owner: 'me' });
    expect(await driver.getMeta('none')).toBeNull();
    await storage.removeItem('a', { removeMeta: true });
    expect(await driver.getKeys()).toEqual([]);
  });

  test('works mounted next to another driver, prefixed, and in snapshots', async () => {
    const outer = createStorage().mount('disk', driver);
    await outer.setItem('disk:a', 1);
    await outer.setItem('memory', 2);
    expect((await outer.getKeys()).toSorted()).toEqual(['disk:a', 'memory']);
    const inner = prefixStorage(outer, 'disk');
    expect(await inner.getItem('a')).toBe(1);
    const saved = await snapshot(outer, 'disk');
    await outer.clear('disk');
    await restoreSnapshot(outer, saved, 'disk');
    expect(await driver.getItem('a')).toBe('1');
  });

  test('has the type of a driver', () => {
    expectTypeOf(driver).toExtend<Driver>();
  });
});

describe('varveDriver', () => {
  test('tells watchers of every write through it, after the write', async () => {
    const seen: [string, string, boolean][] = [];
    const unwatch = await storage.watch((event, key) => {
      seen.push([event, key, place.database.status === 'open']);
    });
    await storage.setItem('a', 1);
    await storage.setItemRaw('b', new Uint8Array(1));
    await storage.setItems([{ key: 'c:d', value: 1 }]);
    await storage.removeItem('a');
    await storage.clear();
    await unwatch();
    await storage.setItem('e', 1);
    expect(seen.map(([event, key]) => `${event} ${key}`)).toEqual([
      'update a',
      'update b',
      'update c:d',
      'remove a',
      'remove b',
      'remove c:d',
    ]);
  });

  test('clears what was set before, waited for or not', async () => {
    const writes = Array.from({ length: 2500 }, (_, index) => driver.setItem(`k:${index}`, ''));
    await driver.clear('k:');
    await Promise.all(writes);
    expect(await driver.getKeys()).toEqual([]);
  });

  test.each(['watched', 'unwatched'])('keeps what is set while it clears (%s)', async (form) => {
    const seen: string[] = [];
    const unwatch =
      form === 'watched'
        ? await driver.watch((event, key) => void seen.push(`${event} ${key}`))
        : undefined;
    await Promise.all(
      Array.from({ length: 1500 }, (_, index) => driver.setItem(`k:${index}`, 'before')),
    );
    const clearing = driver.clear('k:');
    await Promise.all([driver.setItem('k:7', 'after'), driver.setItem('k:new', 'after')]);
    await clearing;
    expect(await driver.getKeys()).toEqual(['k:7', 'k:new']);
    expect(seen.filter((text) => text.startsWith('remove'))).toHaveLength(
      form === 'watched' ? 1499 : 0,
    );
    await unwatch?.();
  });

  test('keeps bytes as they are when they are given', async () => {
    for (const bytes of [Buffer.alloc(3, 1), new Uint8Array(3).fill(1)]) {
      const setting = driver.setItemRaw('g', bytes);
      bytes.fill(9);
      await setting;
      expect([...((await driver.getItemRaw('g')) as Uint8Array)]).toEqual([1, 1, 1]);
    }
  });

  test('refuses to store raw what would come back as something else', async () => {
    await expect(storage.setItemRaw('a', { b: 1 })).rejects.toThrow(TypeError);
    await expect(storage.setItemRaw('a', null)).rejects.toThrow(/received null/);
  });

  test('opens a directory at its first use, keeps items in it, and closes it', async () => {
    const path = place.pathOf('own');
    const first = createStorage({ driver: varve({ path, durability: 'os' }) });
    await first.setItem('a', 'kept');
    await first.dispose();
    await expect(first.getItem('a')).rejects.toMatchObject({ code: 'CLOSED' });
    const again = varve({ path });
    expect(await again.getItem('a')).toBe('kept');
    expect((await again.getInstance()).name).toBe('unstorage');
    await again.dispose();
  });

  test('leaves a database open that it was given', async () => {
    await storage.setItem('a', 1);
    await storage.dispose();
    expect(place.database.status).toBe('open');
    expect(await makeDriver().getItem('a')).toBe('1');
  });

  test('tries again after it could not be opened', async () => {
    const path = place.pathOf('locked');
    const holder = await open(path);
    const late = varve({ path });
    await expect(late.setItem('a', '1')).rejects.toMatchObject({ code: 'LOCKED' });
    await holder.close();
    await late.setItem('a', '1');
    await late.dispose();
  });

  test('refuses options that name no place, or two', () => {
    expect(() => varve({})).toThrow(/give either path or database/);
    expect(() => varve({ path: 'x', database: place.database })).toThrow(TypeError);
  });
});
