// Keyspaces: made, dropped, used together, and opened with the right encodings.

import { createRandom } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import type { Keyspace } from './keyspace.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

let scheduler: HeldScheduler;
let memory: MemoryFileSystem;
let clock: ManualClock;

beforeEach(() => {
  scheduler = new HeldScheduler();
  memory = new MemoryFileSystem({ scheduler });
  clock = new ManualClock();
});

function openHeld(options: Parameters<typeof openSmall>[1] = {}): Promise<Database> {
  return openSmall(memory, { clock, ...options });
}

/** Goes on with what a crash leaves. */
function crash(model: 'kill' | 'drop' | 'posix', seed = 1): void {
  memory = memory.crash(model, createRandom(seed));
}

function nameList(db: Database): string[] {
  return db.keyspaces().map(({ name }) => name);
}

const LARGE = 'v'.repeat(9_000);

describe('Keyspaces', () => {
  test('have keys of their own, and are there again after reopening', async () => {
    let db = await openHeld();
    let cities = await db.keyspace('cities');
    await db.put('a', 'default');
    await cities.put('a', 'cities');
    await cities.put('b', 'cities');
    await db.flush();
    await cities.del('b');
    const check = (): void => {
      expect(everythingIn(db)).toEqual([['a', 'default']]);
      expect(everythingIn(cities)).toEqual([['a', 'cities']]);
      expect(nameList(db)).toEqual(['default', 'cities']);
    };
    check();
    await db.close();
    db = await openHeld();
    cities = await db.keyspace('cities');
    check();
    await db.compact({ keyspace: 'cities' });
    check();
    await db.close();
  });

  test('with the name of one that is there are that one', async () => {
    const db = await openHeld();
    const [first, second] = await Promise.all([db.keyspace('cities'), db.keyspace('cities')]);
    await first.put('a', '1');
    expect(second.getSync('a')).toBe('1');
    const itself = await db.keyspace('default');
    await itself.put('x', '1');
    expect(db.getSync('x')).toBe('1');
    expect(nameList(db)).toEqual(['default', 'cities']);
    await db.close();
  });

  test('are durable before a write to them can be acknowledged, whoever asked first', async () => {
    const db = await openHeld();
    scheduler.holds = ({ operation, path }) =>
      operation === 'syncData' && path.includes('MANIFEST');
    const first = watch(db.keyspace('cities'));
    const second = db.keyspace('cities').then((cities) => cities.put('a', 'acknowledged'));
    const acknowledged = watch(second);
    await quiescence();
    expect([first.state, acknowledged.state]).toEqual(['waiting', 'waiting']);
    scheduler.releaseAll();
    await second;
    crash('drop');
    await db.close();
    const again = await openHeld();
    expect(everythingIn(await again.keyspace('cities'))).toEqual([['a', 'acknowledged']]);
    await again.close();
  });

  test('take part in a batch with others: all of it or nothing survives', async () => {
    for (let seed = 0; seed < 30; seed++) {
      memory = new MemoryFileSystem();
      const db = await openSmall(memory);
      const cities = await db.keyspace('cities');
      for (let number = 0; number < 4; number++) {
        await db.batch(
          [
            { type: 'put', key: 'n', value: `${number}` },
            { type: 'put', key: 'n', value: `${number}`, keyspace: cities },
            { type: 'put', key: `only ${number}`, value: LARGE, keyspace: cities },
          ],
          { durability: number < 2 ? 'always' : 'os' },
        );
      }
      crash('posix', seed);
      await db.close();
      const again = await openSmall(memory);
      const found = await again.keyspace('cities');
      const number = Number(again.getSync('n'));
      expect(number).toBeGreaterThanOrEqual(1);
      expect(found.getSync('n')).toBe(`${number}`);
      expect([...found.keys({ prefix: 'only' })]).toHaveLength(number + 1);
      await again.close();
    }
  });

  test('do not mix with those of another database in a batch', async () => {
    const db = await openHeld();
    const other = await openSmall(new MemoryFileSystem());
    const foreign = await other.keyspace('cities');
    const batch = [{ type: 'put', key: 'a', value: '1', keyspace: foreign as never }] as const;
    await expect(db.batch(batch)).rejects.toThrow(TypeError);
    expect(() => db.batchSync(batch)).toThrow(TypeError);
    await db.close();
    await other.close();
  });

  test('that are idle never keep a log from being removed', async () => {
    const db = await openHeld();
    const idle = await db.keyspace('idle');
    await idle.put('a', '1');
    for (let index = 0; index < 60; index++) {
      await db.put(`k${index % 10}`, LARGE);
      if (index % 10 === 9) {
        await db.settle();
        await quiescence();
      }
    }
    await db.settle();
    await quiescence();
    const logs = memory.listSync(DIRECTORY).filter((name) => name.endsWith('.log'));
    // The current one, the next one, and one kept to be written over.
    expect(logs.length).toBeLessThanOrEqual(3);
    expect(idle.getSync('a')).toBe('1');
    crash('kill');
    await db.close();
    const again = await openHeld();
    expect((await again.keyspace('idle')).getSync('a')).toBe('1');
    await again.close();
  });

  test.each(['', 'x'.repeat(256), 7, null, undefined])('do not take the name %j', async (name) => {
    const db = await openHeld();
    await expect(db.keyspace(name as string)).rejects.toThrow(/name/);
    expect(nameList(db)).toEqual(['default']);
    await db.close();
  });

  test.each(['x', 'x'.repeat(255), '日本', '__proto__', 'a/b\n', '\u{1f600}'])(
    'take the name %j, and keep it',
    async (name) => {
      let db = await openHeld();
      await (await db.keyspace(name)).put('a', '1');
      await db.close();
      db = await openHeld();
      expect(nameList(db)).toEqual(['default', name]);
      expect((await db.keyspace(name)).getSync('a')).toBe('1');
      await db.close();
    },
  );

  test('with names that are no text do not keep the database from being opened again', async () => {
    let db = await openHeld();
    for (const name of ['\ud800', 'a\udc00'])
      await expect(db.keyspace(name)).rejects.toThrow(TypeError);
    await db.keyspace('\ufffd');
    await db.put('a', '1');
    await db.close();
    db = await openHeld();
    expect(db.getSync('a')).toBe('1');
    await db.close();
  });
});

