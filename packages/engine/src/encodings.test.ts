import { MemoryFileSystem } from '@varve/vfs';
import { expect, test } from 'vitest';
import { open } from './database.js';
import { type Encoding, encodings } from './encoding/index.js';
import { openSmall } from './testing/open-database.js';

/** Strings, stored backwards. */
const backwards: Encoding<string> = {
  name: 'backwards',
  sizeBound: (text) => encodings.utf8.sizeBound(text),
  write: (text, target, offset) =>
    encodings.utf8.write([...text].reverse().join(''), target, offset),
  read: (bytes, start, end) => [...encodings.utf8.read(bytes, start, end)].reverse().join(''),
};

test('an encoding that works in place reads and orders what it wrote', async () => {
  const fileSystem = new MemoryFileSystem();
  const options = { fileSystem, keyEncoding: backwards, valueEncoding: 'json' } as const;
  await using database = await open('/db', options);
  await database.batch([
    { type: 'put', key: 'ab', value: 1 },
    { type: 'put', key: 'ba', value: [2] },
  ]);
  expect([...database.entries()]).toEqual([
    ['ba', [2]],
    ['ab', 1],
  ]);
  expect(database.keyspaces()[0]?.keyEncoding).toBe('backwards');
});

test('an encoding that works in place needs a name of its own', async () => {
  const fileSystem = new MemoryFileSystem();
  const named = (name: unknown): Encoding<string> => ({ ...backwards, name: name as string });
  const opening = (name: unknown): Promise<unknown> =>
    open('/db', { fileSystem, keyEncoding: named(name) });
  await expect(opening(undefined)).rejects.toThrow(TypeError);
  await expect(opening('utf8')).rejects.toThrow(RangeError);
  expect(fileSystem.existsSync('/db')).toBe(false);
});

test('P8: one encoding that works in place is refused for keys and values together, before any I/O', async () => {
  const fileSystem = new MemoryFileSystem();
  const both = { keyEncoding: backwards, valueEncoding: backwards };
  await expect(open('/db', { fileSystem, ...both })).rejects.toThrow('give two objects');
  expect(fileSystem.existsSync('/db')).toBe(false);
  await using database = await openSmall(fileSystem);
  await expect(database.keyspace('both', both)).rejects.toThrow(TypeError);
  expect(database.keyspaces()).toHaveLength(1);
  const apart = await database.keyspace('both', { ...both, valueEncoding: { ...backwards } });
  await apart.put('ab', 'cd');
  expect(await apart.get('ab')).toBe('cd');
});

test('withEncodings shows the same entries of a binary keyspace through other encodings', async () => {
  const options = { fileSystem: new MemoryFileSystem(), keyEncoding: 'binary' } as const;
  await using database = await open('/db', { ...options, valueEncoding: 'binary' });
  const texts = database.withEncodings({ keyEncoding: 'utf8', valueEncoding: 'json' });
  const keysOnly = database.withEncodings({ keyEncoding: 'utf8' });
  await texts.put('a', { one: 1 });
  await database.batch([
    { type: 'put', key: 'b', value: [2], keyspace: texts },
    { type: 'put', key: new Uint8Array([0xff]), value: new Uint8Array(0) },
  ]);
  expect(texts.getSync('b')).toEqual([2]);
  expect(Buffer.from(keysOnly.getSync('a')!).toString()).toBe('{"one":1}');
  expect([...database.keys()].map((key) => key[0])).toEqual([0x61, 0x62, 0xff]);
  expect(() => [...texts.keys()]).toThrow(expect.objectContaining({ code: 'CORRUPTION' }));
});

test('P8: withEncodings refuses one encoding that works in place for keys and values together', async () => {
  const options = { fileSystem: new MemoryFileSystem(), keyEncoding: 'binary' } as const;
  await using database = await open('/db', { ...options, valueEncoding: 'binary' });
  const keys = database.withEncodings({ keyEncoding: backwards });
  const both = { keyEncoding: backwards, valueEncoding: backwards };
  expect(() => database.withEncodings(both)).toThrow('give two objects');
  expect(() => keys.withEncodings({ valueEncoding: backwards })).toThrow(TypeError);
});

test('withEncodings refuses to take bytes for something else than they were written as', async () => {
  const database = await openSmall(new MemoryFileSystem());
  const refused = { code: 'INVALID_ARGUMENT', expected: 'utf8', actual: 'json' };
  expect(() => database.withEncodings({ valueEncoding: 'json' })).toThrow(
    expect.objectContaining(refused),
  );
  await database.put('a', 'text');
  const bytes = database.withEncodings({ valueEncoding: 'binary' });
  expect(await bytes.get('a')).toEqual(new Uint8Array([0x74, 0x65, 0x78, 0x74]));
  expect(database.withEncodings({}).getSync('a')).toBe('text');
  await database.close();
});
