// Opening: what is there, what is missing, what is damaged, and crashes in the middle of it.

import { createRandom, type Random, type StorageError } from '@varve/base';
import { type CrashModel, FaultyFileSystem, type FileCall, MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { destroy } from './destroy.js';
import { quiescence } from './testing/held-scheduler.js';
import { HookedFileSystem } from './testing/hooked-file-system.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';

const CHANGES = new Set<FileCall['operation']>([
  ...(['create', 'write', 'truncate', 'syncData', 'makeDirectory', 'rename'] as const),
  ...(['remove', 'removeDirectory', 'syncDirectory', 'lock'] as const),
]);

/** Thrown by every call once the process is thought to be dead. */
class ProcessDied extends Error {}

/** A file system on which the process dies before its `nth` call that changes something. */
function dyingAt(inner: MemoryFileSystem, nth: number): HookedFileSystem {
  const hooked = new HookedFileSystem(inner);
  let count = 0;
  hooked.beforeCall = ({ operation }) => {
    if (CHANGES.has(operation)) count += 1;
    if (count >= nth) throw new ProcessDied();
  };
  return hooked;
}

/** Everything on disk, by path: to see that nothing was changed. */
function contentsOf(fileSystem: MemoryFileSystem): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const name of fileSystem.listSync(DIRECTORY)) {
    const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'read');
    const bytes = new Uint8Array(file.sizeSync());
    file.readSync(bytes, 0, bytes.length, 0);
    file.closeSync();
    contents[name] = Buffer.from(bytes).toString('latin1');
  }
  return contents;
}

async function openFails(
  fileSystem: MemoryFileSystem,
  options: Parameters<typeof openSmall>[1] = {},
): Promise<StorageError> {
  try {
    const db = await openSmall(fileSystem, options);
    await db.close();
  } catch (error) {
    expect(fileSystem.openPaths()).toEqual([]);
    return error as StorageError;
  }
  throw new Error('opening was expected to fail');
}

/** A database with tables on two levels, two live logs, a keyspace, and writes that were never synced. */
async function makeCrashed(
  random: Random,
  model: CrashModel,
): Promise<{
  image: MemoryFileSystem;
  durable: Map<string, string>;
}> {
  const memory = new MemoryFileSystem();
  const db = await openSmall(memory);
  const cities = await db.keyspace('cities');
  const durable = new Map<string, string>();
  const put = async (key: string, value: string): Promise<void> => {
    await db.put(key, value);
    durable.set(key, value);
  };
  for (let index = 0; index < 15; index++) await put(`a${index}`, 'x'.repeat(6_000));
  await db.flush();
  await cities.put('rome', '1');
  for (let index = 0; index < 13; index++) await put(`a${index * 2}`, 'y'.repeat(6_000));
  await db.del('a4');
  durable.delete('a4');
  for (let index = 0; index < 5; index++) {
    await db.put(`never synced ${index}`, 'z'.repeat(700), { durability: 'os' });
  }
  const image = memory.crash(model, random);
  await db.close();
  return { image, durable };
}

async function stateOf(fileSystem: MemoryFileSystem): Promise<Record<string, [string, string][]>> {
  const db = await openSmall(fileSystem);
  const cities = await db.keyspace('cities');
  const state = { default: everythingIn(db), cities: everythingIn(cities) };
  await db.close();
  return state;
}

