// The cases to which unstorage holds its own drivers, which it does not publish (test/drivers/utils.ts of its repository),
// written anew: one driver and one storage for all of them, cleared after each.

import { useWorkplace } from '@varve/testkit';
import { createStorage, restoreSnapshot, type Storage } from 'unstorage';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import varve, { type VarveDriver } from './index.js';

const place = useWorkplace();
let driver: VarveDriver;
let storage: Storage;

beforeAll(async () => {
  driver = varve({ path: place.pathOf('suite') });
  storage = createStorage({ driver });
  await driver.getInstance();
});
afterEach(() => storage.clear());
afterAll(async () => {
  await driver.dispose();
  await storage.dispose();
});

async function setAll(keys: readonly string[]): Promise<void> {
  for (const key of keys) await storage.setItem(key, `value of ${key}`);
}

async function sortedKeys(base?: string, maxDepth?: number): Promise<string[]> {
  const keys = await storage.getKeys(base, maxDepth === undefined ? undefined : { maxDepth });
  return keys.toSorted();
}

describe('the cases of unstorage for its drivers, all 15', () => {
  test('init: takes a snapshot, and can be cleared', async () => {
    await restoreSnapshot(storage, { first: 'there' });
    expect(await storage.getItem('first')).toBe('there');
    await storage.clear();
    expect(await storage.hasItem('first')).toBe(false);
  });

  test('initial state: has no items and no keys', async () => {
    expect(await storage.hasItem('one:x')).toBe(false);
    expect(await storage.getItem('two:x')).toBe(null);
    expect(await storage.getKeys()).toEqual([]);
  });

  test('setItem: stores under a key without its query', async () => {
    await setAll(['one:x', 'two:x', 'three:x?v=1']);
    expect(await storage.hasItem('one:x')).toBe(true);
    expect(await storage.getItem('one:x')).toBe('value of one:x');
    expect(await storage.getItem('three:x?v=2')).toBe('value of three:x?v=1');
  });

  test('getKeys: gives all keys, and those of a base', async () => {
    await setAll(['one:x', 'two:x', 'three:x?v=1']);
    expect(await sortedKeys()).toEqual(['one:x', 'three:x', 'two:x']);
    expect(await sortedKeys('one')).toEqual(['one:x']);
  });

  test('getKeys with depth: gives those that are no deeper', async () => {
    await setAll(['top', 'a:b:c', 'a:b:d', 'a:e', 'a:f']);
    expect(await storage.getKeys(undefined, { maxDepth: 0 })).toEqual(['top']);
    expect(await sortedKeys(undefined, 1)).toEqual(['a:e', 'a:f', 'top']);
    expect(await sortedKeys(undefined, 2)).toEqual(['a:b:c', 'a:b:d', 'a:e', 'a:f', 'top']);
  });

  test('serialize: objects', async () => {
    await storage.setItem('/some/object.json', { is: 'kept' });
    expect(await storage.getItem('/some/object.json')).toEqual({ is: 'kept' });
  });

  test('serialize: primitives', async () => {
    await storage.setItem('/some/yes.json', true);
    expect(await storage.getItem('/some/yes.json')).toBe(true);
  });

  test('serialize: what toJSON gives, text or object', async () => {
    class AsText {
      toJSON(): string {
        return 'TEXT';
      }
    }
    class AsObject {
      toJSON(): object {
        return { of: 'class' };
      }
    }
    await storage.setItem('/some/text.json', new AsText());
    await storage.setItem('/some/made.json', new AsObject());
    expect(await storage.getItem('/some/text.json')).toBe('TEXT');
    expect(await storage.getItem('/some/made.json')).toEqual({ of: 'class' });
  });

  test('serialize: refuses other objects of classes', async () => {
    class Other {}
    const message = '[unstorage] Cannot stringify value!';
    await expect(storage.setItem('/some/bad.json', new Other())).rejects.toThrow(message);
  });

  test('raw support: gives the bytes that were set', async () => {
    const bytes = new Uint8Array([7, 8, 9]);
    await storage.setItemRaw('/some/raw.bin', bytes);
    const read = await storage.getItemRaw('/some/raw.bin');
    expect(read.length || read.byteLength).toBe(3);
    expect(Buffer.from(read)).toEqual(Buffer.from(bytes));
  });

  test('setItems: stores many', async () => {
    const items = ['m:1', 'm:2', 'm:3'].map((key) => ({ key, value: `value of ${key}` }));
    await storage.setItems(items);
    for (const { key, value } of items) expect(await storage.getItem(key)).toBe(value);
  });

  test('getItems: gives many in the order asked for, without queries, and null for none', async () => {
    await setAll(['c:x?v=1', 'b:x', 'a:x']);
    const wanted = [{ key: 'a:x' }, 'b:x', { key: 'c:x?v=1' }, 'd:none'];
    expect(await storage.getItems(wanted)).toEqual([
      { key: 'a:x', value: 'value of a:x' },
      { key: 'b:x', value: 'value of b:x' },
      { key: 'c:x', value: 'value of c:x?v=1' },
      { key: 'd:none', value: null },
    ]);
  });

  test('getItem: gives zero and false as they were set', async () => {
    await storage.setItem('number', 0);
    await storage.setItem('flag', false);
    expect(await storage.getItem('number')).toBe(0);
    expect(await storage.getItem('flag')).toBe(false);
  });

  test('removeItem: leaves nothing', async () => {
    await setAll(['one:x']);
    await storage.removeItem('one:x', false);
    expect(await storage.hasItem('one:x')).toBe(false);
    expect(await storage.getItem('one:x')).toBe(null);
  });

  test('clear: works twice, on nothing', async () => {
    for (let round = 0; round < 2; round++) {
      await storage.clear();
      expect(await storage.getKeys()).toEqual([]);
    }
  });
});
