// What is durable, and what a crash leaves. What programs see is tested in testing/file-system-suite.test.ts, and against
// real files at the end of this file.

import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, isStorageError } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FileCall, FileSystem } from './file-system.js';
import type { CrashModel } from './memory/crash-image.js';
import { MemoryFileSystem } from './memory-file-system.js';
import { NodeFileSystem } from './node-file-system.js';
import { append, create, dump, outcomes, text } from './testing/memory-files.js';

const MODELS: readonly CrashModel[] = ['kill', 'drop', 'ordered', 'posix', 'single'];
const SEED = 0x5eed;

/** What became of a sector of `d` into which `x` was written, and that holds both. */
function tearOf(sector: string): string {
  if (/^x+d+$/.test(sector)) return 'torn left';
  return /^d+x+$/.test(sector) ? 'torn right' : 'garbage';
}

describe('MemoryFileSystem.crash', () => {
  test('kill leaves everything, drop what was synced', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'one');
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    append(file, 'two');
    create(fileSystem, '/b', 'three');
    expect(outcomes(fileSystem, 'kill')).toEqual(['/a = onetwo; /b = three']);
    expect(outcomes(fileSystem, 'drop')).toEqual(['/a = one']);
  });

  test("a file's sync does not make its name durable, nor a directory's sync content", () => {
    const fileSystem = new MemoryFileSystem();
    create(fileSystem, '/named', 'x');
    fileSystem.syncDirectorySync('/');
    create(fileSystem, '/synced', 'y').syncDataSync();
    expect(outcomes(fileSystem, 'drop')).toEqual(['/named = ']);
    fileSystem.syncDirectorySync('/');
    expect(outcomes(fileSystem, 'drop')).toEqual(['/named = ; /synced = y']);
  });

  test('what was synced survives every model', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync('/db');
    fileSystem.syncDirectorySync('/');
    const file = create(fileSystem, '/db/a', 'one');
    file.syncDataSync();
    fileSystem.renameSync('/db/a', '/db/b');
    fileSystem.syncDirectorySync('/db');
    file.truncateSync(1);
    append(file, 'ff');
    file.syncDataSync();
    expect(fileSystem.describeUnsynced()).toEqual([]);
    for (const model of MODELS) {
      expect(outcomes(fileSystem, model, 50)).toEqual(['/db/; /db/b = off']);
    }
  });

  test('a rename happens whole or not at all', () => {
    const fileSystem = new MemoryFileSystem();
    create(fileSystem, '/CURRENT', 'old').syncDataSync();
    create(fileSystem, '/CURRENT.tmp', 'new').syncDataSync();
    fileSystem.syncDirectorySync('/');
    fileSystem.renameSync('/CURRENT.tmp', '/CURRENT');
    for (const model of ['ordered', 'posix'] as const) {
      expect(outcomes(fileSystem, model)).toEqual([
        '/CURRENT = new',
        '/CURRENT = old; /CURRENT.tmp = new',
      ]);
    }
  });

  test('a rename can survive without the content that was not synced before', () => {
    const fileSystem = new MemoryFileSystem();
    create(fileSystem, '/CURRENT', 'old').syncDataSync();
    fileSystem.syncDirectorySync('/');
    create(fileSystem, '/CURRENT.tmp', 'new');
    fileSystem.renameSync('/CURRENT.tmp', '/CURRENT');
    fileSystem.syncDirectorySync('/');
    expect(outcomes(fileSystem, 'drop')).toEqual(['/CURRENT = ']);
    expect(outcomes(fileSystem, 'ordered')).toEqual(['/CURRENT = ', '/CURRENT = new']);
  });

  test('a removed file can come back until its directory is synced', () => {
    const fileSystem = new MemoryFileSystem();
    create(fileSystem, '/a', 'x').syncDataSync();
    fileSystem.syncDirectorySync('/');
    fileSystem.removeSync('/a');
    expect(outcomes(fileSystem, 'posix')).toEqual(['', '/a = x']);
    fileSystem.syncDirectorySync('/');
    expect(outcomes(fileSystem, 'posix')).toEqual(['']);
  });

  test('ordered keeps names in order; posix keeps order only on each name', () => {
    const fileSystem = new MemoryFileSystem();
    create(fileSystem, '/a', '');
    create(fileSystem, '/b', '');
    expect(outcomes(fileSystem, 'ordered')).toEqual(['', '/a = ', '/a = ; /b = ']);
    expect(outcomes(fileSystem, 'posix')).toEqual(['', '/a = ', '/a = ; /b = ', '/b = ']);
    fileSystem.removeSync('/a');
    fileSystem.renameSync('/b', '/c');
    expect(outcomes(fileSystem, 'posix')).toEqual([
      '',
      '/a = ',
      '/a = ; /b = ',
      '/a = ; /c = ',
      '/b = ',
      '/c = ',
    ]);
  });

  test('posix never keeps an operation without the earlier ones on the same names', () => {
    const fileSystem = new MemoryFileSystem();
    for (const name of ['a', 'b']) create(fileSystem, `/${name}`, name).syncDataSync();
    fileSystem.syncDirectorySync('/');
    fileSystem.renameSync('/a', '/b');
    fileSystem.removeSync('/b');
    expect(outcomes(fileSystem, 'posix')).toEqual(['', '/a = a; /b = b', '/b = a']);
  });

  test('keeps the bytes as they were when written, whatever becomes of the source', () => {
    const fileSystem = new MemoryFileSystem();
    const file = fileSystem.openSync('/a', 'create');
    const source = text('before');
    file.writeSync(source, 0, 6, 0);
    source.set(text('after!'));
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    expect(outcomes(fileSystem, 'drop', 1)).toEqual(['/a = before']);
  });

  test('a sync of one directory leaves the names of others open', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync('/d');
    create(fileSystem, '/d/a', '');
    fileSystem.syncDirectorySync('/d');
    expect(outcomes(fileSystem, 'drop')).toEqual(['']);
    fileSystem.syncDirectorySync('/');
    expect(outcomes(fileSystem, 'drop')).toEqual(['/d/; /d/a = ']);
  });

  test('a sync takes along what came before on the names of a move between directories', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync('/from');
    fileSystem.makeDirectorySync('/to');
    fileSystem.syncDirectorySync('/');
    create(fileSystem, '/from/a', '');
    create(fileSystem, '/from/other', '');
    fileSystem.renameSync('/from/a', '/to/b');
    fileSystem.syncDirectorySync('/to');
    expect(outcomes(fileSystem, 'posix')).toEqual([
      '/from/; /from/other = ; /to/; /to/b = ',
      '/from/; /to/; /to/b = ',
    ]);
  });

  test('ordered tears at most the last write, at a sector', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'd'.repeat(500));
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    append(file, 'x'.repeat(1_000));
    append(file, 'y'.repeat(10));
    const lengths = outcomes(fileSystem, 'ordered').map((line) => {
      expect(line).toMatch(/^\/a = d{500}x*y*$/);
      return line.length - '/a = '.length;
    });
    expect(lengths.sort((a, b) => a - b)).toEqual([500, 512, 1_024, 1_500, 1_510]);
  });

  test('posix leaves old, new, zero, garbage or a torn sector, and touches nothing else', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'd'.repeat(2_000));
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    file.writeSync(text('x'.repeat(700)), 0, 700, 600);
    const seen = [new Set<string>(), new Set<string>()];
    for (const line of outcomes(fileSystem, 'posix', 1_000)) {
      const content = line.slice('/a = '.length);
      expect(content.length).toBe(2_000);
      expect(content.slice(0, 600)).toBe('d'.repeat(600));
      expect(content.slice(1_300)).toBe('d'.repeat(700));
      [content.slice(600, 1_024), content.slice(1_024, 1_300)].forEach((sector, index) => {
        const isUniform = sector === sector[0]?.repeat(sector.length);
        seen[index]?.add(isUniform ? (sector[0] ?? '') : tearOf(sector));
      });
    }
    const expected = ['\0', 'd', 'garbage', 'torn left', 'torn right', 'x'];
    for (const sector of seen) expect([...sector].sort()).toEqual(expected);
  });

  test('posix may leave any size between, but never loses synced bytes', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'd'.repeat(5));
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    append(file, 'x'.repeat(5));
    const found = outcomes(fileSystem, 'posix', 2_000).map((line) => line.slice('/a = '.length));
    expect(found.every((content) => content.startsWith('ddddd'))).toBe(true);
    expect(new Set(found.map((content) => content.length))).toEqual(new Set([5, 6, 7, 8, 9, 10]));
    expect(found).toContain('ddddd\0\0\0');
  });

  test('posix may leave out a write and keep a later one', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', '..');
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    file.writeSync(text('1'), 0, 1, 0);
    file.writeSync(text('2'), 0, 1, 1);
    file.truncateSync(3);
    expect(outcomes(fileSystem, 'posix', 1_000)).toEqual(
      expect.arrayContaining(['/a = .2', '/a = 1.', '/a = ..', '/a = 12\0', '/a = ..\0']),
    );
  });

  test('gives equal results for equal numbers, and leaves the original alone', () => {
    const fileSystem = new MemoryFileSystem();
    for (const name of ['/a', '/b', '/c']) create(fileSystem, name, name.repeat(400));
    const before = [dump(fileSystem), fileSystem.describeUnsynced()];
    const images = [1, 1, 2].map((seed) => dump(fileSystem.crash('posix', createRandom(seed))));
    expect(images[0]).toEqual(images[1]);
    expect(images[0]).not.toEqual(images[2]);
    expect([dump(fileSystem), fileSystem.describeUnsynced()]).toEqual(before);
  });

  test('gives a file system without locks and open files that goes on independently', () => {
    const fileSystem = new MemoryFileSystem({ capacityBytes: 10 });
    const file = create(fileSystem, '/a', '12345');
    fileSystem.lockSync('/LOCK', 'before');
    const survivor = fileSystem.crash('kill', createRandom(SEED));
    survivor.lockSync('/LOCK', 'after');
    expect(survivor.openPaths()).toEqual([]);
    expect(survivor.describeUnsynced()).toEqual([]);
    expect(survivor.freeSpaceSync('/')).toBe(5);
    expect(survivor.statSync('/a').inode).toBe(fileSystem.statSync('/a').inode);
    append(file, 'x');
    create(survivor, '/b', 'y');
    expect(dump(fileSystem)).toEqual(['/LOCK = ', '/a = 12345x']);
    expect(dump(survivor)).toEqual(['/LOCK = ', '/a = 12345', '/b = y']);
    expect(survivor.statSync('/b').inode).not.toBe(survivor.statSync('/a').inode);
  });
});