describe('Dropping a keyspace', () => {
  test('removes what is in it, for good, and its files', async () => {
    let db = await openHeld();
    const cities = await db.keyspace('cities');
    await cities.put('in a table', LARGE);
    await db.flush();
    await cities.put('in memory', LARGE);
    await db.dropKeyspace('cities');
    await db.settle();
    await quiescence();
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toEqual([]);
    const dropped = { code: 'NOT_FOUND' };
    await expect(cities.put('a', '1')).rejects.toMatchObject(dropped);
    await expect(cities.get('in memory')).rejects.toMatchObject(dropped);
    expect(() => cities.entries()).toThrow(expect.objectContaining(dropped));
    const inBatch = [{ type: 'del', key: 'a', keyspace: cities }] as const;
    await expect(db.batch(inBatch)).rejects.toMatchObject(dropped);
    crash('drop');
    await db.close();
    db = await openHeld();
    expect(nameList(db)).toEqual(['default']);
    const again = await db.keyspace('cities');
    expect(everythingIn(again)).toEqual([]);
    await again.put('new', '1');
    await db.close();
    db = await openHeld();
    expect(everythingIn(await db.keyspace('cities'))).toEqual([['new', '1']]);
    await db.close();
  });

  test('refuses the default one and one that does not exist', async () => {
    const db = await openHeld();
    await expect(db.dropKeyspace('default')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(db.dropKeyspace('none')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await db.close();
  });

  test('twice at the same time drops it once', async () => {
    const db = await openHeld();
    await db.keyspace('cities');
    const results = await Promise.allSettled([
      db.dropKeyspace('cities'),
      db.dropKeyspace('cities'),
    ]);
    expect(results[0]).toMatchObject({ status: 'fulfilled' });
    expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: 'NOT_FOUND' } });
    await db.put('a', '1');
    await db.close();
  });

  test('leaves an iteration that has started what it sees', async () => {
    const db = await openHeld();
    const cities = await db.keyspace('cities');
    for (const key of ['a', 'b', 'c']) await cities.put(key, LARGE);
    await db.flush();
    await cities.put('d', '1');
    const iterator = cities.keys()[Symbol.iterator]();
    iterator.next();
    const prepared = cities.keys();
    await db.dropKeyspace('cities');
    await db.settle();
    await quiescence();
    expect([...iterator]).toEqual(['b', 'c', 'd']);
    // One that starts only now is too late.
    expect(() => [...prepared]).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    await db.close();
  });

  test('in the middle of its flush and compaction harms nobody', async () => {
    const db = await openHeld({ tuning: { level0CompactionTrigger: 2 } });
    const cities = await db.keyspace('cities');
    for (let index = 0; index < 20; index++) {
      await cities.put(`k${index % 5}`, LARGE);
      await db.put(`k${index % 5}`, LARGE);
    }
    const flushing = db.flush();
    await db.dropKeyspace('cities');
    await flushing;
    await db.settle();
    expect(everythingIn(db)).toHaveLength(5);
    await db.close();
    const again = await openHeld();
    expect(everythingIn(again)).toHaveLength(5);
    const { count } = again.stats().tables;
    expect(memory.listSync(DIRECTORY).filter((name) => name.endsWith('.sst'))).toHaveLength(count);
    await again.close();
  });
});

