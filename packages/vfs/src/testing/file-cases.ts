// What the contract promises of open files.

import type { RandomAccessFile } from '../file-system.js';
import { checkEqual, checkFails, checkIsBug, checkRejects, checkRejectsAsBug } from './checks.js';
import { countingBytes, type SuiteCase } from './suite-case.js';

const opening: SuiteCase[] = [
  {
    name: "openSync('create') makes an empty file",
    run({ fileSystem, path, createFile }) {
      const file = createFile('a');
      checkEqual(file.path, path('a'));
      checkEqual(file.sizeSync(), 0);
      file.closeSync();
      checkEqual(fileSystem.statSync(path('a')).kind, 'file');
    },
  },
  {
    name: "openSync('create') refuses a name that is taken and leaves the file as it is",
    run({ fileSystem, path, writeFile, readFile }) {
      writeFile('a', countingBytes(3));
      checkFails('ALREADY_EXISTS', () => fileSystem.openSync(path('a'), 'create'));
      checkEqual(readFile('a'), countingBytes(3));
    },
  },
  {
    name: "openSync('create') refuses a missing directory",
    run({ fileSystem, path }) {
      checkFails('NOT_FOUND', () => fileSystem.openSync(path('missing/a'), 'create'));
    },
  },
  {
    name: "openSync('read') and openSync('write') refuse a missing file",
    run({ fileSystem, path }) {
      checkFails('NOT_FOUND', () => fileSystem.openSync(path('a'), 'read'));
      checkFails('NOT_FOUND', () => fileSystem.openSync(path('a'), 'write'));
      checkEqual(fileSystem.existsSync(path('a')), false);
    },
  },
  {
    name: "openSync('write') keeps the content",
    run({ fileSystem, path, writeFile, readFile }) {
      writeFile('a', countingBytes(4));
      const file = fileSystem.openSync(path('a'), 'write');
      file.writeSync(Uint8Array.of(9), 0, 1, 1);
      file.closeSync();
      checkEqual(readFile('a'), Uint8Array.of(0, 9, 2, 3));
    },
  },
  {
    name: 'openSync() refuses a directory, and a path through a file',
    run({ fileSystem, directory, path, writeFile }) {
      writeFile('a');
      for (const mode of ['read', 'write'] as const) {
        checkFails('INVALID_ARGUMENT', () => fileSystem.openSync(directory, mode));
        checkFails('INVALID_ARGUMENT', () => fileSystem.openSync(path('a/b'), mode));
      }
    },
  },
  {
    name: "openSync('read') gives a file that is not to be changed",
    async run({ fileSystem, path, writeFile, readFile }) {
      writeFile('a', countingBytes(2));
      const file = fileSystem.openSync(path('a'), 'read');
      checkIsBug(() => file.writeSync(Uint8Array.of(1), 0, 1, 0));
      await checkRejectsAsBug(() => file.write(Uint8Array.of(1), 0, 1, 0));
      checkIsBug(() => file.truncateSync(0));
      file.closeSync();
      checkEqual(readFile('a'), countingBytes(2));
    },
  },
];

