// What callers do to their arguments and answers: the database keeps its own bytes, and looks at an argument once.

import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { open } from './database.js';

const OPTIONS = { keyEncoding: 'binary', valueEncoding: 'binary', backgroundThreads: 0 } as const;

let fileSystem: MemoryFileSystem;
beforeEach(() => {
  fileSystem = new MemoryFileSystem();
});

const openBinary = () => open('/db', { ...OPTIONS, fileSystem });
const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
const textOf = (value: Uint8Array | undefined) => value && Buffer.from(value).toString();

describe('arguments', () => {
  test('P9: changed after a put or a batch was called change nothing', async () => {
    await using db = await openBinary();
    const [key, value] = [bytes('key'), bytes('value')];
    const operation = { type: 'put' as const, key: bytes('k2'), value: bytes('v2') };
    const operations = [operation];
    const writing = [db.put(key, value), db.batch(operations)];
    for (const each of [key, value, operation.key, operation.value]) each.fill(0);
    operations.length = 0;
    await Promise.all(writing);
    expect(textOf(await db.get(bytes('key')))).toBe('value');
    expect(textOf(await db.get(bytes('k2')))).toBe('v2');
    await db.flush();
    expect(textOf(await db.get(bytes('key')))).toBe('value');
  });

  test('P9: an answer that is changed changes nothing, in memory and in the cache', async () => {
    await using db = await openBinary();
    await db.put(bytes('key'), bytes('value'));
    for (const stage of ['memtable', 'cache', 'cache again']) {
      for (const answer of [await db.get(bytes('key')), db.getSync(bytes('key'))]) {
        expect(textOf(answer), stage).toBe('value');
        answer!.fill(0);
      }
      for await (const [key, value] of db.entries()) {
        expect([textOf(key), textOf(value)], stage).toEqual(['key', 'value']);
        key.fill(0);
        value.fill(0);
      }
      await db.flush();
    }
  });

  test('P10: shared memory is copied, growing memory too', async () => {
    await using db = await openBinary();
    const shared = new Uint8Array(new SharedArrayBuffer(5));
    shared.set(bytes('value'));
    const writing = db.put(bytes('shared'), shared);
    shared.fill(0);
    await writing;
    expect(textOf(await db.get(bytes('shared')))).toBe('value');
    const resizable = new ArrayBuffer(5, { maxByteLength: 10 });
    const view = new Uint8Array(resizable);
    view.set(bytes('value'));
    const growing = db.put(bytes('resizable'), view);
    resizable.resize(0);
    await growing;
    expect(textOf(await db.get(bytes('resizable')))).toBe('value');
  });

  test('P10: an array whose memory was transferred away is refused, and nothing is done', async () => {
    await using db = await openBinary();
    const detached = bytes('value');
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    await expect(db.put(bytes('key'), detached)).rejects.toThrow(TypeError);
    expect(() => db.putSync(detached, bytes('value'))).toThrow(TypeError);
    expect(await db.get(bytes('key'))).toBeUndefined();
  });

  test('P10: what is no bytes, whatever it pretends to be, is refused, and nothing is done', async () => {
    await using db = await openBinary();
    const pretenders: unknown[] = [
      new Proxy(bytes('key'), {}),
      { length: 3, 0: 1, 1: 2, 2: 3 },
      Object.create(Uint8Array.prototype),
      { valueOf: () => bytes('key'), toString: () => 'key' },
      new DataView(new ArrayBuffer(3)),
      new ArrayBuffer(3),
      'key',
      Symbol('key'),
      null,
    ];
    for (const pretender of pretenders) {
      const key = pretender as Uint8Array;
      await expect(db.put(key, bytes('value'))).rejects.toThrow(TypeError);
      await expect(db.put(bytes('key'), key)).rejects.toThrow(TypeError);
      await expect(db.get(key)).rejects.toThrow(TypeError);
      expect(() => db.delSync(key)).toThrow(TypeError);
      await expect(db.batch([{ type: 'del', key }])).rejects.toThrow(TypeError);
    }
    expect([...db.keys()]).toEqual([]);
    expect(db.stats().sequence).toBe(0);
  });

  test('P10: an array whose length lies is measured by its memory', async () => {
    await using db = await openBinary();
    const value = bytes('value');
    Object.defineProperty(value, 'length', { get: () => 1_000_000 });
    Object.defineProperty(value, 'byteLength', { value: 0 });
    await db.put(bytes('key'), value);
    expect(textOf(await db.get(bytes('key')))).toBe('value');
  });

  test('P10: a getter of an operation is asked once', async () => {
    await using db = await openBinary();
    const asked = { key: 0, value: 0 };
    const operation = {
      type: 'put' as const,
      get key() {
        asked.key += 1;
        return bytes(`key ${asked.key}`);
      },
      get value() {
        asked.value += 1;
        return bytes(`value ${asked.value}`);
      },
    };
    await db.batch([operation]);
    expect(asked).toEqual({ key: 1, value: 1 });
    expect(textOf(await db.get(bytes('key 1')))).toBe('value 1');
  });
});