describe('Encodings', () => {
  test('must be those the keyspace was made with, or binary', async () => {
    const db = await openHeld();
    await db.put('a', '1');
    await db.keyspace('json', { valueEncoding: 'json', keyEncoding: 'tuple' });
    await expect(db.keyspace('json')).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      expected: 'tuple',
      actual: 'utf8',
    });
    await expect(db.keyspace('json', { keyEncoding: 'tuple' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      expected: 'json',
      actual: 'utf8',
    });
    await db.keyspace('json', { keyEncoding: 'binary', valueEncoding: 'binary' });
    await db.close();
    const wrong = { valueEncoding: 'json' } as never;
    await expect(openHeld(wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    const bytes = await openHeld({ keyEncoding: 'binary', valueEncoding: 'binary' } as never);
    const value = (bytes as unknown as Keyspace<Uint8Array, Uint8Array>).getSync(Buffer.from('a'));
    expect([...value!]).toEqual([0x31]);
    await bytes.close();
  });

  test('of values may share one with keys, whatever it is', async () => {
    for (const encoding of ['json', 'msgpack'] as const) {
      memory = new MemoryFileSystem();
      const options = { keyEncoding: encoding, valueEncoding: encoding } as never;
      const db = (await openSmall(memory, options)) as unknown as Keyspace<unknown, unknown> &
        Database;
      await db.put([1, 'key'] as never, { a: 'value' } as never);
      await db.batch([{ type: 'put', key: 2 as never, value: [2] as never }]);
      expect(db.getSync([1, 'key'] as never)).toEqual({ a: 'value' });
      expect(db.getSync(2 as never)).toEqual([2]);
      await db.close();
    }
  });

  test('that call the database in the middle of a write, which they must not, break nothing', async () => {
    const called = { db: null as Database | null };
    const encode = (value: string): Uint8Array => {
      if (value === 'nested') called.db!.putSync('inner', 'x');
      return Buffer.from(value);
    };
    const decode = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
    const db = await openHeld({ valueEncoding: { name: 'calls', encode, decode } } as never);
    called.db = db;
    await db.put('a', 'nested').catch((error) => expect(error).toBeInstanceOf(Error));
    const operations = [
      { type: 'put', key: 'b', value: 'fine' },
      { type: 'put', key: 'c', value: 'nested' },
    ] as const;
    await db.batch(operations).catch((error) => expect(error).toBeInstanceOf(Error));
    await db.put('d', 'fine');
    const expected = { a: 'nested', b: 'fine', c: 'nested', d: 'fine', inner: 'x' };
    expect(expected).toMatchObject(Object.fromEntries(everythingIn(db)));
    expect(db.hasSync('b')).toBe(db.hasSync('c'));
    expect(db.hasSync('d')).toBe(true);
    await db.close();
  });
});