const transfers: SuiteCase[] = [
  {
    name: 'writeSync() and readSync() move the named range and nothing else',
    run({ createFile }) {
      const file = createFile('a', countingBytes(10));
      file.writeSync(Uint8Array.of(70, 71, 72, 73), 1, 2, 4);
      const target = new Uint8Array(8).fill(255);
      checkEqual(file.readSync(target, 2, 5, 3), 5);
      checkEqual(target, Uint8Array.of(255, 255, 3, 71, 72, 6, 7, 255));
      file.closeSync();
    },
  },
  {
    name: 'write() and read() move the named range and nothing else',
    async run({ createFile }) {
      const file = createFile('a', countingBytes(10));
      await file.write(Uint8Array.of(70, 71, 72, 73), 1, 2, 4);
      const target = new Uint8Array(8).fill(255);
      checkEqual(await file.read(target, 2, 5, 3), 5);
      checkEqual(target, Uint8Array.of(255, 255, 3, 71, 72, 6, 7, 255));
      file.closeSync();
    },
  },
  {
    name: 'readSync() and read() return less only where the file ends',
    async run({ createFile }) {
      const file = createFile('a', countingBytes(10));
      const target = new Uint8Array(20);
      for (const [position, expected] of [
        [0, 10],
        [6, 4],
        [10, 0],
        [1_000_000, 0],
      ] as const) {
        checkEqual(file.readSync(target, 0, 20, position), expected);
        checkEqual(await file.read(target, 0, 20, position), expected);
      }
      file.closeSync();
    },
  },
  {
    name: 'a transfer of no bytes does nothing, also at the end of its buffer',
    async run({ createFile }) {
      const file = createFile('a', countingBytes(3));
      const none = new Uint8Array(0);
      checkEqual(file.readSync(none, 0, 0, 0), 0);
      checkEqual(await file.read(none, 0, 0, 0), 0);
      file.writeSync(countingBytes(4), 4, 0, 50);
      await file.write(none, 0, 0, 50);
      checkEqual(file.sizeSync(), 3);
      file.closeSync();
    },
  },
  {
    name: 'writes behind the end grow the file, and skipped bytes are zero',
    run({ createFile }) {
      const file = createFile('a', Uint8Array.of(1));
      file.writeSync(Uint8Array.of(2), 0, 1, 5);
      const target = new Uint8Array(6).fill(255);
      checkEqual(file.readSync(target, 0, 6, 0), 6);
      checkEqual(target, Uint8Array.of(1, 0, 0, 0, 0, 2));
      file.closeSync();
    },
  },
  {
    name: 'transfers accept views on shared memory',
    async run({ createFile }) {
      const shared = new Uint8Array(new SharedArrayBuffer(64), 8, 40);
      shared.set(countingBytes(40));
      const file = createFile('a');
      file.writeSync(shared, 0, 20, 0);
      await file.write(shared, 20, 20, 20);
      const target = new Uint8Array(new SharedArrayBuffer(64), 8, 40);
      checkEqual(file.readSync(target, 0, 20, 0), 20);
      checkEqual(await file.read(target, 20, 20, 20), 20);
      checkEqual(Uint8Array.from(target), countingBytes(40));
      file.closeSync();
    },
  },
  {
    name: 'asynchronous transfers may overlap each other',
    async run({ createFile }) {
      const file = createFile('a');
      const source = countingBytes(64 * 100);
      const offsets = Array.from({ length: 100 }, (_, index) => index * 64);
      await Promise.all(offsets.map((offset) => file.write(source, offset, 64, offset)));
      const target = new Uint8Array(source.length);
      await Promise.all(offsets.map((offset) => file.read(target, offset, 64, offset)));
      checkEqual(target, source);
      file.closeSync();
    },
  },
  {
    name: 'a range outside the buffer or the file is a bug',
    async run({ createFile }) {
      const file = createFile('a', countingBytes(3));
      const bytes = new Uint8Array(4);
      for (const [offset, length, position] of [
        [0, 5, 0],
        [3, 2, 0],
        [-1, 2, 0],
        [0, -1, 0],
        [0.5, 1, 0],
        [0, 1, -1],
        [0, 1, Number.MAX_SAFE_INTEGER],
        [0, 1, Number.NaN],
      ] as const) {
        checkIsBug(() => file.readSync(bytes, offset, length, position));
        checkIsBug(() => file.writeSync(bytes, offset, length, position));
        await checkRejectsAsBug(() => file.read(bytes, offset, length, position));
        await checkRejectsAsBug(() => file.write(bytes, offset, length, position));
      }
      checkEqual(file.sizeSync(), 3);
      file.closeSync();
    },
  },
];

const sizesAndSyncs: SuiteCase[] = [
  {
    name: 'truncateSync() cuts, and grows with zeros',
    run({ createFile, readFile }) {
      const file = createFile('a', countingBytes(10));
      file.truncateSync(3);
      checkEqual(file.sizeSync(), 3);
      file.truncateSync(5);
      checkEqual(readFile('a'), Uint8Array.of(0, 1, 2, 0, 0));
      checkIsBug(() => file.truncateSync(-1));
      file.closeSync();
    },
  },
  {
    name: 'syncDataSync() and syncData() succeed on every open file',
    async run({ fileSystem, path, createFile }) {
      const file = createFile('a', countingBytes(10));
      file.syncDataSync();
      file.writeSync(countingBytes(2), 0, 2, 10);
      await file.syncData();
      file.closeSync();
      const reader = fileSystem.openSync(path('a'), 'read');
      reader.syncDataSync();
      await reader.syncData();
      reader.closeSync();
    },
  },
  {
    name: 'two handles on one file see the same content',
    run({ fileSystem, path, createFile }) {
      const writer = createFile('a', countingBytes(2));
      const reader = fileSystem.openSync(path('a'), 'read');
      writer.writeSync(Uint8Array.of(9), 0, 1, 2);
      const target = new Uint8Array(3);
      checkEqual(reader.readSync(target, 0, 3, 0), 3);
      checkEqual(target, Uint8Array.of(0, 1, 9));
      writer.closeSync();
      checkEqual(reader.sizeSync(), 3);
      reader.closeSync();
    },
  },
];

