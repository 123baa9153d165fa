// A directory that somebody else prepared, on a real disk: what is opened, and with which permissions files are made.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { open } from './database.js';
import { destroy } from './destroy.js';
import { salvage } from './salvage.js';
import { verify } from './verify.js';

let parent: string;
let directory: string;

beforeEach(async () => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-hostile-'));
  directory = path.join(parent, 'db');
  await fill();
});
afterEach(() => fs.rmSync(parent, { recursive: true, force: true }));

async function fill(): Promise<void> {
  const db = await open(directory, { backgroundThreads: 0 });
  await db.put('in a table', '1');
  await db.compact();
  await db.put('in level 0', '2');
  await db.flush();
  await db.put('in the log', '3');
  await db.close();
}

function permissionsOf(target: string): number {
  return fs.statSync(target).mode & 0o777;
}

/** Names and contents of everything, links as what they say. */
function everythingIn(target: string): string[] {
  return fs.readdirSync(target, { withFileTypes: true }).map((entry) => {
    const full = path.join(target, entry.name);
    if (entry.isSymbolicLink()) return `${entry.name} -> ${fs.readlinkSync(full)}`;
    return `${entry.name} ${fs.readFileSync(full).toString('base64')}`;
  });
}

describe('a directory on disk', () => {
  test('§5.1: directory and files are for their owner only, whatever the umask allows', async () => {
    const before = process.umask(0);
    try {
      fs.rmSync(directory, { recursive: true });
      await fill();
      await salvage(directory, path.join(parent, 'made', 'new'));
    } finally {
      process.umask(before);
    }
    const made = [directory, path.join(parent, 'made'), path.join(parent, 'made', 'new')];
    for (const target of made) expect(permissionsOf(target), target).toBe(0o700);
    for (const target of [directory, path.join(parent, 'made', 'new')]) {
      for (const name of fs.readdirSync(target)) {
        expect(permissionsOf(path.join(target, name)), name).toBe(0o600);
      }
    }
  });

  test('§5.1: a directory that others can write to is told of, once', async () => {
    for (const [mode, count] of [
      [0o700, 0],
      [0o755, 0],
      [0o770, 1],
      [0o702, 1],
    ] as const) {
      fs.chmodSync(directory, mode);
      const db = await open(directory, { backgroundThreads: 0 });
      const told: string[] = [];
      db.events.on('unsafeDirectory', ({ path: told1 }) => told.push(told1));
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      await db.close();
      expect(told, mode.toString(8)).toEqual(Array(count).fill(fs.realpathSync(directory)));
    }
  });

  test('§2.6: a pipe, a directory or a huge file of nothing in the place of any file is refused in no time', async () => {
    const names = fs.readdirSync(directory).filter((name) => !/spare$|^LOCK$/.test(name));
    const places: Record<string, (target: string) => void> = {
      pipe: (target) => execFileSync('mkfifo', [target]),
      directory: (target) => fs.mkdirSync(target),
      sparse: (target) => {
        fs.writeFileSync(target, '');
        fs.truncateSync(target, 2 ** 42);
      },
    };
    for (const name of names) {
      for (const [kind, make] of Object.entries(places)) {
        const real = path.join(directory, name);
        const aside = path.join(parent, 'aside');
        fs.renameSync(real, aside);
        make(real);
        for (const action of [
          () => open(directory, { readOnly: true }).then((db) => db.close()),
          () => verify(directory).then(({ damage }) => damage),
          () => salvage(directory, path.join(parent, 'saved')),
        ]) {
          await action().catch((error: unknown) => {
            expect(error, `${kind} ${name}`).toMatchObject({ name: 'StorageError' });
          });
        }
        fs.rmSync(path.join(parent, 'saved'), { recursive: true, force: true });
        fs.rmSync(real, { recursive: true });
        fs.renameSync(aside, real);
      }
    }
    expect((await verify(directory)).damage).toEqual([]);
  });

  test('M7: thousands of files with other names, long ones among them, are left alone', async () => {
    const names = Array.from({ length: 3_000 }, (_, index) => `somebody else's ${index}`);
    names.push('x'.repeat(255), '000001.sst.bak', '.DS_Store', '1.log', '000012.LOG', 'MANIFEST-');
    for (const name of names) fs.writeFileSync(path.join(directory, name), '');
    const db = await open(directory, { backgroundThreads: 0 });
    await db.compact();
    await db.close();
    const left = new Set(fs.readdirSync(directory));
    expect(names.filter((name) => !left.has(name))).toEqual([]);
    await destroy(directory);
    expect(fs.readdirSync(directory).sort()).toEqual([...names].sort());
  });

  test('M3: a symbolic link in the place of any file is never followed, by anything', async () => {
    const names = fs.readdirSync(directory).filter((name) => !/\.spare$/.test(name));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const real = path.join(directory, name);
      const outside = path.join(parent, 'outside');
      fs.renameSync(real, outside);
      fs.symlinkSync(outside, real);
      const before = everythingIn(directory);
      const isUsed = await refuses(() => open(directory, { readOnly: true }), name);
      if (isUsed) expect(everythingIn(directory), name).toEqual(before);
      fs.rmSync(real);
      fs.renameSync(outside, real);
    }
    expect((await verify(directory)).damage).toEqual([]);
  });

  /** Whether opening failed; a file that is not part of the database may be anything. */
  async function refuses(
    action: () => Promise<{ close(): Promise<void> }>,
    name: string,
  ): Promise<boolean> {
    try {
      await (await action()).close();
      expect(isNeeded(name), `${name} was followed`).toBe(false);
      return false;
    } catch (error) {
      expect(error, name).toMatchObject({ name: 'StorageError' });
      return true;
    }
  }

  function isNeeded(name: string): boolean {
    return name === 'CURRENT' || name.endsWith('.sst') || name.startsWith('MANIFEST');
  }

  test('salvage reads no file through a symbolic link', async () => {
    const name = fs.readdirSync(directory).find((file) => file.endsWith('.sst'))!;
    const real = path.join(directory, name);
    fs.renameSync(real, path.join(parent, 'outside'));
    fs.symlinkSync(path.join(parent, 'outside'), real);
    const report = await salvage(directory, path.join(parent, 'new'));
    expect(report.notes).toContain(`${name}: is no regular file, and was not read`);
    expect(report.losses.map(({ file }) => file)).toEqual([name]);
  });

  test('destroy removes a symbolic link, not what it leads to, and nothing with another name', async () => {
    const outside = path.join(parent, 'outside');
    fs.writeFileSync(outside, 'mine');
    fs.symlinkSync(outside, path.join(directory, '000999.sst'));
    fs.writeFileSync(path.join(directory, '999.sst'), 'not ours');
    await destroy(directory);
    expect(fs.readFileSync(outside, 'utf8')).toBe('mine');
    expect(fs.readdirSync(directory)).toEqual(['999.sst']);
  });
});
