// Golden text of every operation that changes files, in order, for what a database does. Each case also asserts the rule
// that its text shows, so that a new golden file cannot be accepted by mistake when the rule is broken.

import { MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { quiescence } from './testing/held-scheduler.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';

let memory: MemoryFileSystem;
/** Knows how long each write was; the golden texts leave that out. */
let ranged: RecordingFileSystem;
let recording: RecordingFileSystem;

beforeEach(() => {
  memory = new MemoryFileSystem();
  ranged = new RecordingFileSystem(memory, { root: DIRECTORY });
  recording = new RecordingFileSystem(ranged, { root: DIRECTORY, writes: 'names' });
});

function clear(): void {
  recording.clear();
  ranged.clear();
}

/** Compares with the golden text; gives the lines without markers, which only attest what is durable anyway. */
async function expectGolden(name: string): Promise<string[]> {
  const text = `${recording.lines.join('\n')}\n`;
  await expect(text).toMatchFileSnapshot(`testdata/file-order/${name}.txt`);
  return ranged.lines.filter((line) => !isMarker(line));
}

/** A record without content: 16 bytes, in a manifest. */
function isMarker(line: string): boolean {
  const [, start, end] = /^write MANIFEST-\d+ (\d+)\.\.(\d+)$/.exec(line) ?? [];
  return Number(end) - Number(start) === 16;
}

/** Opens, lets background work come to rest, and forgets what that did to files. */
async function openQuietly(options = {}): Promise<Database> {
  const db = await openSmall(recording, options);
  await quiescence();
  clear();
  return db;
}

/** The last line before `index` that matches. */
function lastBefore(lines: readonly string[], index: number, pattern: RegExp): number {
  return lines.slice(0, index).findLastIndex((line) => pattern.test(line));
}

/** Every removal of a table, log or manifest comes after a sync of the manifest, with no edit in between. */
function expectNoEarlyRemoval(lines: readonly string[]): void {
  for (const [index, line] of lines.entries()) {
    if (!/^remove .*(sst|log|MANIFEST-\d+)$/.test(line)) continue;
    const edit = lastBefore(lines, index, /^write MANIFEST/);
    const sync = lastBefore(lines, index, /^sync MANIFEST.*(?<!started\))$/);
    expect(sync, `line ${index}: ${line}`).toBeGreaterThan(edit);
  }
}

/** Every table is synced, and so is the directory, before the manifest is written to again. */
function expectTablesDurableBeforeEdits(lines: readonly string[]): void {
  for (const [index, line] of lines.entries()) {
    const table = /^create (\d+\.sst)$/.exec(line)?.[1];
    if (table === undefined) continue;
    const edit = lines.findIndex((other, at) => at > index && other.startsWith('write MANIFEST'));
    const synced = lines.indexOf(`sync ${table}`);
    const named = lines.findIndex((other, at) => at > index && other === 'sync directory .');
    expect(synced).toBeGreaterThan(index);
    expect(named).toBeGreaterThan(synced);
    if (edit >= 0) expect(edit).toBeGreaterThan(named);
  }
}

