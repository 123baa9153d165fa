// What happens to the directory: the lock, creation, destruction, repair.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { errorOf, openLevel, temporaryDirectory } from './testing/open-level.js';
import { VarveLevel } from './varve-level.js';

describe('the lock', () => {
  test('refuses a second database in the same directory, and gives way when the first is closed', async () => {
    const first = await openLevel();
    const second = new VarveLevel(first.location, { backgroundThreads: 0 });
    const error = await errorOf(second.open());
    expect(error).toMatchObject({
      code: 'LEVEL_DATABASE_NOT_OPEN',
      cause: { code: 'LEVEL_LOCKED', cause: { code: 'LOCKED' } },
    });
    expect(second.status).toBe('closed');
    await first.put('a', '1');
    await first.close();
    await second.open();
    expect(await second.get('a')).toBe('1');
    await second.close();
  });

  test('is held against a worker thread, which opens the database once it is free', async () => {
    const level = await openLevel();
    await level.put('a', 'from the main thread');
    expect(await openInWorker(level.location)).toBe('LEVEL_LOCKED');
    await level.close();
    expect(await openInWorker(level.location)).toBe('from the main thread');
    await level.open();
    expect(await level.get('worker')).toBe('was here');
  });

  test('is not given to several threads at once: the option multithreading is refused', async () => {
    const level = new VarveLevel(temporaryDirectory(), { multithreading: true as never });
    expect(await errorOf(level.open())).toMatchObject({ cause: { code: 'LEVEL_NOT_SUPPORTED' } });
  });
});