describe('Recovery', () => {
  test.each(['kill', 'posix'] as const)(
    'W11: cut short before any of its operations and repeated, comes to the same state (%s)',
    async (model) => {
      const random = createRandom(0x4ec0);
      const { image, durable } = await makeCrashed(random, model);
      const expected = await stateOf(image.crash('kill', random));
      for (const [key, value] of durable) {
        expect(expected['default']).toContainEqual([key, value]);
      }
      expect(expected['default']!.map(([key]) => key)).not.toContain('a4');
      expect(expected['cities']).toEqual([['rome', '1']]);
      let cutCount = 0;
      for (let nth = 1; ; nth++) {
        const attempt = image.crash('kill', random);
        const dying = dyingAt(attempt, nth);
        try {
          await (await openSmall(dying)).close();
          break;
        } catch (error) {
          expect(error).toBeInstanceOf(ProcessDied);
        }
        cutCount += 1;
        const after = (['kill', 'drop', 'posix'] as const)[random.below(3)]!;
        const rest = attempt.crash(after, random);
        expect(await stateOf(rest), `cut before operation ${nth}, then ${after}`).toEqual(expected);
      }
      expect(cutCount).toBeGreaterThan(20);
    },
    120_000,
  );

  test.each(['kill', 'drop', 'ordered', 'posix'] as const)(
    'W11: of a database whose creation was cut short, makes it or finds it made (%s)',
    async (model) => {
      const random = createRandom(0xc4ea7e);
      for (let nth = 1; ; nth++) {
        const memory = new MemoryFileSystem();
        try {
          await (await openSmall(dyingAt(memory, nth))).close();
          expect(nth).toBeGreaterThan(15);
          break;
        } catch (error) {
          expect(error).toBeInstanceOf(ProcessDied);
        }
        for (let round = 0; round < 2; round++) {
          const image = memory.crash(model, random);
          const db = await openSmall(image);
          await db.put('a', '1');
          await db.close();
          const again = await openSmall(image);
          expect(everythingIn(again), `cut before operation ${nth}`).toEqual([['a', '1']]);
          await again.close();
        }
      }
    },
  );

  test('replays what was acknowledged, and tells how much', async () => {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory);
    for (let index = 0; index < 10; index++) await db.put(`k${index}`, '1');
    await db.batch([
      { type: 'put', key: 'b', value: '2' },
      { type: 'del', key: 'k0' },
    ]);
    const image = memory.crash('drop', createRandom(1));
    await db.close();
    const again = await openSmall(image);
    expect(again.stats().recovery).toEqual({ replayedGroupCount: 11, discardedBytes: 0 });
    expect(again.stats().sequence).toBe(12);
    expect(everythingIn(again)).toHaveLength(10);
    await again.close();
  });

  test('turns logs larger than a memtable into tables, also with a smaller memtable than before', async () => {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory, { tuning: { memtableSizeBytes: 1024 * 1024 } });
    const entries: [string, string][] = Array.from({ length: 100 }, (_, index) => [
      `k${index + 100}`,
      'v'.repeat(6_000),
    ]);
    for (const [key, value] of entries) await db.put(key, value);
    const image = memory.crash('kill', createRandom(1));
    await db.close();
    const again = await openSmall(image);
    expect(again.stats().tables.count).toBeGreaterThan(3);
    expect(everythingIn(again)).toEqual(entries);
    await again.close();
    const third = await openSmall(image);
    expect(everythingIn(third)).toEqual(entries);
    await third.close();
  });

  test('leaves no file behind that nothing refers to', async () => {
    const { image } = await makeCrashed(createRandom(3), 'kill');
    for (const name of ['000999.sst', '000998.log', '000997.tmp', 'MANIFEST-000996']) {
      image.openSync(`${DIRECTORY}/${name}`, 'create').closeSync();
    }
    image.openSync(`${DIRECTORY}/notes.txt`, 'create').closeSync();
    const db = await openSmall(image);
    await db.settle();
    await quiescence();
    const names = image.listSync(DIRECTORY);
    expect(names).toContain('notes.txt');
    const { count } = db.stats().tables;
    expect(names.filter((name) => name.endsWith('.sst'))).toHaveLength(count);
    expect(names.filter((name) => name.startsWith('MANIFEST'))).toHaveLength(1);
    expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await db.close();
  });

  test('I10: goes on when a file that nothing refers to cannot be removed', async () => {
    const { image } = await makeCrashed(createRandom(3), 'kill');
    const faulty = new FaultyFileSystem(image, {
      rules: [{ operation: 'remove', every: 1, effect: { kind: 'error', errno: 'EIO' } }],
    });
    const db = await openSmall(faulty);
    expect(everythingIn(db).length).toBeGreaterThan(0);
    await db.close();
    expect(await stateOf(image)).toBeDefined();
  });
});