describe('The order of operations on files', () => {
  test('of opening a new database', async () => {
    const db = await openSmall(recording);
    const lines = await expectGolden('open-new');
    // M4: the manifest and its name are durable before CURRENT names it, and CURRENT before the database is used.
    const created = lines.findIndex((line) => line.startsWith('create MANIFEST'));
    const manifest = lines[created]!.slice('create '.length);
    const renamed = lines.findIndex((line) => line.endsWith('-> CURRENT'));
    const synced = lines.indexOf(`sync ${manifest}`);
    expect(created).toBeLessThan(synced);
    expect(synced).toBeLessThan(renamed);
    expect(lastBefore(lines, renamed, /^sync directory \.$/)).toBeGreaterThan(synced);
    expect(lines.indexOf('sync directory .', renamed)).toBeGreaterThan(renamed);
    // The log is durable, name included, before the first write can be acknowledged.
    const logRenamed = lines.findIndex((line) => /-> \d+\.log$/.test(line));
    expect(lines.indexOf('sync directory .', logRenamed)).toBeGreaterThan(logRenamed);
    const unsynced = memory
      .describeUnsynced()
      .filter((line) => !/LOCK|write .*MANIFEST/.test(line));
    expect(unsynced).toEqual([]);
    await db.close();
  });

  test('of writes with durability always', async () => {
    const db = await openQuietly();
    await Promise.all([db.put('a', '1'), db.put('b', '2'), db.batch([{ type: 'del', key: 'a' }])]);
    db.putSync('c', '3');
    await db.put('d', '4', { durability: 'os' });
    const lines = await expectGolden('put-always');
    // B13: one append and one sync for each group.
    expect(lines.filter((line) => line.startsWith('sync'))).toHaveLength(2);
    expect(lines.at(-1)).toMatch(/^write/);
    await db.close();
  });

  test('of replacing a full memtable and flushing it', async () => {
    const db = await openQuietly();
    for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await db.put(key, 'v'.repeat(15_000));
    await db.settle();
    await quiescence();
    const lines = await expectGolden('rotate-and-flush');
    expectTablesDurableBeforeEdits(lines);
    expectNoEarlyRemoval(lines);
    // The old log is durable, but for its end record of 16 bytes, before the new one is synced for the first time.
    const isContent = (line: string): boolean => {
      const [, start, end] = /^write 000001\.log (\d+)\.\.(\d+)$/.exec(line) ?? [];
      return Number(end) - Number(start) > 16;
    };
    const next = lines.findIndex((line) => line.startsWith('sync 000012.log'));
    const lastSync = lastBefore(lines, next, /^sync 000001\.log/);
    expect(lastSync).toBeGreaterThan(lines.findLastIndex(isContent));
    await db.close();
  });

  test('of compacting', async () => {
    const db = await openQuietly();
    for (const key of ['a', 'b', 'a']) {
      await db.put(key, 'v'.repeat(5_000));
      await db.put('z', 'v'.repeat(5_000));
      await db.flush();
    }
    await db.settle();
    await quiescence();
    clear();
    await db.compact();
    await quiescence();
    const lines = await expectGolden('compact');
    expectTablesDurableBeforeEdits(lines);
    expectNoEarlyRemoval(lines);
    expect(lines.filter((line) => /^remove .*sst$/.test(line)).length).toBeGreaterThan(0);
    await db.close();
  });

  test('of creating and dropping a keyspace', async () => {
    const db = await openQuietly();
    const cities = await db.keyspace('cities');
    await cities.put('a', '1');
    await db.dropKeyspace('cities');
    await quiescence();
    const lines = await expectGolden('keyspace');
    // The edit is durable before the first write into the keyspace is logged.
    const edit = lines.findIndex((line) => line.startsWith('write MANIFEST'));
    const logged = lines.findIndex((line) => /^write \d+\.log/.test(line));
    const sync = lines.findIndex((line) => line.startsWith('sync MANIFEST'));
    expect(edit).toBeLessThan(sync);
    expect(sync).toBeLessThan(logged);
    await db.close();
  });

  test('of replacing a manifest that has grown', async () => {
    // Tables with long keys make long edits: two keys of 60,000 bytes each.
    const db = await openQuietly({ tuning: { level0CompactionTrigger: 64 } });
    for (let index = 0; !recording.lines.some((line) => line.includes('-> CURRENT')); index++) {
      expect(index).toBeLessThan(100);
      clear();
      await db.put(`${String(index).padStart(3, '0')}${'k'.repeat(60_000)}`, '');
      await db.flush();
      await db.settle();
      await quiescence();
    }
    const lines = await expectGolden('replace-manifest');
    expectNoEarlyRemoval(lines);
    const [, manifest] = /^create (MANIFEST-\d+)$/m.exec(lines.join('\n'))!;
    const renamed = lines.findIndex((line) => line.endsWith('-> CURRENT'));
    const synced = lines.findIndex((line) => line.startsWith(`sync ${manifest}`));
    const removed = lines.findIndex((line) => line.startsWith('remove MANIFEST'));
    expect(synced).toBeLessThan(renamed);
    expect(
      lines.findIndex((line, at) => at > renamed && line.startsWith('sync directory')),
    ).toBeLessThan(removed);
    const before = everythingIn(db).length;
    await db.close();
    const again = await openSmall(recording);
    expect(everythingIn(again)).toHaveLength(before);
    await again.close();
  });

  test('of closing', async () => {
    const db = await openQuietly();
    await db.put('a', '1', { durability: 'os' });
    clear();
    await db.close();
    const lines = await expectGolden('close');
    // What was only handed to the system is synced, and the lock is given back last.
    expect(lines.some((line) => /^sync \d+\.log/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('unlock LOCK');
    expect(memory.openPaths()).toEqual([]);
  });

  test('of opening again with a log to be replayed', async () => {
    const db = await openQuietly();
    await db.put('a', '1');
    await db.put('b', '2');
    await db.close();
    clear();
    const again = await openSmall(recording);
    const lines = await expectGolden('reopen');
    // Nothing that existed is written to or removed before the new manifest is in force.
    const inForce = lines.findIndex(
      (line, index) => line === 'sync directory .' && lines[index - 1]?.endsWith('-> CURRENT'),
    );
    expect(inForce).toBeGreaterThan(0);
    const created = new Set(
      lines.flatMap((line) => /^(?:create|rename .* ->) (.*)$/.exec(line)?.[1] ?? []),
    );
    for (const line of lines.slice(0, inForce)) {
      const [, changed] = /^(?:write|remove|truncate) (\S+)/.exec(line) ?? [];
      if (changed !== undefined) expect(created).toContain(changed);
    }
    expect(lines.slice(inForce).some((line) => line.startsWith('remove'))).toBe(true);
    expect(everythingIn(again)).toEqual([
      ['a', '1'],
      ['b', '2'],
    ]);
    await again.close();
  });

  test('of opening a database read-only: none', async () => {
    const db = await openQuietly();
    await db.put('a', '1');
    await db.close();
    clear();
    const reader = await openSmall(recording, { readOnly: true });
    expect(everythingIn(reader)).toEqual([['a', '1']]);
    await reader.close();
    expect(recording.lines).toEqual([]);
  });
});