/** Opens the database in another thread: what `a` is there, or the code of the error. */
function openInWorker(location: string): Promise<unknown> {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData.entry).then(async ({ VarveLevel }) => {
      const level = new VarveLevel(workerData.location);
      try {
        await level.open();
      } catch (error) {
        return error.cause.code;
      }
      await level.put('worker', 'was here', { sync: true });
      const value = await level.get('a');
      await level.close();
      return value;
    }).then((answer) => parentPort.postMessage(answer));
  `;
  const entry = new URL('../dist/index.js', import.meta.url).href;
  return new Promise((resolve, reject) => {
    const worker = new Worker(source, {
      ...{ eval: true, execArgv: [], workerData: { entry, location } },
    });
    let answer: unknown;
    worker.once('message', (message) => {
      answer = message;
    });
    worker.once('error', reject);
    worker.once('exit', () => resolve(answer));
  });
}

describe('opening', () => {
  test('makes the directory and its parents', async () => {
    const location = join(temporaryDirectory(), 'a/b/c');
    const level = await openLevel({}, location);
    expect(existsSync(location)).toBe(true);
    expect(level.location).toBe(location);
  });

  test('refuses a location that is none', () => {
    for (const location of [undefined, '', 3]) {
      expect(() => new VarveLevel(location as never)).toThrow(TypeError);
    }
  });

  test('refuses options that the engine refuses, before anything is made', async () => {
    const location = join(temporaryDirectory(), 'db');
    const level = new VarveLevel(location, { memoryBudgetBytes: 1 });
    expect((await errorOf(level.open())).cause).toBeInstanceOf(RangeError);
    expect(existsSync(location)).toBe(false);
  });

  test('understands the options of classic-level that have a counterpart', async () => {
    const level = await openLevel({
      ...{ compression: false, cacheSize: 8 << 20, writeBufferSize: 1 << 20 },
      ...{ blockSize: 2048, maxFileSize: 1 << 20 },
    });
    const { keyspaces } = JSON.parse(level.getProperty('varve.stats'));
    expect(keyspaces[0]).toMatchObject({ compression: 'none', keyEncoding: 'binary' });
  });
});

describe('closing', () => {
  test('tells once of what failed; the next call ends it, and the database opens again', async () => {
    const fileSystem = new FaultyFileSystem(new MemoryFileSystem());
    const level = await openLevel({ fileSystem }, '/db');
    await level.put('a', '1');
    fileSystem.addRule({
      ...{ operation: 'syncData', path: '*.log', effect: { kind: 'error', errno: 'EIO' } },
    });
    expect(await errorOf(level.close())).toMatchObject({
      code: 'LEVEL_DATABASE_NOT_CLOSED',
      cause: { code: 'LEVEL_IO_ERROR' },
    });
    fileSystem.clearRules();
    expect(level.status).toBe('open');
    expect(await errorOf(level.get('a'))).toMatchObject({ code: 'LEVEL_DATABASE_NOT_OPEN' });
    expect(() => level.iterator()).toThrow(
      expect.objectContaining({ code: 'LEVEL_DATABASE_NOT_OPEN' }),
    );
    expect(() => level.snapshot()).toThrow(
      expect.objectContaining({ code: 'LEVEL_DATABASE_NOT_OPEN' }),
    );
    await level.close();
    expect(level.status).toBe('closed');
    await level.open();
    await level.put('b', '2');
    await level.close();
    await level.open();
    expect(await level.get('b')).toBe('2');
  });
});

describe('destroy', () => {
  test('removes the database, and the directory with it', async () => {
    const level = await openLevel();
    await level.put('a', '1');
    await level.close();
    await VarveLevel.destroy(level.location);
    expect(existsSync(level.location)).toBe(false);
  });

  test('leaves files that are not the database', async () => {
    const level = await openLevel();
    await level.close();
    writeFileSync(join(level.location, 'notes.txt'), 'mine');
    await VarveLevel.destroy(level.location);
    expect(readdirSync(level.location)).toEqual(['notes.txt']);
  });

  test('does nothing where no database is', async () => {
    const directory = temporaryDirectory();
    await VarveLevel.destroy(join(directory, 'nowhere'));
    mkdirSync(join(directory, 'empty'));
    await VarveLevel.destroy(join(directory, 'empty'));
    expect(readdirSync(directory)).toEqual(['empty']);
  });

  test('refuses a database that is open, and a location that is none', async () => {
    const level = await openLevel();
    await level.put('a', '1');
    expect(await errorOf(VarveLevel.destroy(level.location))).toMatchObject({
      code: 'LEVEL_LOCKED',
    });
    expect(await level.get('a')).toBe('1');
    await expect(VarveLevel.destroy('')).rejects.toThrow(TypeError);
  });
});

describe('repair', () => {
  test('replaces a damaged database by what is intact, which opens again', async () => {
    const level = await openLevel();
    for (let index = 0; index < 3000; index++) await level.put(`k${index}`, 'v'.repeat(400));
    await level.compactRange('', '~');
    await level.close();
    const table = readdirSync(level.location).find((name) => name.endsWith('.sst'))!;
    const path = join(level.location, table);
    writeFileSync(path, readFileSync(path).fill(7, 40, 80));

    await VarveLevel.repair(level.location);
    await level.open();
    const entries = await level.iterator().all();
    expect(entries.length).toBeGreaterThan(2000);
    expect(entries.length).toBeLessThan(3000);
    for (const [, value] of entries) expect(value).toBe('v'.repeat(400));
    expect(existsSync(`${level.location}.damaged`)).toBe(true);
  });

  test('leaves an intact database as it is', async () => {
    const level = await openLevel();
    await level.put('a', '1');
    await level.close();
    await VarveLevel.repair(level.location);
    expect(existsSync(`${level.location}.damaged`)).toBe(false);
    await level.open();
    expect(await level.get('a')).toBe('1');
  });

  test('refuses what is not there, and what is open', async () => {
    const nowhere = join(temporaryDirectory(), 'nowhere');
    expect(await errorOf(VarveLevel.repair(nowhere))).toMatchObject({ code: 'LEVEL_NOT_FOUND' });
    const level = await openLevel();
    expect(await errorOf(VarveLevel.repair(level.location))).toMatchObject({
      code: 'LEVEL_LOCKED',
    });
  });
});
