import { BugError, createRandom, initializeChecksums, StorageError } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCurrentSync } from '../directory/index.js';
import { HeldScheduler, quiescence } from '../testing/held-scheduler.js';
import {
  addTable,
  createVersionSet,
  DATABASE_ID,
  DEFAULT_KEYSPACE,
  logTable,
  makeTable,
  newVersionSet,
  openDirectory,
  removeTable,
  tablesOf,
} from './testing/fixtures.js';
import { VersionSet } from './version-set.js';

beforeAll(initializeChecksums);

/** The crash models used here leave nothing to chance. */
const RANDOM = createRandom(0);

function createFile(fileSystem: MemoryFileSystem, path: string): void {
  fileSystem.openSync(path, 'create').closeSync();
}

describe('VersionSet', () => {
  test('knows of no manifest before one is published', async () => {
    const set = newVersionSet(openDirectory(new MemoryFileSystem()));
    expect(set.manifestSizeBytes).toBe(0);
    expect(set.manifestPath).toBe('/db');
    expect(set.failure).toBeUndefined();
    expect(set.needsRotation).toBe(false);
    await set.publish();
    expect(set.manifestPath).toBe('/db/MANIFEST-000011');
    expect(set.manifestSizeBytes).toBeGreaterThan(0);
    await set.close();
  });
});

describe('VersionSet.publish', () => {
  test('M4, M5: puts a fresh manifest in force in the order that survives any crash', async () => {
    const recording = new RecordingFileSystem(new MemoryFileSystem(), { root: '/db' });
    const directory = openDirectory(recording);
    recording.clear();
    await newVersionSet(directory).publish();
    expect(recording.lines).toEqual([
      'create MANIFEST-000011',
      expect.stringMatching(/^write MANIFEST-000011 0\.\.\d+$/),
      'sync MANIFEST-000011',
      expect.stringMatching(/^write MANIFEST-000011 \d+\.\.\d+$/),
      'sync directory .',
      'create 000011.tmp',
      'write 000011.tmp 0..16',
      'sync 000011.tmp',
      'rename 000011.tmp -> CURRENT',
      'sync directory .',
    ]);
  });

  test('M4: never appends to a manifest that existed before', async () => {
    const memory = new MemoryFileSystem();
    const first = await createVersionSet(memory);
    const table = logTable(first);
    await first.close();
    const size = memory.statSync('/db/MANIFEST-000011').sizeBytes;

    const reopened = VersionSet.loadSync(openDirectory(memory.crash('kill', RANDOM)))!;
    expect(tablesOf(reopened)).toEqual([table]);
    expect(() => reopened.log({})).toThrow(BugError);
    await reopened.publish(addTable(reopened.takeFileNumbers(1)));
    logTable(reopened);
    await reopened.close();
    expect(memory.statSync('/db/MANIFEST-000011').sizeBytes).toBe(size);
    expect(reopened.liveFiles().manifests).not.toContain(11);
    expect(reopened.takeUnusedFiles()).toEqual([{ kind: 'manifest', fileNumber: 11 }]);
  });

  test('makes the edit durable that recovery ends with', async () => {
    const memory = new MemoryFileSystem();
    const set = newVersionSet(openDirectory(memory));
    const fileNumber = set.takeFileNumbers(1);
    expect([set.editCount, set.durableEditCount]).toEqual([0, 0]);
    await set.publish({ ...addTable(fileNumber), lastSequence: 5_000 });
    expect([set.editCount, set.durableEditCount]).toEqual([1, 1]);
    const survivor = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(tablesOf(survivor)).toEqual([fileNumber]);
    expect(survivor.current.lastSequence).toBe(5_000);
    expect(survivor.databaseId).toEqual(DATABASE_ID);
  });

  test('that fails leaves the old database as it was, and a set that refuses everything', async () => {
    const memory = new MemoryFileSystem();
    const first = await createVersionSet(memory);
    const table = logTable(first);
    await first.close();
    const reopened = memory.crash('kill', RANDOM);
    const faulty = new FaultyFileSystem(reopened);
    const set = VersionSet.loadSync(openDirectory(faulty))!;
    faulty.addRule({ operation: 'create', effect: { kind: 'error', errno: 'ENOSPC' } });
    await expect(set.publish()).rejects.toMatchObject({ code: 'NO_SPACE' });
    await expect(set.publish()).rejects.toMatchObject({ code: 'READ_ONLY' });
    await set.close();
    const reloaded = VersionSet.loadSync(openDirectory(reopened.crash('kill', RANDOM)))!;
    expect(tablesOf(reloaded)).toEqual([table]);
  });
});

