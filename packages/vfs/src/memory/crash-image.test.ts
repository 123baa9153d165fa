// Crashes that lose or keep exactly one change, images that are equal, and syncs that fail as Linux lets them fail.

import { createRandom, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../memory-file-system.js';
import { append, create, dump, outcomes, text } from '../testing/memory-files.js';

describe('MemoryFileSystem.crashSingle', () => {
  /** Every image of the model: what is kept when one change is lost, and when it is the only one. */
  function singles(fileSystem: MemoryFileSystem, kept: 'only' | 'others'): string[] {
    return Array.from({ length: fileSystem.unsyncedCount }, (_, changeIndex) =>
      dump(fileSystem.crashSingle({ kept, changeIndex })).join('; '),
    );
  }

  test('loses exactly one change, or keeps exactly one', () => {
    const fileSystem = new MemoryFileSystem();
    const a = create(fileSystem, '/a', 'x');
    a.syncDataSync();
    fileSystem.syncDirectorySync('/');
    append(a, 'y');
    append(a, 'z');
    create(fileSystem, '/b', 'b');
    expect(fileSystem.unsyncedCount).toBe(4);
    expect(singles(fileSystem, 'others')).toEqual([
      '/a = xyz',
      '/a = x\0z; /b = b',
      '/a = xy; /b = b',
      '/a = xyz; /b = ',
    ]);
    expect(singles(fileSystem, 'only')).toEqual([
      '/a = x; /b = ',
      '/a = xy',
      '/a = x\0z',
      '/a = x',
    ]);
    const all = [...singles(fileSystem, 'only'), ...singles(fileSystem, 'others')];
    expect(outcomes(fileSystem, 'single')).toEqual([...new Set(all)].sort());
  });

  test('keeps the order on each name: what follows a lost operation is lost, what leads to a kept one is kept', () => {
    const fileSystem = new MemoryFileSystem();
    create(fileSystem, '/a', '').syncDataSync();
    fileSystem.renameSync('/a', '/b');
    expect(singles(fileSystem, 'others')).toEqual(['', '/a = ']);
    expect(singles(fileSystem, 'only')).toEqual(['/a = ', '/b = ']);
  });
});

describe('MemoryFileSystem.fingerprint', () => {
  beforeAll(initializeChecksums);

  test('is equal for equal files, and changes with every name, size and byte', () => {
    const make = (...entries: (readonly [path: string, value: string])[]): string => {
      const fileSystem = new MemoryFileSystem();
      for (const [path, value] of entries) create(fileSystem, path, value);
      return fileSystem.fingerprint();
    };
    const base = make(['/a', 'x'], ['/b', 'y']);
    expect(make(['/b', 'y'], ['/a', 'x'])).toBe(base);
    const others = [
      make(['/a', 'x'], ['/c', 'y']),
      make(['/a', 'x'], ['/b', 'z']),
      make(['/a', 'x'], ['/b', 'y\0']),
      make(['/a', 'y'], ['/b', 'x']),
    ];
    expect(new Set([base, ...others]).size).toBe(5);
  });

  test('follows a change after it was taken, in the original and in its images alike', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'x');
    const before = fileSystem.fingerprint();
    const image = fileSystem.crash('kill', createRandom(1));
    append(file, 'y');
    expect(fileSystem.fingerprint()).not.toBe(before);
    expect(image.fingerprint()).toBe(before);
    append(image.openSync('/a', 'write'), 'y');
    expect(image.fingerprint()).toBe(fileSystem.fingerprint());
    expect(dump(image)).toEqual(['/a = xy']);
  });
});

describe('MemoryFileSystem.failSync', () => {
  // Goal: the four rows of the table in file-node.ts. Approach: a file that was overwritten and made longer.
  test.each([
    { model: 'ext4-ordered', seen: 'NEWer', onDisk: 'old\0\0' },
    { model: 'xfs', seen: 'NEWer', onDisk: 'old' },
    { model: 'ext4-data', seen: 'NEWer', onDisk: 'old' },
    { model: 'btrfs', seen: 'old', onDisk: 'old' },
  ] as const)('$model: reads see "$seen", the disk has "$onDisk"', ({ model, seen, onDisk }) => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'old');
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    file.writeSync(text('NEWer'), 0, 5, 0);
    fileSystem.failSync('/a', model);
    expect(dump(fileSystem)).toEqual([`/a = ${seen}`]);
    // The next sync succeeds, and writes nothing of it.
    file.syncDataSync();
    for (const crash of ['drop', 'ordered', 'posix', 'single'] as const) {
      expect(outcomes(fileSystem, crash, 20)).toEqual([`/a = ${onDisk}`]);
    }
  });

  test.each([
    { model: 'ext4-ordered', evicted: 'old\0\0' },
    { model: 'xfs', evicted: 'old' },
    { model: 'ext4-data', evicted: 'old' },
    { model: 'btrfs', evicted: 'old' },
  ] as const)('$model: reads see "$evicted" once the pages were dropped', ({ model, evicted }) => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'old');
    file.syncDataSync();
    file.writeSync(text('NEWer'), 0, 5, 0);
    fileSystem.failSync('/a', model);
    fileSystem.evictCache();
    expect(dump(fileSystem)).toEqual([`/a = ${evicted}`]);
  });

  test('a later write to a page that was lost brings all of it to the disk, and nothing of another page', () => {
    const pageSize = 4096;
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'a'.repeat(2 * pageSize));
    file.syncDataSync();
    fileSystem.syncDirectorySync('/');
    file.writeSync(text('LOST'), 0, 4, 0);
    file.writeSync(text('LOST'), 0, 4, pageSize);
    fileSystem.failSync('/a', 'xfs');
    file.writeSync(text('x'), 0, 1, 100);
    file.syncDataSync();
    const [line] = outcomes(fileSystem, 'drop', 1);
    const content = line!.slice('/a = '.length);
    expect([content.slice(0, 6), content[100], content.slice(pageSize, pageSize + 4)]).toEqual([
      'LOSTaa',
      'x',
      'aaaa',
    ]);
  });

  test('what is still to be written stays in the cache', () => {
    const fileSystem = new MemoryFileSystem();
    const file = create(fileSystem, '/a', 'old');
    append(file, ' and new');
    fileSystem.evictCache();
    expect(dump(fileSystem)).toEqual(['/a = old and new']);
  });
});