describe('Opening', () => {
  async function makeClosed(): Promise<MemoryFileSystem> {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory);
    await db.put('a', '1');
    await db.flush();
    await db.put('b', '2');
    await db.close();
    return memory;
  }

  function firstOf(memory: MemoryFileSystem, suffix: RegExp): string {
    const name = memory.listSync(DIRECTORY).find((candidate) => suffix.test(candidate));
    return `${DIRECTORY}/${name}`;
  }

  test('creates a missing database unless it must not', async () => {
    const memory = new MemoryFileSystem();
    const missing = await openFails(memory, { createIfMissing: false });
    expect(missing.code).toBe('NOT_FOUND');
    expect(memory.existsSync(DIRECTORY)).toBe(false);
    memory.makeDirectorySync(DIRECTORY);
    expect((await openFails(memory, { createIfMissing: false })).code).toBe('NOT_FOUND');
    expect((await openFails(memory, { readOnly: true })).code).toBe('NOT_FOUND');
    await (await openSmall(memory)).close();
  });

  test.each([
    ['killed before it had', { kind: 'crash' }],
    ['refused', { kind: 'error', errno: 'EMFILE' }],
  ] as const)(
    'M5: makes the name of its directory durable after an opening was %s the sync of it',
    async (_, effect) => {
      const memory = new MemoryFileSystem();
      const rules = [{ operation: 'syncDirectory', path: '/', duration: 'once', effect }] as const;
      await expect(openSmall(new FaultyFileSystem(memory, { rules }))).rejects.toThrow();
      expect(memory.existsSync(DIRECTORY)).toBe(true);
      const db = await openSmall(memory);
      await db.put('a', '1');
      for (const model of ['drop', 'ordered', 'posix'] as const) {
        for (let seed = 1; seed <= 20; seed++) {
          const after = await openSmall(memory.crash(model, createRandom(seed)));
          expect(everythingIn(after)).toEqual([['a', '1']]);
          await after.close();
        }
      }
      await db.close();
    },
  );

  test('errorIfExists refuses a database that is there, and changes nothing', async () => {
    const memory = await makeClosed();
    const before = contentsOf(memory);
    expect((await openFails(memory, { errorIfExists: true })).code).toBe('ALREADY_EXISTS');
    expect(contentsOf(memory)).toEqual(before);
    await (await openSmall(new MemoryFileSystem(), { errorIfExists: true })).close();
  });

  test('P2: LOCKED while another one has it open, and nothing is changed', async () => {
    const memory = await makeClosed();
    const db = await openSmall(memory);
    await quiescence();
    const before = contentsOf(memory);
    await expect(openSmall(memory)).rejects.toMatchObject({ code: 'LOCKED' });
    await expect(destroy(DIRECTORY, { fileSystem: memory })).rejects.toMatchObject({
      code: 'LOCKED',
    });
    expect(contentsOf(memory)).toEqual(before);
    await db.close();
    await (await openSmall(memory)).close();
  });

  test('gives the lock back when opening fails, and when the options turn out not to fit', async () => {
    const memory = await makeClosed();
    const faulty = new FaultyFileSystem(memory, {
      rules: [{ operation: 'read', nth: 1, effect: { kind: 'error', errno: 'EIO' } }],
    });
    await expect(openSmall(faulty)).rejects.toMatchObject({ code: 'IO' });
    const wrong = { keyEncoding: 'json' } as unknown as { keyEncoding: 'utf8' };
    expect((await openFails(memory, wrong)).code).toBe('INVALID_ARGUMENT');
    await (await openSmall(memory)).close();
  });

  test('fails as the file system does at any of its calls, keeps nothing open, and works afterwards', async () => {
    const { image } = await makeCrashed(createRandom(5), 'kill');
    const expected = await stateOf(image.crash('kill', createRandom(1)));
    let failedCount = 0;
    for (let nth = 1; ; nth++) {
      const attempt = image.crash('kill', createRandom(1));
      const faulty = new FaultyFileSystem(attempt, {
        rules: [{ nth, effect: { kind: 'error', errno: 'EIO' } }],
      });
      try {
        const db = await openSmall(faulty);
        await db.close().catch(() => {});
        if (faulty.injected.length === 0) break;
      } catch (error) {
        expect(error, `call ${nth}`).toMatchObject({ name: 'StorageError' });
        failedCount += 1;
      }
      await quiescence();
      expect(attempt.openPaths(), `call ${nth}`).toEqual([]);
      expect(await stateOf(attempt), `after a failure of call ${nth}`).toEqual(expected);
    }
    expect(failedCount).toBeGreaterThan(50);
  }, 120_000);

  test('T4: names a missing table', async () => {
    const memory = await makeClosed();
    const path = firstOf(memory, /\.sst$/);
    memory.removeSync(path);
    const before = contentsOf(memory);
    expect(await openFails(memory)).toMatchObject({
      code: 'CORRUPTION',
      where: 'sst.missing',
      file: path,
    });
    expect(contentsOf(memory)).toEqual(before);
  });

  test('W7: names a missing log', async () => {
    const memory = await makeClosed();
    for (const name of memory.listSync(DIRECTORY)) {
      if (name.endsWith('.log')) memory.removeSync(`${DIRECTORY}/${name}`);
    }
    const before = contentsOf(memory);
    expect(await openFails(memory)).toMatchObject({ code: 'CORRUPTION', where: 'wal.missing' });
    expect(contentsOf(memory)).toEqual(before);
  });

  test('M3: refuses a CURRENT that is not exactly what was written', async () => {
    const memory = await makeClosed();
    for (const text of ['', 'MANIFEST-000001', '../MANIFEST-000001\n', 'MANIFEST-999999\n\n']) {
      const image = memory.crash('kill', createRandom(1));
      image.removeSync(`${DIRECTORY}/CURRENT`);
      const file = image.openSync(`${DIRECTORY}/CURRENT`, 'create');
      file.writeSync(Buffer.from(text), 0, text.length, 0);
      file.closeSync();
      expect(await openFails(image)).toMatchObject({ code: 'CORRUPTION', where: 'current' });
    }
  });

  test('I11, B18: read-only changes no byte, whatever state it finds, and sees everything', async () => {
    for (const model of ['kill', 'drop', 'ordered', 'posix'] as const) {
      for (let round = 0; round < 3; round++) {
        const { image, durable } = await makeCrashed(createRandom(round), model);
        const before = contentsOf(image);
        const db = await openSmall(image, { readOnly: true });
        const entries = new Map(everythingIn(db));
        for (const [key, value] of durable) expect(entries.get(key)).toBe(value);
        expect(await db.get('a3')).toBe(durable.get('a3'));
        await expect(db.put('a', '1')).rejects.toMatchObject({ code: 'READ_ONLY' });
        expect(() => db.putSync('a', '1')).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
        await expect(db.flush()).rejects.toMatchObject({ code: 'READ_ONLY' });
        await expect(db.compact()).rejects.toMatchObject({ code: 'READ_ONLY' });
        await expect(db.keyspace('new')).rejects.toMatchObject({ code: 'NOT_FOUND' });
        await expect(db.dropKeyspace('cities')).rejects.toMatchObject({ code: 'READ_ONLY' });
        const cities = await db.keyspace('cities');
        expect(cities.getSync('rome')).toBe('1');
        expect(db.stats().keyspaces.map(({ name }) => name)).toEqual(['default', 'cities']);
        expect(db.status).toBe('open');
        await db.close();
        expect(contentsOf(image)).toEqual(before);
        expect(image.openPaths()).toEqual([]);
      }
    }
  });

  test('opens read-only beside a writer', async () => {
    const memory = await makeClosed();
    const writer = await openSmall(memory);
    const reader = await openSmall(memory, { readOnly: true });
    expect(everythingIn(reader)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    await reader.close();
    await writer.close();
  });
});