describe('VersionSet.loadSync', () => {
  test('gives undefined where there is no database', () => {
    expect(VersionSet.loadSync(openDirectory(new MemoryFileSystem()))).toBeUndefined();
  });

  test('changes nothing', async () => {
    const memory = new MemoryFileSystem();
    const set = await createVersionSet(memory);
    logTable(set);
    await set.close();
    const recording = new RecordingFileSystem(memory.crash('kill', RANDOM));
    const directory = openDirectory(recording);
    recording.clear();
    const loaded = VersionSet.loadSync(directory)!;
    loaded.takeFileNumbers(3);
    await loaded.close();
    expect(recording.lines).toEqual([]);
  });
});

describe('VersionSet.log', () => {
  test('appends with one write, is current at once, and durable after a sync', async () => {
    const memory = new MemoryFileSystem();
    const recording = new RecordingFileSystem(memory, { root: '/db', writes: 'names' });
    const set = await createVersionSet(recording);
    recording.clear();
    const table = logTable(set);
    expect(tablesOf(set)).toEqual([table]);
    expect(recording.lines).toEqual(['write MANIFEST-000011']);
    expect([set.editCount, set.durableEditCount]).toEqual([2, 1]);
    await set.sync();
    expect([set.editCount, set.durableEditCount]).toEqual([2, 2]);
    await set.sync();
    set.syncSync();
    expect(recording.lines).toEqual([
      'write MANIFEST-000011',
      'sync MANIFEST-000011',
      'write MANIFEST-000011',
    ]);
  });

  test('M10: refuses to commit to a directory that was replaced, and everything after it', async () => {
    const memory = new MemoryFileSystem();
    const set = await createVersionSet(memory);
    memory.renameSync('/db', '/elsewhere');
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'IO', retryable: false }));
    memory.renameSync('/elsewhere', '/db');
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    expect(tablesOf(set)).toEqual([]);
    await set.close();
  });

  test('I3: a failed sync ends everything and gives up no file', async () => {
    const faulty = new FaultyFileSystem(new MemoryFileSystem());
    const set = await createVersionSet(faulty);
    const table = logTable(set);
    await set.sync();
    set.log(removeTable(table));
    faulty.addRule({ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } });
    await expect(set.sync()).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    const syncCount = faulty.callCount;
    await expect(set.sync()).rejects.toMatchObject({ code: 'READ_ONLY' });
    expect(() => set.syncSync()).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    await expect(set.rotate()).rejects.toMatchObject({ code: 'READ_ONLY' });
    expect(faulty.callCount).toBe(syncCount);
    expect(set.takeUnusedFiles()).toEqual([]);
    expect(set.liveFiles().tables).toContain(table);
    await set.close();
  });

  test('I5: a full disk leaves the last version in force, and rotate() resumes', async () => {
    const memory = new MemoryFileSystem();
    const faulty = new FaultyFileSystem(memory);
    const set = await createVersionSet(faulty);
    const kept = logTable(set);
    const short = { kind: 'short', sizeBytes: 20, errno: 'ENOSPC' } as const;
    faulty.addRule({ operation: 'write', effect: short });
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    expect(tablesOf(set)).toEqual([kept]);
    expect(set.needsRotation).toBe(true);
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'IO' }));
    await set.sync();
    expect(tablesOf(VersionSet.loadSync(openDirectory(memory.crash('kill', RANDOM)))!)).toEqual([
      kept,
    ]);
    await set.rotate();
    expect(set.needsRotation).toBe(false);
    const added = logTable(set);
    await set.close();
    const reloaded = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(tablesOf(reloaded)).toEqual([kept, added]);
  });

  test('refuses an edit that does not fit, and writes nothing', async () => {
    const recording = new RecordingFileSystem(new MemoryFileSystem());
    const set = await createVersionSet(recording);
    recording.clear();
    expect(() => set.log(removeTable(77))).toThrow(BugError);
    expect(recording.lines).toEqual([]);
    expect(set.editCount).toBe(1);
  });
});