const closing: SuiteCase[] = [
  {
    name: 'closeSync() may be called twice',
    run({ createFile }) {
      const file = createFile('a');
      file.closeSync();
      file.closeSync();
    },
  },
  {
    name: 'identitySync() says which file it is, wherever its path leads meanwhile',
    run({ createFile, fileSystem, path }) {
      const file = createFile('a');
      const { device, inode } = fileSystem.statSync(path('a'));
      const isSame = (one: RandomAccessFile): boolean => {
        const found = one.identitySync();
        return found.device === device && found.inode === inode;
      };
      checkEqual(isSame(file), true);
      fileSystem.renameSync(path('a'), path('b'));
      const other = createFile('a');
      checkEqual(isSame(file), true);
      checkEqual(isSame(other), false);
      file.closeSync();
      other.closeSync();
    },
  },
  {
    name: 'every use after closeSync() is a bug',
    async run({ createFile }) {
      const file = createFile('a', countingBytes(3));
      file.closeSync();
      const bytes = new Uint8Array(1);
      checkIsBug(() => file.readSync(bytes, 0, 1, 0));
      checkIsBug(() => file.writeSync(bytes, 0, 1, 0));
      checkIsBug(() => file.syncDataSync());
      checkIsBug(() => file.truncateSync(0));
      checkIsBug(() => file.sizeSync());
      checkIsBug(() => file.identitySync());
      await checkRejectsAsBug(() => file.read(bytes, 0, 1, 0));
      await checkRejectsAsBug(() => file.write(bytes, 0, 1, 0));
      await checkRejectsAsBug(() => file.syncData());
    },
  },
  {
    name: 'closeSync() lets operations in flight end, and reaches no other file by them',
    async run({ createFile, readFile }) {
      const file = createFile('a', countingBytes(100));
      const target = new Uint8Array(100);
      const reading = file.read(target, 0, 100, 0);
      const writing = file.write(countingBytes(50), 0, 50, 100);
      const syncing = file.syncData();
      file.closeSync();
      checkIsBug(() => file.sizeSync());
      const other = createFile('b', new Uint8Array(100));
      checkEqual(await reading, 100);
      await writing;
      await syncing;
      other.closeSync();
      checkEqual(target, countingBytes(100));
      checkEqual(readFile('a').length, 150);
      checkEqual(readFile('b'), new Uint8Array(100));
    },
  },
  {
    name: 'a removed file works until it is closed, and its name is free at once',
    async run({ fileSystem, path, createFile, readFile }) {
      const file = createFile('a', countingBytes(5));
      fileSystem.removeSync(path('a'));
      createFile('a', Uint8Array.of(7)).closeSync();
      file.writeSync(Uint8Array.of(9), 0, 1, 5);
      const target = new Uint8Array(6);
      checkEqual(await file.read(target, 0, 6, 0), 6);
      checkEqual(target, Uint8Array.of(0, 1, 2, 3, 4, 9));
      file.syncDataSync();
      file.closeSync();
      checkEqual(readFile('a'), Uint8Array.of(7));
    },
  },
  {
    name: 'syncDirectory() rejects for a missing directory',
    async run({ fileSystem, path }) {
      await checkRejects('NOT_FOUND', () => fileSystem.syncDirectory(path('missing')));
    },
  },
];

/** The cases about {@link RandomAccessFile}. */
export const FILE_CASES: readonly SuiteCase[] = [
  ...opening,
  ...transfers,
  ...sizesAndSyncs,
  ...closing,
];
