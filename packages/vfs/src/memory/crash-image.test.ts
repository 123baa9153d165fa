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
});
