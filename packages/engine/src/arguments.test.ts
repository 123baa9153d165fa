// What callers do to their arguments and answers: the database keeps its own bytes, and looks at an argument once.

import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import { open } from './database.js';
import type { Snapshot } from './snapshot.js';
import { openSmall } from './testing/open-database.js';

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

  test.each(['entries', 'values'] as const)(
    'P9: an answer that is changed changes nothing for a reader of %s that goes back',
    async (kind) => {
      await using db = await openBinary();
      for (let index = 0; index < 10; index++) {
        await db.put(bytes(`k${index}`), bytes(`value ${index}`));
      }
      await db.flush();
      using reader = db[kind]().reader();
      for (let round = 0; round < 3; round++) {
        reader.seek(bytes('k2'));
        const answers = (await reader.read(5)).map((answer) => [answer].flat());
        expect(answers.map((answer) => textOf(answer.at(-1)))).toEqual(
          [2, 3, 4, 5, 6].map((index) => `value ${index}`),
        );
        for (const part of answers.flat()) part.fill(0x21);
      }
    },
  );

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

  test('P8: a snapshot is one of the same database, or refused', async () => {
    await using db = await openSmall(fileSystem);
    await using other = await openSmall(new MemoryFileSystem());
    await db.put('key', 'value');
    const foreign = other.snapshot();
    const pretenders: unknown[] = [foreign, {}, { sequence: 0, released: false }, 'x', 5, null];
    pretenders.push(new Proxy(db.snapshot(), {}), Object.create(db.snapshot()));
    for (const pretender of pretenders) {
      const at = { snapshot: pretender as Snapshot };
      await expect(db.get('key', at)).rejects.toThrow(TypeError);
      await expect(db.has('key', at)).rejects.toThrow(TypeError);
      await expect(db.getMany(['key'], at)).rejects.toThrow(TypeError);
      await expect(db.clear(at)).rejects.toThrow(TypeError);
      for (const name of ['entries', 'keys', 'values', 'cursor'] as const) {
        expect(() => db[name](at), name).toThrow(TypeError);
      }
      expect(() => db.getSync('key', at)).toThrow(TypeError);
      expect(() => db.hasSync('key', at)).toThrow(TypeError);
    }
    expect(() => db.getSync('key', { snapshot: foreign })).toThrow('belongs to another database');
    const keyspace = await db.keyspace('other');
    expect(keyspace.getSync('key', { snapshot: db.snapshot() })).toBeUndefined();
    expect(db.stats().openHandleCount).toBe(3);
  });

  test('P8: a snapshot of before the database was opened again is released, not unknown', async () => {
    const before = await openSmall(fileSystem);
    const snapshot = before.snapshot();
    await before.close();
    await using db = await openSmall(fileSystem);
    const released = { code: 'SNAPSHOT_RELEASED' };
    await expect(db.get('key', { snapshot })).rejects.toMatchObject(released);
    expect(() => [...db.keys({ snapshot })]).toThrow(expect.objectContaining(released));
  });

  test('P8: getMany takes an array of keys and nothing else', async () => {
    await using db = await openSmall(fileSystem);
    await db.put('k', 'v');
    for (const keys of [new Set(['k']), 5, 'k', { 0: 'k', length: 1 }, null, undefined]) {
      await expect(db.getMany(keys as unknown as string[])).rejects.toThrow(TypeError);
    }
    expect(await db.getMany(['k', 'none'])).toEqual(['v', undefined]);
  });

  test('P8: compact refuses bounds of another type before it does anything', async () => {
    await using db = await openSmall(fileSystem);
    const wrong = 7 as unknown as string;
    await expect(db.compact({ gte: wrong })).rejects.toThrow(TypeError);
    await db.put('key', 'value');
    await expect(db.compact({ lte: wrong })).rejects.toThrow(TypeError);
    expect(db.stats().writes.flushCount).toBe(0);
  });

  test('P9: bounds that are changed after compact was called change nothing', async () => {
    await using db = await openBinary();
    for (const value of ['old', 'new']) {
      await db.put(bytes('b'), bytes(value));
      await db.flush();
    }
    const [gte, lte] = [bytes('a'), bytes('c')];
    const compacting = db.compact({ gte, lte });
    gte.fill(0xff);
    lte.fill(0xff);
    await compacting;
    expect(db.stats().keyspaces[0]!.entryCount).toBe(1);
  });

  test('P8: options that are null reject where a promise is given', async () => {
    await using db = await openSmall(fileSystem);
    const none = null as never;
    const calls: (() => Promise<unknown>)[] = [
      () => db.put('key', 'value', none),
      () => db.del('key', none),
      () => db.batch([], none),
      () => db.get('key', none),
      () => db.has('key', none),
      () => db.getMany(['key'], none),
      () => db.clear(none),
      () => db.clear({}, none),
      () => db.flush(none),
      () => db.settle(none),
      () => db.compact(none),
    ];
    for (const call of calls) {
      const promise = call();
      await expect(promise, String(call)).rejects.toThrow(TypeError);
    }
    expect(db.stats().sequence).toBe(0);
  });
});
