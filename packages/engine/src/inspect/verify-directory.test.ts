// Approach: a small database with tables on two levels, a keyspace and a live log; every byte of every file damaged in
// turn. Damage is named with the file it is in, or the byte takes no part: then everything is still read as before.

import { initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { open } from '../database.js';
import { describeLog } from './describe-log.js';
import { type VerifyProgress, type VerifyReport, verifyDirectory } from './verify-directory.js';

const DIRECTORY = '/db';

let fileSystem: MemoryFileSystem;
let clean: VerifyReport;

beforeAll(async () => {
  await initializeChecksums();
  fileSystem = new MemoryFileSystem();
  const db = await open(DIRECTORY, { fileSystem, backgroundThreads: 0, durability: 'os' });
  const cities = await db.keyspace('cities');
  for (const key of ['amber', 'basalt', 'chalk']) await db.put(key, `${key} v1`);
  await cities.put('rome', '1');
  await db.compact();
  await db.put('basalt', 'v2');
  await db.del('chalk');
  await db.flush();
  await db.batch([
    { type: 'put', key: 'dolomite', value: 'live' },
    { type: 'del', key: 'amber' },
  ]);
  await db.close();
  clean = await verify();
});

function verify(onProgress?: (progress: VerifyProgress) => void): Promise<VerifyReport> {
  const options = { fileSystem, yieldTurn: async () => {} };
  return verifyDirectory(
    DIRECTORY,
    onProgress === undefined ? options : { ...options, onProgress },
  );
}

function namesLike(pattern: RegExp): string[] {
  return fileSystem.listSync(DIRECTORY).filter((name) => pattern.test(name));
}

function bytesOf(name: string): Uint8Array {
  const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'read');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  file.closeSync();
  return bytes;
}

function setByte(name: string, offset: number, value: number): void {
  const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'write');
  file.writeSync(Uint8Array.of(value), 0, 1, offset);
  file.closeSync();
}

function setContent(name: string, content: Uint8Array): void {
  const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'write');
  file.truncateSync(0);
  file.writeSync(content, 0, content.length, 0);
  file.closeSync();
}

/** The log that holds what is in no table. */
function liveLogName(): string {
  return namesLike(/\.log$/).find((name) => textOf(name).includes('dolomite'))!;
}

/** What verification says with one byte inverted: the files named, or that the damage shows in nothing. */
async function outcomeOfDamage(name: string, offset: number, value: number): Promise<string> {
  setByte(name, offset, value ^ 0x10);
  try {
    const report = await verify();
    if (report.damage.length === 0) {
      const { discardedBytes: _, ...read } = report;
      const { discardedBytes: __, ...expected } = clean;
      expect(read, `${name} at ${offset}`).toEqual(expected);
      return 'inert';
    }
    const files = new Set(report.damage.map(({ file }) => file?.slice(DIRECTORY.length + 1)));
    return [...files].sort().join();
  } finally {
    setByte(name, offset, value);
  }
}

