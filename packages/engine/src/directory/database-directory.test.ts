import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BugError } from '@varve/base';
import {
  FaultyFileSystem,
  MemoryFileSystem,
  NodeFileSystem,
  RecordingFileSystem,
} from '@varve/vfs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DatabaseDirectory, type DirectoryOptions } from './database-directory.js';
import { LOCK_FILE_NAME } from './file-names.js';

const WRITER: DirectoryOptions = { access: 'readWrite', createIfMissing: true, owner: 'a test' };
const READER: DirectoryOptions = { access: 'readOnly', createIfMissing: true, owner: 'a test' };

function createFile(fileSystem: MemoryFileSystem, name: string): void {
  fileSystem.openSync(name, 'create').closeSync();
}

describe('DatabaseDirectory', () => {
  test('M5: makes the name of every directory it creates durable', () => {
    const memory = new MemoryFileSystem();
    const recording = new RecordingFileSystem(memory);
    memory.makeDirectorySync('/data');
    memory.syncDirectorySync('/');
    DatabaseDirectory.openSync(recording, '/data/a/b/db', WRITER);
    expect(recording.lines).toEqual([
      'sync directory /',
      'make directory /data/a',
      'sync directory /data',
      'make directory /data/a/b',
      'sync directory /data/a',
      'make directory /data/a/b/db',
      'sync directory /data/a/b',
      'lock /data/a/b/db/LOCK',
    ]);
    expect(memory.describeUnsynced()).toEqual(['create /data/a/b/db/LOCK']);
  });

  test('M5: makes every name durable that an attempt which died at any call has left', () => {
    const operations = ['makeDirectory', 'syncDirectory'] as const;
    for (const operation of operations) {
      for (let nth = 1; nth <= 3; nth++) {
        const memory = new MemoryFileSystem();
        const rules = [{ operation, nth, effect: { kind: 'crash' } }] as const;
        const dying = new FaultyFileSystem(memory, { rules });
        expect(() => DatabaseDirectory.openSync(dying, '/a/b/db', WRITER)).toThrow();
        DatabaseDirectory.openSync(memory, '/a/b/db', WRITER).syncOwnNameSync();
        expect(memory.describeUnsynced()).toEqual(['create /a/b/db/LOCK']);
      }
    }
  });

  test('M5: makes its own name durable once, where nobody knows whether it is', () => {
    const memory = new MemoryFileSystem();
    const recording = new RecordingFileSystem(memory);
    const made = DatabaseDirectory.openSync(memory, '/data/db', WRITER);
    made.close();
    const found = DatabaseDirectory.openSync(recording, '/data/db', WRITER);
    found.syncOwnNameSync();
    found.syncOwnNameSync();
    expect(recording.lines).toEqual(['lock /data/db/LOCK', 'sync directory /data']);
    DatabaseDirectory.openSync(recording, '/', WRITER).syncOwnNameSync();
    expect(recording.lines.slice(2)).toEqual(['lock //LOCK']);
  });

  test.each(['EACCES', 'EPERM', 'EINVAL', 'EROFS'] as const)(
    'M5: passes over the parent of a directory that was found where its sync is refused: %s',
    (errno) => {
      const memory = new MemoryFileSystem();
      memory.makeDirectorySync('/data/db');
      const effect = { kind: 'error', errno } as const;
      const rules = [{ operation: 'syncDirectory', every: 1, path: '/', effect }] as const;
      const faulty = new FaultyFileSystem(memory, { rules });
      DatabaseDirectory.openSync(faulty, '/data/a', WRITER).close();
      expect(memory.existsSync('/data/a')).toBe(true);
      DatabaseDirectory.openSync(faulty, '/data', WRITER).syncOwnNameSync();
    },
  );

  test('I3: reports a sync of its own name that fails as what it is', () => {
    const memory = new MemoryFileSystem();
    memory.makeDirectorySync('/db');
    const effect = { kind: 'error', errno: 'EIO' } as const;
    const faulty = new FaultyFileSystem(memory, {
      rules: [{ operation: 'syncDirectory', effect }],
    });
    expect(() => DatabaseDirectory.openSync(faulty, '/db', WRITER).syncOwnNameSync()).toThrow(
      expect.objectContaining({ code: 'DURABILITY_UNKNOWN', file: '/' }),
    );
  });

  test('refuses a directory that is missing and must not be made', () => {
    const fileSystem = new MemoryFileSystem();
    for (const options of [{ ...WRITER, createIfMissing: false }, READER]) {
      expect(() => DatabaseDirectory.openSync(fileSystem, '/db', options)).toThrow(
        expect.objectContaining({
          code: 'NOT_FOUND',
          message: 'Cannot open /db: it does not exist',
        }),
      );
    }
    expect(fileSystem.listSync('/')).toEqual([]);
  });

  test('refuses a path that is no directory', () => {
    const fileSystem = new MemoryFileSystem();
    createFile(fileSystem, '/file');
    expect(() => DatabaseDirectory.openSync(fileSystem, '/file', WRITER)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('keeps a second writer out until it is closed', () => {
    const fileSystem = new MemoryFileSystem();
    const first = DatabaseDirectory.openSync(fileSystem, '/db', WRITER);
    expect(() => DatabaseDirectory.openSync(fileSystem, '/db', WRITER)).toThrow(
      expect.objectContaining({ code: 'LOCKED', message: expect.stringContaining('a test') }),
    );
    first.close();
    first.close();
    DatabaseDirectory.openSync(fileSystem, '/db', WRITER).close();
  });

  test('opened read-only, changes nothing and needs no lock', () => {
    const memory = new MemoryFileSystem();
    const writer = DatabaseDirectory.openSync(memory, '/db', WRITER);
    const recording = new RecordingFileSystem(memory);
    const reader = DatabaseDirectory.openSync(recording, '/db', READER);
    expect(reader.listSync()).toEqual([]);
    expect(() => reader.verifySync()).toThrow(BugError);
    reader.close();
    expect(recording.lines).toEqual([]);
    writer.verifySync();
  });

  test('lists its own numbered files and ignores all others', () => {
    const fileSystem = new MemoryFileSystem();
    const directory = DatabaseDirectory.openSync(fileSystem, '/db', WRITER);
    for (const name of [
      '000012.sst',
      '000003.log',
      'MANIFEST-000002',
      '.DS_Store',
      '12.sst',
      '_',
    ]) {
      createFile(fileSystem, directory.pathOf(name));
    }
    fileSystem.makeDirectorySync(directory.pathOf('checkpoints'));
    expect(directory.listSync()).toEqual([
      { kind: 'log', fileNumber: 3 },
      { kind: 'table', fileNumber: 12 },
      { kind: 'manifest', fileNumber: 2 },
    ]);
  });

  test('syncs the names inside it, in both forms', async () => {
    const fileSystem = new MemoryFileSystem();
    const directory = DatabaseDirectory.openSync(fileSystem, '/db', WRITER);
    directory.syncSync();
    createFile(fileSystem, directory.pathOf('000003.log'));
    expect(fileSystem.describeUnsynced()).toEqual(['create /db/000003.log']);
    await directory.sync();
    expect(fileSystem.describeUnsynced()).toEqual([]);
  });

  test('I3: reports a sync that fails as what it is, in both forms', async () => {
    const effect = { kind: 'error', errno: 'EIO' } as const;
    const rules = [{ operation: 'syncDirectory', every: 1, effect }] as const;
    const fileSystem = new MemoryFileSystem();
    fileSystem.makeDirectorySync('/db');
    const faulty = new FaultyFileSystem(fileSystem, { rules });
    const directory = DatabaseDirectory.openSync(faulty, '/db', WRITER);
    expect(() => directory.syncSync()).toThrow(
      expect.objectContaining({ code: 'DURABILITY_UNKNOWN', file: '/db' }),
    );
    await expect(directory.sync()).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
  });
});

describe('DatabaseDirectory.verifySync', () => {
  const REPLACED = expect.objectContaining({
    code: 'IO',
    retryable: false,
    message: 'Cannot commit to /db: the directory was replaced while it was open',
  });

  function openWithFile(): { fileSystem: MemoryFileSystem; directory: DatabaseDirectory } {
    const fileSystem = new MemoryFileSystem();
    const directory = DatabaseDirectory.openSync(fileSystem, '/db', WRITER);
    directory.verifySync();
    return { fileSystem, directory };
  }

  test('M10: refuses a directory that was renamed', () => {
    const { fileSystem, directory } = openWithFile();
    fileSystem.renameSync('/db', '/elsewhere');
    expect(() => directory.verifySync()).toThrow(REPLACED);
  });

  test('M10: refuses a directory that was replaced by another', () => {
    const { fileSystem, directory } = openWithFile();
    fileSystem.renameSync('/db', '/elsewhere');
    DatabaseDirectory.openSync(fileSystem, '/db', WRITER);
    expect(() => directory.verifySync()).toThrow(REPLACED);
  });

  test('M10: refuses a directory whose lock file is missing or replaced', () => {
    const { fileSystem, directory } = openWithFile();
    fileSystem.removeSync(directory.pathOf(LOCK_FILE_NAME));
    expect(() => directory.verifySync()).toThrow(REPLACED);
    createFile(fileSystem, directory.pathOf(LOCK_FILE_NAME));
    expect(() => directory.verifySync()).toThrow(REPLACED);
  });
});

describe('DatabaseDirectory on a real file system', () => {
  let parent = '';

  beforeEach(() => {
    parent = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'varve-directory-'));
  });

  afterEach(() => {
    fs.rmSync(parent, { recursive: true });
  });

  test('resolves symbolic links once, so that a later change of one does not matter', () => {
    const real = path.join(parent, 'real');
    const link = path.join(parent, 'link');
    fs.mkdirSync(real);
    fs.symlinkSync(real, link);
    const directory = DatabaseDirectory.openSync(new NodeFileSystem(), link, WRITER);
    expect(directory.path).toBe(real);
    fs.unlinkSync(link);
    directory.verifySync();
    directory.close();
  });

  test('M10: recognizes a directory that was removed and made again, with a lock file', () => {
    const db = path.join(parent, 'db');
    const directory = DatabaseDirectory.openSync(new NodeFileSystem(), db, WRITER);
    directory.verifySync();
    for (let round = 0; round < 5; round++) {
      fs.rmSync(db, { recursive: true });
      fs.mkdirSync(db);
      fs.writeFileSync(path.join(db, LOCK_FILE_NAME), 'somebody else');
      expect(() => directory.verifySync()).toThrow(expect.objectContaining({ code: 'IO' }));
    }
    directory.close();
  });

  test('creates a directory given by a relative path with a slash at its end', () => {
    const relative = `${path.relative(process.cwd(), parent)}/one/two/`;
    const directory = DatabaseDirectory.openSync(new NodeFileSystem(), relative, WRITER);
    expect(directory.path).toBe(path.join(parent, 'one', 'two'));
    expect(fs.statSync(directory.path).mode & 0o777).toBe(0o700);
    directory.close();
  });
});
