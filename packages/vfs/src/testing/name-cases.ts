// What the contract promises of names, directories and locks.

import { isStorageError } from '@varve/base';
import { checkEqual, checkFails } from './checks.js';
import { countingBytes, type SuiteCase } from './suite-case.js';

const looking: SuiteCase[] = [
  {
    name: 'existsSync() is true for files and directories only while they exist',
    run({ fileSystem, directory, path, writeFile }) {
      writeFile('a');
      checkEqual(fileSystem.existsSync(directory), true);
      checkEqual(fileSystem.existsSync(path('a')), true);
      checkEqual(fileSystem.existsSync(path('a/b')), false);
      checkEqual(fileSystem.existsSync(path('b')), false);
      fileSystem.removeSync(path('a'));
      checkEqual(fileSystem.existsSync(path('a')), false);
    },
  },
  {
    name: 'listSync() gives the sorted names of a directory',
    run({ fileSystem, directory, path, writeFile }) {
      checkEqual(fileSystem.listSync(directory), []);
      for (const name of ['b', 'a10', 'a9', 'Z', 'é']) writeFile(name);
      fileSystem.makeDirectorySync(path('c/d'));
      checkEqual(fileSystem.listSync(directory), ['Z', 'a10', 'a9', 'b', 'c', 'é']);
      checkFails('NOT_FOUND', () => fileSystem.listSync(path('missing')));
      checkFails('INVALID_ARGUMENT', () => fileSystem.listSync(path('a9')));
    },
  },
  {
    name: 'statSync() tells kind, size and identity',
    run({ fileSystem, directory, path, writeFile }) {
      writeFile('a', countingBytes(7));
      writeFile('b');
      const [a, b] = [fileSystem.statSync(path('a')), fileSystem.statSync(path('b'))];
      checkEqual([a.kind, a.sizeBytes, b.sizeBytes], ['file', 7, 0]);
      checkEqual(fileSystem.statSync(directory).kind, 'directory');
      checkEqual(a.device === b.device, true);
      checkEqual(a.inode === b.inode, false);
      fileSystem.renameSync(path('a'), path('c'));
      checkEqual(fileSystem.statSync(path('c')).inode === a.inode, true);
      checkFails('NOT_FOUND', () => fileSystem.statSync(path('a')));
    },
  },
  {
    name: 'realPathSync() gives the path that leads there directly',
    run({ fileSystem, directory, path }) {
      fileSystem.makeDirectorySync(path('a'));
      const real = fileSystem.realPathSync(directory);
      checkEqual(fileSystem.realPathSync(path('a/../a/.')), `${real}/a`);
      checkFails('NOT_FOUND', () => fileSystem.realPathSync(path('missing')));
    },
  },
  {
    name: 'freeSpaceSync() gives a number of bytes',
    run({ fileSystem, directory, path }) {
      checkEqual(fileSystem.freeSpaceSync(directory) > 0, true);
      checkFails('NOT_FOUND', () => fileSystem.freeSpaceSync(path('missing')));
    },
  },
];

