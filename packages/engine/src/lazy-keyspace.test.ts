import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '@varve/base';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { open } from './database.js';
import { LazyKeyspace } from './lazy-keyspace.js';

const OPTIONS = { format: { valueEncoding: 'json' }, owner: 'Cache' } as const;
const OPEN = { durability: 'os', backgroundThreads: 0 } as const;

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'varve-lazy-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('LazyKeyspace', () => {
  test.each([{}, { path: 'x', database: { keyspace: vi.fn() } }])(
    'wants exactly one place: %o',
    (place) => {
      const make = () => new LazyKeyspace({ ...place, keyspace: 'a' }, OPTIONS);
      expect(make).toThrow(new TypeError('Cannot make a Cache: give either path or database'));
    },
  );

  test('opens its directory at the first use, once, and closes it', async () => {
    const path = join(directory, 'own');
    const place = { path, open: OPEN, keyspace: 'cache' };
    const lazy = new LazyKeyspace(place, OPTIONS);
    const [one, other] = await Promise.all([lazy.get(), lazy.get()]);
    expect(one).toBe(other);
    await one.put('a', { b: 1 });
    expect(lazy.close()).toBe(lazy.close());
    await lazy.close();
    const again = new LazyKeyspace(place, OPTIONS);
    expect(await (await again.get()).get('a')).toEqual({ b: 1 });
    await again.close();
  });

  test('leaves a database open that it was given', async () => {
    const database = await open(join(directory, 'given'), OPEN);
    const lazy = new LazyKeyspace({ database, keyspace: 'cache' }, OPTIONS);
    await (await lazy.get()).put('a', [1]);
    await lazy.close();
    expect(database.keyspaces().map(({ name }) => name)).toContain('cache');
    await database.close();
  });

  test('closes what is still being opened, and is of no use after', async () => {
    const path = join(directory, 'early');
    const lazy = new LazyKeyspace({ path, open: OPEN, keyspace: 'cache' }, OPTIONS);
    const used = lazy.get();
    await lazy.close();
    expect((await used).name).toBe('cache');
    await expect(lazy.get()).rejects.toThrow(
      new StorageError('CLOSED', 'Cannot use this Cache: it was closed'),
    );
    await (await open(path, OPEN)).close();
  });

  test('closes without having opened anything', async () => {
    const lazy = new LazyKeyspace({ path: join(directory, 'never'), keyspace: 'cache' }, OPTIONS);
    await lazy.close();
    await expect(lazy.get()).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('tries again after a failure, and leaves nothing open', async () => {
    const path = join(directory, 'blocked');
    writeFileSync(path, 'a file where the directory should be');
    const lazy = new LazyKeyspace({ path, open: OPEN, keyspace: 'cache' }, OPTIONS);
    await expect(lazy.get()).rejects.toBeInstanceOf(StorageError);
    rmSync(path);
    await (await lazy.get()).put('a', 1);
    await lazy.close();
  });

  test('closes its database when the keyspace has other encodings', async () => {
    const path = join(directory, 'other');
    const first = new LazyKeyspace({ path, open: OPEN, keyspace: 'cache' }, OPTIONS);
    await first.get();
    await first.close();
    const format = { valueEncoding: 'msgpack' } as const;
    const other = new LazyKeyspace({ path, open: OPEN, keyspace: 'cache' }, { ...OPTIONS, format });
    await expect(other.get()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await other.close();
    await (await open(path, OPEN)).close();
  });
});