describe('VersionSet.takeFileNumbers', () => {
  test('gives numbers above those of every file, also of orphans', async () => {
    const memory = new MemoryFileSystem();
    const directory = openDirectory(memory);
    createFile(memory, '/db/000040.tmp');
    createFile(memory, '/db/MANIFEST-000017');
    const set = newVersionSet(directory);
    expect(set.takeFileNumbers(3)).toBe(41);
    await set.publish();
    expect(set.takeFileNumbers(1)).toBe(45);
    set.log({});
    await set.close();
    const reloaded = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(reloaded.takeFileNumbers(1)).toBe(46);
  });

  test('M3: gives a manifest a number whose digits check each other', async () => {
    const set = await createVersionSet(new MemoryFileSystem());
    for (let count = 1; count <= 25; count++) {
      set.takeFileNumbers(count);
      await set.rotate();
      const [fileNumber] = set.liveFiles().manifests;
      expect(fileNumber % 11).toBe(0);
      expect(set.takeFileNumbers(1)).toBe(fileNumber + 1);
    }
    await set.close();
  });

  test('P19: refuses to go beyond the largest number', () => {
    const memory = new MemoryFileSystem();
    const directory = openDirectory(memory);
    createFile(memory, `/db/${Number.MAX_SAFE_INTEGER - 2}.log.spare`);
    const set = newVersionSet(directory);
    expect(set.takeFileNumbers(1)).toBe(Number.MAX_SAFE_INTEGER - 1);
    expect(() => set.takeFileNumbers(1)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });
});

describe('VersionSet.refuse', () => {
  const error = new StorageError('DURABILITY_UNKNOWN', 'A sync of the directory failed elsewhere');

  test.each([
    ['is made durable', 'syncData', 'old'],
    ['has its name made durable', 'syncDirectory', 'old'],
    ['is in force, but perhaps not for good', 'syncDirectory', 'either'],
  ] as const)('I3: lets no manifest take over that %s', async (_, operation, expected) => {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const set = await createVersionSet(memory);
    const removed = logTable(set);
    await set.sync();
    set.log(removeTable(removed));
    await set.sync();
    const [before] = set.liveFiles().manifests;
    scheduler.holds = (call) => call.operation === operation;
    const rotating = set.rotate();
    rotating.catch(() => {});
    await quiescence();
    if (expected === 'either') {
      scheduler.release();
      await quiescence();
    }
    expect(scheduler.waitingCount).toBe(1);
    set.refuse(error);
    scheduler.releaseAll();
    await expect(rotating).rejects.toMatchObject({ code: 'READ_ONLY', cause: error });
    expect(() => logTable(set)).toThrow(expect.objectContaining({ code: 'READ_ONLY' }));
    expect(set.takeUnusedFiles()).toEqual([]);
    await set.close();
    expect(memory.openPaths()).toEqual([]);
    for (const model of ['drop', 'kill'] as const) {
      const image = openDirectory(memory.crash(model, RANDOM));
      VersionSet.loadSync(image);
      if (expected === 'old') expect(readCurrentSync(image)).toBe(before);
    }
  });
});

describe('VersionSet.takeUnusedFiles', () => {
  test('gives a table once its removal is durable', async () => {
    const set = await createVersionSet(new MemoryFileSystem());
    const table = logTable(set);
    set.log(removeTable(table));
    expect(set.takeUnusedFiles()).toEqual([]);
    expect(set.liveFiles().tables).toEqual(new Set([table]));
    await set.sync();
    expect(set.keptVersionCount).toBe(1);
    expect(set.liveFiles().tables).toEqual(new Set());
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'table', fileNumber: table }]);
    expect(set.takeUnusedFiles()).toEqual([]);
  });

  test('waits for the readers of older versions', async () => {
    const set = await createVersionSet(new MemoryFileSystem());
    const [first, second] = [logTable(set), logTable(set)];
    const held = set.current.retain();
    set.log(removeTable(first));
    const heldLater = set.current.retain();
    set.log(removeTable(second));
    await set.sync();
    expect(set.takeUnusedFiles()).toEqual([]);
    expect(set.liveFiles().tables).toEqual(new Set([first, second]));
    held.release();
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'table', fileNumber: first }]);
    expect(set.liveFiles().tables).toEqual(new Set([second]));
    heldLater.release();
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'table', fileNumber: second }]);
  });

  test('never gives a table that only moved', async () => {
    const set = await createVersionSet(new MemoryFileSystem());
    const table = logTable(set);
    set.log({ ...removeTable(table), ...addTable(table, 6) });
    await set.sync();
    expect(set.takeUnusedFiles()).toEqual([]);
    expect(set.liveFiles().tables).toEqual(new Set([table]));
  });

  test('gives the tables of a dropped keyspace', async () => {
    const set = await createVersionSet(new MemoryFileSystem());
    set.log({ keyspacesAdded: [{ ...DEFAULT_KEYSPACE, id: 1, name: 'second' }] });
    const fileNumber = set.takeFileNumbers(1);
    const table = makeTable({ fileNumber, keys: 'a-b' });
    set.log({ tablesAdded: [{ keyspaceId: 1, level: 2, table }] });
    set.log({ keyspacesDropped: [1] });
    await set.sync();
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'table', fileNumber }]);
  });

  test('gives logs once they are durably not needed, whatever readers hold', async () => {
    const set = await createVersionSet(new MemoryFileSystem());
    const log = set.takeFileNumbers(2);
    set.log({ logsAdded: [log, log + 1] });
    const held = set.current.retain();
    set.log({ minimumLogNumber: log + 1 });
    expect(set.liveFiles().logs).toEqual(new Set([log, log + 1]));
    expect(set.takeUnusedFiles()).toEqual([]);
    await set.sync();
    expect(set.liveFiles().logs).toEqual(new Set([log + 1]));
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'log', fileNumber: log }]);
    held.release();
  });
});