const changing: SuiteCase[] = [
  {
    name: 'makeDirectorySync() makes missing parents and accepts what exists',
    run({ fileSystem, path, writeFile }) {
      fileSystem.makeDirectorySync(path('a/b/c'));
      fileSystem.makeDirectorySync(path('a/b'));
      checkEqual(fileSystem.listSync(path('a/b')), ['c']);
      writeFile('f');
      checkFails('ALREADY_EXISTS', () => fileSystem.makeDirectorySync(path('f')));
      checkFails('INVALID_ARGUMENT', () => fileSystem.makeDirectorySync(path('f/g')));
    },
  },
  {
    name: 'renameSync() moves a file and replaces another',
    run({ fileSystem, directory, path, writeFile, readFile }) {
      writeFile('a', Uint8Array.of(1));
      writeFile('b', Uint8Array.of(2));
      fileSystem.renameSync(path('a'), path('b'));
      checkEqual(fileSystem.listSync(directory), ['b']);
      checkEqual(readFile('b'), Uint8Array.of(1));
      fileSystem.renameSync(path('b'), path('b'));
      checkEqual(readFile('b'), Uint8Array.of(1));
      checkFails('NOT_FOUND', () => fileSystem.renameSync(path('a'), path('c')));
      checkFails('NOT_FOUND', () => fileSystem.renameSync(path('b'), path('missing/b')));
    },
  },
  {
    name: 'renameSync() moves between directories, and moves directories',
    run({ fileSystem, path, writeFile, readFile }) {
      fileSystem.makeDirectorySync(path('from'));
      fileSystem.makeDirectorySync(path('to'));
      writeFile('from/a', Uint8Array.of(1));
      fileSystem.renameSync(path('from/a'), path('to/b'));
      checkEqual(fileSystem.listSync(path('from')), []);
      fileSystem.renameSync(path('to'), path('moved'));
      checkEqual(readFile('moved/b'), Uint8Array.of(1));
      checkFails('ALREADY_EXISTS', () => fileSystem.renameSync(path('from'), path('moved')));
      checkFails('INVALID_ARGUMENT', () => fileSystem.renameSync(path('moved/b'), path('from')));
      checkFails('INVALID_ARGUMENT', () => fileSystem.renameSync(path('from'), path('moved/b')));
      checkFails('IO', () => fileSystem.renameSync(path('moved'), path('moved/inside')));
    },
  },
  {
    name: 'an open file follows its content through a rename',
    run({ fileSystem, path, createFile, readFile }) {
      const file = createFile('a', Uint8Array.of(1));
      fileSystem.renameSync(path('a'), path('b'));
      file.writeSync(Uint8Array.of(2), 0, 1, 1);
      file.closeSync();
      checkEqual(file.path, path('a'));
      checkEqual(readFile('b'), Uint8Array.of(1, 2));
    },
  },
  {
    name: 'removeSync() removes files only',
    run({ fileSystem, directory, path, writeFile }) {
      writeFile('a');
      fileSystem.makeDirectorySync(path('d'));
      fileSystem.removeSync(path('a'));
      checkFails('NOT_FOUND', () => fileSystem.removeSync(path('a')));
      checkFails('INVALID_ARGUMENT', () => fileSystem.removeSync(path('d')));
      checkEqual(fileSystem.listSync(directory), ['d']);
    },
  },
  {
    name: 'removeDirectorySync() removes empty directories only',
    run({ fileSystem, directory, path, writeFile }) {
      fileSystem.makeDirectorySync(path('d'));
      writeFile('d/a');
      checkFails('ALREADY_EXISTS', () => fileSystem.removeDirectorySync(path('d')));
      checkFails('INVALID_ARGUMENT', () => fileSystem.removeDirectorySync(path('d/a')));
      fileSystem.removeSync(path('d/a'));
      fileSystem.removeDirectorySync(path('d'));
      checkFails('NOT_FOUND', () => fileSystem.removeDirectorySync(path('d')));
      checkEqual(fileSystem.listSync(directory), []);
    },
  },
  {
    name: 'syncDirectorySync() and syncDirectory() accept directories only',
    async run({ fileSystem, directory, path, writeFile }) {
      writeFile('a');
      fileSystem.syncDirectorySync(directory);
      await fileSystem.syncDirectory(directory);
      checkFails('INVALID_ARGUMENT', () => fileSystem.syncDirectorySync(path('a')));
      checkFails('NOT_FOUND', () => fileSystem.syncDirectorySync(path('missing')));
    },
  },
];

const locking: SuiteCase[] = [
  {
    name: 'lockSync() refuses a second holder and names the first',
    run({ fileSystem, path }) {
      const lock = fileSystem.lockSync(path('LOCK'), 'the first owner');
      let message = '';
      try {
        fileSystem.lockSync(path('LOCK'), 'the second owner');
      } catch (error) {
        if (isStorageError(error) && error.code === 'LOCKED') message = error.message;
      }
      checkEqual(message.includes('the first owner'), true);
      lock.release();
    },
  },
  {
    name: 'release() frees the lock, may be called twice, and leaves the file',
    run({ fileSystem, directory, path }) {
      const first = fileSystem.lockSync(path('LOCK'), 'first');
      first.release();
      checkEqual(fileSystem.listSync(directory), ['LOCK']);
      const second = fileSystem.lockSync(path('LOCK'), 'second');
      first.release();
      checkFails('LOCKED', () => fileSystem.lockSync(path('LOCK'), 'third'));
      second.release();
    },
  },
  {
    name: 'lockSync() locks files independently and refuses directories',
    run({ fileSystem, directory, path }) {
      const a = fileSystem.lockSync(path('a'), 'a');
      const b = fileSystem.lockSync(path('b'), 'b');
      checkFails('INVALID_ARGUMENT', () => fileSystem.lockSync(directory, 'c'));
      a.release();
      b.release();
    },
  },
];

/** The cases about the names of a {@link FileSystem}. */
export const NAME_CASES: readonly SuiteCase[] = [...looking, ...changing, ...locking];
