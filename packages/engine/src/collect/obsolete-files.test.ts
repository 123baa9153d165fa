import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { NumberedFile } from '../directory/index.js';
import type { VersionSet } from '../manifest/index.js';
import type { TableStore } from '../tables/index.js';
import { ManualClock } from '../testing/manual-clock.js';
import { ObsoleteFiles, type ObsoleteFilesOptions } from './obsolete-files.js';
import { runRemoveFilesJob } from './remove-files-job.js';

const DIRECTORY = '/db';

/** What happens to files, in order. */
let happened: string[];
/** The versions, as far as they matter here. */
let versions: { editCount: number; durableEditCount: number; unused: NumberedFile[] };
let failRemoval: ((paths: readonly string[]) => void) | undefined;
let files: ObsoleteFiles;

beforeEach(() => {
  happened = [];
  versions = { editCount: 0, durableEditCount: 0, unused: [] };
  files = makeFiles('on');
});

function makeFiles(recycling: ObsoleteFilesOptions['recycling']): ObsoleteFiles {
  const versionSet = {
    get editCount() {
      return versions.editCount;
    },
    get durableEditCount() {
      return versions.durableEditCount;
    },
    takeUnusedFiles: () => versions.unused.splice(0),
  };
  return new ObsoleteFiles({
    clock: new ManualClock(),
    directory: DIRECTORY,
    versions: versionSet as unknown as VersionSet,
    tables: {
      close: (fileNumber: number) => happened.push(`close table ${fileNumber}`),
    } as unknown as TableStore,
    remove: (paths, onFailed) => {
      happened.push(`remove ${paths.join(' ')}`);
      failRemoval = onFailed;
    },
    recycling,
  });
}

function retire(logNumber: number): void {
  files.retire({ release: () => happened.push(`release log ${logNumber}`) });
}

describe('ObsoleteFiles', () => {
  test('releases a log only when the edit that replaced it is durable, oldest first', () => {
    versions.editCount = 1;
    retire(1);
    versions.editCount = 2;
    retire(2);
    files.collect();
    expect(happened).toEqual([]);
    versions.durableEditCount = 1;
    files.collect();
    expect(happened).toEqual(['release log 1']);
    versions.durableEditCount = 2;
    files.collect();
    expect(happened).toEqual(['release log 1', 'release log 2']);
  });

  test('is removing until the job has told what became of the files', () => {
    expect(files.isRemoving).toBe(false);
    versions.unused = [{ kind: 'table', fileNumber: 4 }];
    files.collect();
    expect(files.isRemoving).toBe(true);
    failRemoval!(['/db/000004.sst']);
    expect(files.isRemoving).toBe(false);
  });

  // Found by the order rules of the simulation, seed 0x4e21.
  test('I1, I4: a log of which a write or sync failed is removed, not written over', () => {
    versions.unused = [{ kind: 'log', fileNumber: 4 }];
    files.forbidReuse(4);
    files.collect();
    expect(happened).toEqual(['remove /db/000004.log']);
    expect(files.takeRecyclableLog()).toBeNull();
    versions.unused = [{ kind: 'log', fileNumber: 5 }];
    files.collect();
    expect(files.takeRecyclableLog()).toBe('000005.log');
  });

  test('closes a table before it is removed, and removes all that is unused at once', () => {
    versions.unused = [
      { kind: 'table', fileNumber: 7 },
      { kind: 'table', fileNumber: 9 },
      { kind: 'manifest', fileNumber: 3 },
    ];
    files.collect();
    expect(happened).toEqual([
      'close table 7',
      'close table 9',
      'remove /db/000007.sst /db/000009.sst /db/MANIFEST-000003',
    ]);
    files.collect();
    expect(happened).toHaveLength(3);
  });

  test('releases a log before its file is handed out for the next one', () => {
    versions.editCount = 1;
    retire(4);
    versions.durableEditCount = 1;
    versions.unused = [{ kind: 'log', fileNumber: 4 }];
    files.collect();
    expect(happened).toEqual(['release log 4']);
    expect(files.takeRecyclableLog()).toBe('000004.log');
    expect(files.takeRecyclableLog()).toBeNull();
  });

  test('keeps one log for the next, and removes those beyond', () => {
    versions.unused = [4, 5, 6].map((fileNumber) => ({ kind: 'log', fileNumber }) as const);
    files.collect();
    expect(happened).toEqual(['remove /db/000005.log /db/000006.log']);
    expect(files.takeRecyclableLog()).toBe('000004.log');
    versions.unused = [{ kind: 'log', fileNumber: 7 }];
    files.collect();
    expect(files.takeRecyclableLog()).toBe('000007.log');
  });

  test('keeps none when that is not wanted', () => {
    files = makeFiles('off');
    versions.unused = [{ kind: 'log', fileNumber: 4 }];
    files.collect();
    expect(happened).toEqual(['remove /db/000004.log']);
    expect(files.takeRecyclableLog()).toBeNull();
  });

  test('I10: tries a file again that could not be removed, with the next ones', () => {
    versions.unused = [{ kind: 'table', fileNumber: 7 }];
    files.collect();
    failRemoval!(['/db/000007.sst']);
    files.collect();
    expect(happened).toHaveLength(2);
    versions.unused = [{ kind: 'table', fileNumber: 8 }];
    files.collect();
    expect(happened.at(-1)).toBe('remove /db/000007.sst /db/000008.sst');
    versions.unused = [{ kind: 'table', fileNumber: 9 }];
    files.collect();
    expect(happened.at(-1)).toBe('remove /db/000009.sst');
  });

  test('releases every log at the end, durable or not, once', () => {
    versions.editCount = 1;
    retire(1);
    retire(2);
    files.releaseAll();
    files.releaseAll();
    versions.durableEditCount = 9;
    files.collect();
    expect(happened).toEqual(['release log 1', 'release log 2']);
  });
});

describe('runRemoveFilesJob', () => {
  const paths = ['/db/a', '/db/b', '/db/c'];

  function make(): MemoryFileSystem {
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync(DIRECTORY);
    for (const path of paths) fileSystem.openSync(path, 'create').closeSync();
    return fileSystem;
  }

  test('removes the files that are there', () => {
    const fileSystem = make();
    fileSystem.removeSync('/db/b');
    const job = { kind: 'removeFiles', paths } as const;
    expect(runRemoveFilesJob(fileSystem, job)).toEqual({ kind: 'removeFiles', failedPaths: [] });
    expect(fileSystem.listSync(DIRECTORY)).toEqual([]);
    expect(runRemoveFilesJob(fileSystem, job).failedPaths).toEqual([]);
  });

  test('I10: tells which it could not remove, and removes the others', () => {
    const fileSystem = make();
    const faulty = new FaultyFileSystem(fileSystem, {
      rules: [
        { operation: 'remove', path: 'b', every: 1, effect: { kind: 'error', errno: 'EIO' } },
      ],
    });
    const result = runRemoveFilesJob(faulty, { kind: 'removeFiles', paths });
    expect(result.failedPaths).toEqual(['/db/b']);
    expect(fileSystem.listSync(DIRECTORY)).toEqual(['b']);
  });
});