describe('destroy', () => {
  test('removes the files of the database, and the directory if nothing else is in it', async () => {
    const { image } = await makeCrashed(createRandom(2), 'kill');
    await destroy(DIRECTORY, { fileSystem: image });
    expect(image.existsSync(DIRECTORY)).toBe(false);
    await destroy(DIRECTORY, { fileSystem: image });
  });

  test('leaves what is not the database’s own', async () => {
    const { image } = await makeCrashed(createRandom(2), 'kill');
    image.openSync(`${DIRECTORY}/notes.txt`, 'create').closeSync();
    image.makeDirectorySync(`${DIRECTORY}/000001.sst.backup`);
    await destroy(DIRECTORY, { fileSystem: image });
    expect(image.listSync(DIRECTORY)).toEqual(['000001.sst.backup', 'notes.txt']);
    await (await openSmall(image)).close();
  });

  test('refuses a directory that holds no database', async () => {
    const memory = new MemoryFileSystem();
    memory.makeDirectorySync(DIRECTORY);
    memory.openSync(`${DIRECTORY}/000001.sst`, 'create').closeSync();
    await expect(destroy(DIRECTORY, { fileSystem: memory })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(memory.listSync(DIRECTORY)).toEqual(['000001.sst']);
  });

  test('cut short before any of its operations, can be started again, or has left room for a new one', async () => {
    const { image } = await makeCrashed(createRandom(2), 'kill');
    const random = createRandom(4);
    for (let nth = 1; ; nth++) {
      const attempt = image.crash('kill', random);
      try {
        await destroy(DIRECTORY, { fileSystem: dyingAt(attempt, nth) });
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(ProcessDied);
      }
      const rest = attempt.crash('posix', random);
      if (rest.existsSync(`${DIRECTORY}/CURRENT`)) {
        await destroy(DIRECTORY, { fileSystem: rest });
        expect(rest.existsSync(DIRECTORY), `cut before operation ${nth}`).toBe(false);
      }
      const db = await openSmall(rest);
      expect(everythingIn(db), `cut before operation ${nth}`).toEqual([]);
      await db.close();
    }
  });
});
