import { describe, expect, test } from 'vitest';
import { FaultyFileSystem } from './faulty-file-system.js';
import type { FileCall } from './file-system.js';
import { MemoryFileSystem } from './memory-file-system.js';
import { RecordingFileSystem, type RecordingFileSystemOptions } from './recording-file-system.js';

const BYTES = new Uint8Array(100);

function recording(options: RecordingFileSystemOptions = {}) {
  const memory = new MemoryFileSystem();
  memory.makeDirectorySync('/db');
  return new RecordingFileSystem(memory, { root: '/db', ...options });
}

describe('RecordingFileSystem', () => {
  test('writes down what changes files, in order, and nothing else', () => {
    const fileSystem = recording();
    const lock = fileSystem.lockSync('/db/LOCK', 'test');
    const file = fileSystem.openSync('/db/CURRENT.tmp', 'create');
    file.writeSync(BYTES, 0, 16, 0);
    file.readSync(BYTES, 0, 16, 0);
    file.syncDataSync();
    file.closeSync();
    fileSystem.renameSync('/db/CURRENT.tmp', '/db/CURRENT');
    fileSystem.syncDirectorySync('/db');
    fileSystem.listSync('/db');
    fileSystem.openSync('/db/CURRENT', 'write').truncateSync(3);
    fileSystem.removeSync('/db/CURRENT');
    fileSystem.makeDirectorySync('/db/backup');
    fileSystem.removeDirectorySync('/db/backup');
    fileSystem.makeDirectorySync('/other');
    lock.release();
    expect(fileSystem.lines).toEqual([
      'lock LOCK',
      'create CURRENT.tmp',
      'write CURRENT.tmp 0..16',
      'sync CURRENT.tmp',
      'rename CURRENT.tmp -> CURRENT',
      'sync directory .',
      'truncate CURRENT to 3',
      'remove CURRENT',
      'make directory backup',
      'remove directory backup',
      'make directory /other',
      'unlock LOCK',
    ]);
  });

  test('joins writes that follow each other on one file', () => {
    const fileSystem = recording();
    const [a, b] = ['/db/a', '/db/b'].map((path) => fileSystem.openSync(path, 'create'));
    fileSystem.clear();
    for (const position of [0, 10, 20, 50, 60]) a?.writeSync(BYTES, 0, 10, position);
    b?.writeSync(BYTES, 0, 10, 0);
    a?.writeSync(BYTES, 0, 10, 70);
    a?.syncDataSync();
    a?.writeSync(BYTES, 0, 10, 80);
    expect(fileSystem.lines).toEqual([
      'write a 0..30, 50..70',
      'write b 0..10',
      'write a 70..80',
      'sync a',
      'write a 80..90',
    ]);
  });

  test('leaves out the ranges when told to', () => {
    const fileSystem = recording({ writes: 'names' });
    const file = fileSystem.openSync('/db/a', 'create');
    file.writeSync(BYTES, 0, 10, 0);
    file.writeSync(BYTES, 0, 10, 50);
    file.truncateSync(5);
    expect(fileSystem.lines).toEqual(['create a', 'write a', 'truncate a']);
  });

  test('shows whole paths without a root', () => {
    const fileSystem = new RecordingFileSystem(new MemoryFileSystem());
    fileSystem.openSync('/a', 'create');
    expect(fileSystem.lines).toEqual(['create /a']);
  });

  test('gives an asynchronous operation one line when nothing happened meanwhile', async () => {
    const fileSystem = recording();
    const file = fileSystem.openSync('/db/a', 'create');
    await file.write(BYTES, 0, 10, 0);
    await file.write(BYTES, 0, 10, 10);
    await file.read(BYTES, 0, 10, 0);
    await file.syncData();
    await fileSystem.syncDirectory('/db');
    expect(fileSystem.lines).toEqual(['create a', 'write a 0..20', 'sync a', 'sync directory .']);
  });

  test('gives an asynchronous operation two lines when something happened meanwhile', async () => {
    const steps: (() => void)[] = [];
    const scheduler = { schedule: (_: FileCall, run: () => void) => steps.push(run) };
    const fileSystem = new RecordingFileSystem(new MemoryFileSystem({ scheduler }));
    const file = fileSystem.openSync('/a', 'create');
    const syncing = file.syncData();
    file.writeSync(BYTES, 0, 10, 0);
    expect(fileSystem.lines).toEqual(['create /a', 'sync /a (started)', 'write /a 0..10']);
    steps[0]?.();
    await syncing;
    file.writeSync(BYTES, 0, 10, 10);
    expect(fileSystem.lines).toEqual([
      'create /a',
      'sync /a (started)',
      'write /a 0..10',
      'sync /a (ended)',
      'write /a 10..20',
    ]);
  });

  test('tells which operations failed', async () => {
    const faulty = new FaultyFileSystem(new MemoryFileSystem(), {
      rules: [
        { operation: 'write', effect: { kind: 'error', errno: 'ENOSPC' } },
        { operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } },
      ],
    });
    const fileSystem = new RecordingFileSystem(faulty);
    const file = fileSystem.openSync('/a', 'create');
    expect(() => file.writeSync(BYTES, 0, 10, 0)).toThrow('no space left');
    file.writeSync(BYTES, 0, 10, 0);
    await expect(file.syncData()).rejects.toThrow('input/output error');
    expect(() => fileSystem.removeSync('/b')).toThrow('no such file');
    file.closeSync();
    expect(() => file.writeSync(BYTES, 0, 1, 0)).toThrow('closed');
    expect(fileSystem.lines).toEqual([
      'create /a',
      'write /a 0..10 failed: NO_SPACE',
      'write /a 0..10',
      'sync /a failed: IO',
      'remove /b failed: NOT_FOUND',
      'write /a 0..1 failed: BugError: A closed file must not be used',
    ]);
  });
});