describe('MemoryFileSystem', () => {
  test('describeUnsynced() lists what a power loss may undo', () => {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync('/db');
    const file = create(fileSystem, '/db/a', 'abc');
    file.truncateSync(1);
    fileSystem.renameSync('/db/a', '/db/b');
    create(fileSystem, '/c', '').closeSync();
    fileSystem.removeSync('/c');
    expect(fileSystem.describeUnsynced()).toEqual([
      'make directory /db',
      'create /db/a',
      'rename /db/a -> /db/b',
      'create /c',
      'remove /c',
      'write /db/b 0..3',
      'truncate /db/b to 1',
    ]);
  });

  test('loseUnsynced() acts out a failed sync: the next one succeeds and proves nothing', () => {
    for (const visible of ['new', 'old'] as const) {
      const fileSystem = new MemoryFileSystem({ capacityBytes: 100 });
      const file = create(fileSystem, '/a', 'old');
      file.syncDataSync();
      fileSystem.syncDirectorySync('/');
      append(file, '+new');
      fileSystem.loseUnsynced('/a', visible);
      file.syncDataSync();
      expect(dump(fileSystem)).toEqual([visible === 'new' ? '/a = old+new' : '/a = old']);
      expect(fileSystem.freeSpaceSync('/')).toBe(visible === 'new' ? 93 : 97);
      expect(outcomes(fileSystem, 'posix', 20)).toEqual(['/a = old']);
      append(file, '!');
      file.syncDataSync();
      // What was lost is in the page that is dirty again.
      const expected = visible === 'new' ? '/a = old+new!' : '/a = old!';
      expect(outcomes(fileSystem, 'drop', 1)).toEqual([expected]);
    }
  });

  test('a full device takes what fits, and removing files makes room', () => {
    const fileSystem = new MemoryFileSystem({ capacityBytes: 10 });
    const a = create(fileSystem, '/a', '1234567');
    const b = fileSystem.openSync('/b', 'create');
    expect(() => append(b, 'abcdef')).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    expect(dump(fileSystem)).toEqual(['/a = 1234567', '/b = abc']);
    expect(() => b.truncateSync(4)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    a.writeSync(text('xyz'), 0, 3, 0);
    fileSystem.removeSync('/a');
    expect(fileSystem.freeSpaceSync('/')).toBe(0);
    a.closeSync();
    expect(fileSystem.freeSpaceSync('/')).toBe(7);
    append(b, 'def');
    fileSystem.setCapacity(3);
    expect(fileSystem.freeSpaceSync('/')).toBe(0);
    b.truncateSync(2);
    append(b, 'c');
    fileSystem.renameSync('/b', '/c');
    b.closeSync();
    expect(fileSystem.freeSpaceSync('/')).toBe(0);
  });

  test('refuses to grow a file beyond 2 GiB instead of filling the memory', () => {
    const file = new MemoryFileSystem().openSync('/a', 'create');
    const expected = expect.objectContaining({ code: 'IO', file: '/a' });
    expect(() => file.writeSync(text('x'), 0, 1, 2 ** 31)).toThrow(expected);
    expect(() => file.truncateSync(2 ** 31 + 1)).toThrow(expected);
    expect(file.sizeSync()).toBe(0);
  });

  test('openPaths() lists open files until they are closed', async () => {
    const fileSystem = new MemoryFileSystem();
    const b = fileSystem.openSync('/b', 'create');
    const a = fileSystem.openSync('/a', 'create');
    const again = fileSystem.openSync('/a', 'read');
    expect(fileSystem.openPaths()).toEqual(['/a', '/a', '/b']);
    a.closeSync();
    const syncing = b.syncData();
    b.closeSync();
    expect(fileSystem.openPaths()).toEqual(['/a', '/b']);
    await syncing;
    again.closeSync();
    expect(fileSystem.openPaths()).toEqual([]);
  });
});

describe('MemoryFileSystem with a scheduler', () => {
  interface Step {
    readonly call: FileCall;
    readonly run: () => void;
  }

  function scheduled() {
    const steps: Step[] = [];
    const scheduler = { schedule: (call: FileCall, run: () => void) => steps.push({ call, run }) };
    return { steps, fileSystem: new MemoryFileSystem({ scheduler }) };
  }

  test('asynchronous operations take effect when they are run, in any order', async () => {
    const { steps, fileSystem } = scheduled();
    const file = fileSystem.openSync('/a', 'create');
    const source = text('one');
    const writes = [file.write(source, 0, 3, 0), file.write(text('2'), 0, 1, 0)];
    await Promise.resolve();
    expect(file.sizeSync()).toBe(0);
    expect(steps.map(({ call }) => call)).toEqual([
      { operation: 'write', path: '/a', position: 0, length: 3 },
      { operation: 'write', path: '/a', position: 0, length: 1 },
    ]);
    source.set(text('ONE'));
    steps[1]?.run();
    steps[0]?.run();
    await Promise.all(writes);
    expect(dump(fileSystem)).toEqual(['/a = ONE']);
  });

  test('a sync covers what was written before it was asked for, and no more', async () => {
    const { steps, fileSystem } = scheduled();
    const file = create(fileSystem, '/a', 'one');
    fileSystem.syncDirectorySync('/');
    const syncs = [file.syncData()];
    append(file, 'two');
    syncs.push(file.syncData());
    append(file, 'three');
    await Promise.resolve();
    steps[0]?.run();
    expect(outcomes(fileSystem, 'drop', 1)).toEqual(['/a = one']);
    steps[1]?.run();
    expect(outcomes(fileSystem, 'drop', 1)).toEqual(['/a = onetwo']);
    await Promise.all(syncs);
  });

  test('an earlier sync that ends later undoes nothing', async () => {
    const { steps, fileSystem } = scheduled();
    const file = create(fileSystem, '/a', 'one');
    fileSystem.syncDirectorySync('/');
    const early = file.syncData();
    append(file, 'two');
    file.syncDataSync();
    append(file, 'three');
    steps[0]?.run();
    await early;
    expect(outcomes(fileSystem, 'drop', 1)).toEqual(['/a = onetwo']);
  });

  test('a sync of a directory covers names set before it was asked for, and no more', async () => {
    const { steps, fileSystem } = scheduled();
    create(fileSystem, '/a', '');
    const syncing = fileSystem.syncDirectory('/');
    create(fileSystem, '/b', '');
    steps[0]?.run();
    await syncing;
    expect(outcomes(fileSystem, 'drop', 1)).toEqual(['/a = ']);
  });

  test('an operation that fails when it is run rejects', async () => {
    const { steps, fileSystem } = scheduled();
    const file = fileSystem.openSync('/a', 'create');
    fileSystem.setCapacity(0);
    const writing = file.write(text('x'), 0, 1, 0);
    steps[0]?.run();
    await expect(writing).rejects.toMatchObject({ code: 'NO_SPACE', file: '/a', offset: 0 });
  });
});

describe('MemoryFileSystem next to NodeFileSystem', () => {
  // Goal: nothing a program can see tells the two apart. Approach: the same random operations on both; after each, the
  // results or error codes are equal, and at the end all names and contents are.
  const name = fc.constantFrom('a', 'b', 'd', 'd/a', 'd/b', 'e', 'd/e');
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('create' as const), name, size: fc.nat(5) }),
    fc.record({
      kind: fc.constant('write' as const),
      name,
      size: fc.nat(2_000),
      at: fc.nat(3_000),
    }),
    fc.record({ kind: fc.constant('truncate' as const), name, size: fc.nat(3_000) }),
    fc.record({ kind: fc.constant('rename' as const), name, to: name }),
    fc.record({
      kind: fc.constantFrom('remove', 'removeDirectory', 'makeDirectory', 'list', 'sync'),
      name,
    }),
  );
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

  function perform(fileSystem: FileSystem, root: string, step: Operation): unknown {
    const path = `${root}/${step.name}`;
    if ('to' in step) return fileSystem.renameSync(path, `${root}/${step.to}`);
    if ('size' in step) {
      const file = fileSystem.openSync(path, step.kind === 'create' ? 'create' : 'write');
      const bytes = new Uint8Array(step.size).fill(step.size + 1);
      if (step.kind === 'truncate') file.truncateSync(step.size);
      else file.writeSync(bytes, 0, step.size, 'at' in step ? step.at : 0);
      const size = file.sizeSync();
      file.closeSync();
      return size;
    }
    if (step.kind === 'list') return fileSystem.listSync(path);
    if (step.kind === 'sync') return fileSystem.syncDirectorySync(path);
    return fileSystem[`${step.kind as 'remove' | 'removeDirectory' | 'makeDirectory'}Sync`](path);
  }

  function outcome(fileSystem: FileSystem, root: string, step: Operation): unknown {
    try {
      return { result: perform(fileSystem, root, step) };
    } catch (error) {
      return isStorageError(error) ? { code: error.code } : { error };
    }
  }

  test('does the same as a real file system, errors included', () => {
    const sandbox = fs.mkdtempSync(join(tmpdir(), 'varve-vfs-'));
    let runCount = 0;
    const run = (steps: readonly Operation[]): void => {
      const node = new NodeFileSystem();
      const memory = new MemoryFileSystem();
      const root = join(sandbox, String(runCount++));
      node.makeDirectorySync(root);
      memory.makeDirectorySync('/root');
      for (const step of steps) {
        expect([step, outcome(memory, '/root', step)]).toEqual([step, outcome(node, root, step)]);
      }
      const onDisk = dump(node, root).map((line) => line.replace(root, '/root'));
      expect(dump(memory, '/root')).toEqual(onDisk);
    };
    fc.assert(fc.property(fc.array(operation, { minLength: 1, maxLength: 30 }), run), {
      seed: SEED,
      numRuns: 300,
    });
    fs.rmSync(sandbox, { recursive: true });
  });
});