describe('verifyDirectory', () => {
  test('gives what a whole database holds, and no damage', () => {
    expect(clean).toMatchObject({
      keyspaceCount: 2,
      logGroupCount: 1,
      logEntryCount: 2,
      damage: [],
    });
    expect(clean.tableCount).toBe(namesLike(/\.sst$/).length);
    expect(clean.entryCount).toBe(6);
  });

  test('names the table of any damaged byte', async () => {
    const names = namesLike(/\.sst$/);
    expect(names.length).toBeGreaterThan(1);
    for (const name of names) {
      for (const [offset, value] of bytesOf(name).entries()) {
        expect(await outcomeOfDamage(name, offset, value), `${name} at ${offset}`).toBe(name);
      }
    }
  });

  test('names the manifest, or CURRENT, of any damaged byte', async () => {
    for (const name of namesLike(/^(?:MANIFEST|CURRENT)/)) {
      for (const [offset, value] of bytesOf(name).entries()) {
        const outcome = await outcomeOfDamage(name, offset, value);
        const allowed = name === 'CURRENT' ? [/^CURRENT$/, /^MANIFEST/] : [/^MANIFEST/, /^inert$/];
        const isNamed = allowed.some((pattern) => pattern.test(outcome));
        expect(isNamed, `${name} at ${offset}: ${outcome}`).toBe(true);
      }
    }
  });

  test('names the log of a damaged byte, unless it takes no part', async () => {
    const name = liveLogName();
    const counts = { named: 0, inert: 0 };
    for (const [offset, value] of bytesOf(name).entries()) {
      const outcome = await outcomeOfDamage(name, offset, value);
      expect([name, 'inert'], `${name} at ${offset}`).toContain(outcome);
      counts[outcome === 'inert' ? 'inert' : 'named'] += 1;
    }
    expect(counts.named).toBeGreaterThan(100);
  });

  test.each([
    [/\.sst$/, 'sst.missing'],
    [/\.log$/, 'wal.missing'],
  ])('names a missing file like %s', async (pattern, where) => {
    const name = where === 'wal.missing' ? liveLogName() : namesLike(pattern).at(-1)!;
    fileSystem.renameSync(`${DIRECTORY}/${name}`, '/away');
    const report = await verify();
    fileSystem.renameSync('/away', `${DIRECTORY}/${name}`);
    expect(report.damage).toMatchObject([
      { code: 'CORRUPTION', where, file: `${DIRECTORY}/${name}` },
    ]);
  });

  test('finds all damage, not the first', async () => {
    const tables = namesLike(/\.sst$/);
    const values = tables.map((name) => bytesOf(name)[3]!);
    for (const [index, name] of tables.entries()) setByte(name, 3, values[index]! ^ 1);
    const report = await verify();
    for (const [index, name] of tables.entries()) setByte(name, 3, values[index]!);
    const files = new Set(report.damage.map(({ file }) => file));
    expect(files).toEqual(new Set(tables.map((name) => `${DIRECTORY}/${name}`)));
  });

  test('names every damaged file at once, also behind a manifest that cannot be read', async () => {
    const names = [...namesLike(/\.sst$/), ...namesLike(/^MANIFEST/), liveLogName()];
    for (const others of [names, names.filter((name) => !name.startsWith('MANIFEST'))]) {
      const offsets = new Map(others.map((name) => [name, 30]));
      const values = new Map(others.map((name) => [name, bytesOf(name)[30]!]));
      for (const [name, offset] of offsets) setByte(name, offset, values.get(name)! ^ 1);
      const report = await verify();
      for (const [name, offset] of offsets) setByte(name, offset, values.get(name)!);
      const files = new Set(report.damage.map(({ file }) => file));
      expect(files).toEqual(new Set(others.map((name) => `${DIRECTORY}/${name}`)));
    }
    expect((await verify()).damage).toEqual([]);
  });

  test('goes on without CURRENT, and names what is damaged besides', async () => {
    const [table] = namesLike(/\.sst$/);
    const value = bytesOf(table!)[3]!;
    setByte(table!, 3, value ^ 1);
    fileSystem.renameSync(`${DIRECTORY}/CURRENT`, '/away');
    const report = await verify();
    fileSystem.renameSync('/away', `${DIRECTORY}/CURRENT`);
    setByte(table!, 3, value);
    expect(report.damage.map(({ where }) => where).sort()).toEqual(['current', 'sst.data']);
  });

  test('names every table and log that was cut short, at any length', async () => {
    const log = liveLogName();
    for (const name of [...namesLike(/\.sst$/), log]) {
      const whole = bytesOf(name);
      for (let length = 0; length < Math.min(whole.length, 1024); length += 13) {
        setContent(name, whole.subarray(0, length));
        const report = await verify();
        const isNamed = report.damage.some(({ file }) => file === `${DIRECTORY}/${name}`);
        // Whole records that are gone from the end of the last log leave no trace (W3).
        const isShorter = report.logEntryCount < clean.logEntryCount;
        expect(isNamed || (name === log && (isShorter || length > 64)), `${name} ${length}`).toBe(
          true,
        );
      }
      setContent(name, whole);
    }
    expect((await verify()).damage).toEqual([]);
  });

  test('changes nothing, takes no lock, and leaves no file open', async () => {
    const names = fileSystem.listSync(DIRECTORY);
    const before = names.map(bytesOf);
    const lock = fileSystem.lockSync(`${DIRECTORY}/LOCK`, 'somebody else');
    await verify();
    lock.release();
    expect(fileSystem.listSync(DIRECTORY)).toEqual(names);
    const differing = names.filter(
      (name, index) => !Buffer.from(bytesOf(name)).equals(before[index]!),
    );
    expect(differing.filter((name) => name !== 'LOCK')).toEqual([]);
    expect(fileSystem.openPaths()).toEqual([]);
  });

  test('tells how far it is after every table', async () => {
    const seen: VerifyProgress[] = [];
    await verify((progress) => seen.push(progress));
    expect(seen.map(({ checkedTableCount }) => checkedTableCount)).toEqual(
      Array.from({ length: clean.tableCount }, (_, index) => index + 1),
    );
    expect(seen.at(-1)).toMatchObject({
      checkedBytes: clean.tableBytes,
      totalBytes: clean.tableBytes,
    });
  });

  test('refuses a directory without a database', async () => {
    fileSystem.makeDirectorySync('/empty');
    const options = { fileSystem, yieldTurn: async () => {} };
    await expect(verifyDirectory('/empty', options)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(verifyDirectory('/none', options)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('describeLog', () => {
  test('describes every record and entry', async () => {
    const text = textOf(liveLogName()).replace(/database [0-9a-f]{32}/, 'database <id>');
    await expect(text).toMatchFileSnapshot('testdata/log.txt');
  });
});

function textOf(name: string): string {
  const file = fileSystem.openSync(`${DIRECTORY}/${name}`, 'read');
  try {
    return describeLog(file, Number.parseInt(name, 10));
  } finally {
    file.closeSync();
  }
}