describe('VersionSet.findOrphansSync', () => {
  test('M7: finds what an earlier process left, and nothing else', async () => {
    const memory = new MemoryFileSystem();
    const first = await createVersionSet(memory);
    const [table, log] = [logTable(first), first.takeFileNumbers(1)];
    first.log({ logsAdded: [log] });
    await first.close();
    createFile(memory, `/db/${String(table).padStart(6, '0')}.sst`);
    createFile(memory, `/db/${String(log).padStart(6, '0')}.log`);
    const orphans = [
      '000020.sst',
      '000021.log',
      '000022.tmp',
      '000023.log.spare',
      'MANIFEST-000024',
    ];
    for (const name of [...orphans, 'notes.txt', '.DS_Store', '12.sst']) {
      createFile(memory, `/db/${name}`);
    }
    const reopened = memory.crash('kill', RANDOM);
    const set = VersionSet.loadSync(openDirectory(reopened))!;
    expect(() => set.findOrphansSync()).toThrow(BugError);
    await set.publish();
    // Being written now, and not logged yet.
    expect(set.takeFileNumbers(1)).toBe(34);
    createFile(reopened, '/db/000034.sst');
    expect(set.takeUnusedFiles()).toEqual([{ kind: 'manifest', fileNumber: 11 }]);
    expect(set.findOrphansSync()).toEqual([
      { kind: 'table', fileNumber: 20 },
      { kind: 'log', fileNumber: 21 },
      { kind: 'temporary', fileNumber: 22 },
      { kind: 'spareLog', fileNumber: 23 },
      { kind: 'manifest', fileNumber: 11 },
      { kind: 'manifest', fileNumber: 24 },
    ]);
  });
});

describe('VersionSet.close', () => {
  test('makes everything durable, ends the manifest, and may be called twice', async () => {
    const memory = new MemoryFileSystem();
    const set = await createVersionSet(memory);
    const table = logTable(set);
    await set.close();
    await set.close();
    expect(memory.openPaths()).toEqual([]);
    expect(() => set.log({})).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    await expect(set.rotate()).rejects.toMatchObject({ code: 'CLOSED' });
    const reloaded = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(tablesOf(reloaded)).toEqual([table]);
  });

  test('waits for the first manifest to be in force', async () => {
    const memory = new MemoryFileSystem();
    const set = newVersionSet(openDirectory(memory));
    const publishing = set.publish();
    await set.close();
    await publishing;
    expect(memory.openPaths()).toEqual([]);
    expect(VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))).toBeDefined();
  });

  test('waits for a rotation', async () => {
    const memory = new MemoryFileSystem();
    const set = await createVersionSet(memory);
    const table = logTable(set);
    const rotation = set.rotate();
    await set.close();
    await rotation;
    expect(memory.openPaths()).toEqual([]);
    const reloaded = VersionSet.loadSync(openDirectory(memory.crash('drop', RANDOM)))!;
    expect(tablesOf(reloaded)).toEqual([table]);
  });

  test('reports a sync that fails, and closes the file all the same', async () => {
    const memory = new MemoryFileSystem();
    const faulty = new FaultyFileSystem(memory);
    const set = await createVersionSet(faulty);
    logTable(set);
    faulty.addRule({ operation: 'syncData', effect: { kind: 'error', errno: 'EIO' } });
    await expect(set.close()).rejects.toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    expect(memory.openPaths()).toEqual([]);
  });
});
