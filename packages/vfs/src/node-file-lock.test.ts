// Locks between processes, which the conformance suite cannot show. The other processes run this package bundled into
// one file, because Node does not run TypeScript.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FileLock } from './file-system.js';
import { NodeFileSystem } from './node-file-system.js';
import { type Errno, systemError } from './system-error.js';

const HOLDER_SCRIPT = `
import { NodeFileSystem } from './vfs.mjs';
try {
  globalThis.lock = new NodeFileSystem().lockSync(process.argv[2], process.argv[3]);
  console.log('locked');
} catch (error) {
  console.log(error.code);
}
process.stdin.on('data', () => { globalThis.lock?.release(); console.log('released'); });
`;

const fileSystem = new NodeFileSystem();
let scripts: string;
let directory: string;
let lockPath: string;
const children: ChildProcess[] = [];
const locks: FileLock[] = [];

beforeAll(async () => {
  scripts = fs.mkdtempSync(join(os.tmpdir(), 'varve-vfs-scripts-'));
  const input = fileURLToPath(new URL('./node-file-system.ts', import.meta.url));
  const bundle = await rolldown({
    input,
    platform: 'node',
    resolve: { conditionNames: ['source', 'import'], extensionAlias: { '.js': ['.ts', '.js'] } },
  });
  await bundle.write({ file: join(scripts, 'vfs.mjs'), format: 'esm' });
  await bundle.close();
  fs.writeFileSync(join(scripts, 'holder.mjs'), HOLDER_SCRIPT);
});

beforeEach(() => {
  directory = fs.mkdtempSync(join(os.tmpdir(), 'varve-vfs-'));
  lockPath = join(directory, 'LOCK');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  for (const lock of locks.splice(0)) lock.release();
  await Promise.all(children.splice(0).map((child) => kill(child)));
  fs.rmSync(directory, { recursive: true });
});

afterAll(() => fs.rmSync(scripts, { recursive: true }));

function lock(owner = 'this test'): FileLock {
  const taken = fileSystem.lockSync(lockPath, owner);
  locks.push(taken);
  return taken;
}

function failWrites(errno: Errno): void {
  vi.spyOn(fs, 'writeSync').mockImplementation(() => {
    throw systemError(errno);
  });
}

/** Starts a process that tries to take the lock; gives it and the first line it prints. */
async function startHolder(environment: NodeJS.ProcessEnv) {
  const script = join(scripts, 'holder.mjs');
  const child = spawn(process.execPath, [script, lockPath, 'the other process'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout! });
  const [outcome] = (await once(lines, 'line')) as [string];
  return { child, lines, outcome };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const environmentWithFlock = { ...process.env };
const withoutFlock = (): NodeJS.ProcessEnv => ({ ...environmentWithFlock, PATH: '/nonexistent' });

describe.each(['kernel', 'pid'] as const)('NodeFileSystem.lockSync, %s lock', (kind) => {
  const environment = kind === 'pid' ? withoutFlock() : environmentWithFlock;

  beforeEach(() => {
    if (kind === 'pid') vi.stubEnv('PATH', '/nonexistent');
  });

  test('P2: excludes another process and names it', async () => {
    const holder = await startHolder(environment);
    expect(holder.outcome).toBe('locked');
    expect(() => lock()).toThrow(
      `Cannot lock ${lockPath}: held by process ${holder.child.pid} on ${os.hostname()} (the other process)`,
    );
    expect(() => lock()).toThrow(expect.objectContaining({ code: 'LOCKED', retryable: true }));
  });

  test('P2: ends when its process is killed', async () => {
    const holder = await startHolder(environment);
    expect(() => lock()).toThrow('held by process');
    await kill(holder.child);
    lock();
    expect(JSON.parse(fs.readFileSync(lockPath, 'utf8'))).toMatchObject({ pid: process.pid });
  });

  test('ends when the other process releases it', async () => {
    const holder = await startHolder(environment);
    holder.child.stdin?.write('release\n');
    await once(holder.lines, 'line');
    lock();
  });

  test('is refused to another process while held here', async () => {
    const held = lock();
    expect((await startHolder(environment)).outcome).toBe('LOCKED');
    held.release();
    expect((await startHolder(environment)).outcome).toBe('locked');
  });

  test('notes its holder in the file, and empties it in the end', () => {
    const held = lock('varve 0.1.0');
    expect(JSON.parse(fs.readFileSync(lockPath, 'utf8'))).toEqual({
      pid: process.pid,
      startTime: expect.stringMatching(/^\d+$/),
      bootId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      host: os.hostname(),
      lock: kind,
      owner: 'varve 0.1.0',
    });
    held.release();
    expect(fs.readFileSync(lockPath, 'utf8')).toBe('');
  });

  test('P3: does not heed the text of a process that is gone', async () => {
    const holder = await startHolder(environment);
    await kill(holder.child);
    const stale = fs.readFileSync(lockPath, 'utf8');
    expect(stale).toContain(`"pid":${holder.child.pid}`);
    // The same pid, given to another process: only the start time tells them apart.
    const reused = { ...JSON.parse(stale), pid: process.pid };
    fs.writeFileSync(lockPath, JSON.stringify(reused));
    lock();
  });

  test.each(['', '{', 'null', '[]', '{"pid":-1}', '{"pid":"1"}', '\0\0\0\0', 'x'.repeat(10_000)])(
    'does not heed a text that is not its own: %j',
    (text) => {
      fs.writeFileSync(lockPath, text);
      lock();
    },
  );
});

describe('NodeFileSystem.lockSync', () => {
  test('with flock respects a lock that was taken without', async () => {
    const holder = await startHolder(withoutFlock());
    expect(holder.outcome).toBe('locked');
    expect(() => lock()).toThrow(`held by process ${holder.child.pid}`);
    await kill(holder.child);
    lock();
  });

  test('without flock respects a lock that was taken with it', async () => {
    vi.stubEnv('PATH', '/nonexistent');
    const holder = await startHolder(environmentWithFlock);
    expect(holder.outcome).toBe('locked');
    expect(() => lock()).toThrow(`held by process ${holder.child.pid}`);
  });

  test('without flock cannot judge a process of another host, and lets it be', () => {
    vi.stubEnv('PATH', '/nonexistent');
    const holder = { pid: 1, host: 'elsewhere', owner: 'x', lock: 'pid' };
    fs.writeFileSync(lockPath, JSON.stringify(holder));
    expect(() => lock()).toThrow('held by process 1 on elsewhere (x)');
  });

  test('P3: without flock a text from before the machine started is void', () => {
    vi.stubEnv('PATH', '/nonexistent');
    const held = lock();
    const holder = JSON.parse(fs.readFileSync(lockPath, 'utf8'));
    held.release();
    fs.writeFileSync(lockPath, JSON.stringify(holder));
    expect(() => lock()).toThrow(`held by process ${process.pid}`);
    fs.writeFileSync(lockPath, JSON.stringify({ ...holder, bootId: 'earlier' }));
    lock();
  });

  test('does not name a holder that is gone while the new one has not written its name', async () => {
    const gone = await startHolder(environmentWithFlock);
    const text = fs.readFileSync(lockPath, 'utf8');
    await kill(gone.child);
    lock();
    fs.writeFileSync(lockPath, text);
    expect(() => lock()).toThrow(`Cannot lock ${lockPath}: held by another process`);
  });

  test('without flock keeps its own lock though somebody emptied the file', () => {
    vi.stubEnv('PATH', '/nonexistent');
    lock();
    fs.truncateSync(lockPath);
    expect(() => lock()).toThrow(`Cannot lock ${lockPath}: held by another process`);
  });

  test.each(['ENOSPC', 'EDQUOT'] as const)(
    'with flock needs no space for its text: %s',
    async (errno) => {
      failWrites(errno);
      lock();
      expect(fs.readFileSync(lockPath, 'utf8')).toBe('');
      expect((await startHolder(environmentWithFlock)).outcome).toBe('LOCKED');
      expect(() => lock()).toThrow(`Cannot lock ${lockPath}: held by another process`);
    },
  );

  test('with flock tells of other failures of its text, and is free then', () => {
    failWrites('EIO');
    expect(() => lock()).toThrow(expect.objectContaining({ code: 'IO' }));
    vi.restoreAllMocks();
    lock();
  });

  test('without flock is not taken on a full disk: its text is the lock', () => {
    vi.stubEnv('PATH', '/nonexistent');
    failWrites('ENOSPC');
    expect(() => lock()).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    vi.restoreAllMocks();
    lock();
  });

  test('shows no control characters from the file', () => {
    lock();
    const text = fs.readFileSync(lockPath, 'utf8');
    fs.writeFileSync(lockPath, text.replace('this test', '\\u001b[31m\\n'));
    expect(() => lock()).toThrow(/\( {1}\[31m {1}\)$/);
  });

  test('locks the file that has the name, not one that was replaced meanwhile', () => {
    const realLstat = fs.lstatSync.bind(fs) as (...to: unknown[]) => fs.BigIntStats;
    let replaceCount = 0;
    vi.spyOn(fs, 'lstatSync').mockImplementation(((...to: unknown[]) => {
      if (replaceCount++ === 0) {
        fs.unlinkSync(lockPath);
        fs.writeFileSync(lockPath, '');
      }
      return realLstat(...to);
    }) as never);
    lock();
    vi.restoreAllMocks();
    expect(() => lock()).toThrow('held by process');
  });

  test('gives up on a file that is removed again and again', () => {
    vi.spyOn(fs, 'lstatSync').mockImplementation(() => undefined as never);
    expect(() => lock()).toThrow(`Cannot lock ${lockPath}: the file keeps being replaced`);
  });

  test('reports a flock program that fails', () => {
    fs.writeFileSync(join(directory, 'flock'), '#!/bin/sh\necho "bad weather" >&2\nexit 71\n');
    fs.chmodSync(join(directory, 'flock'), 0o700);
    vi.stubEnv('PATH', directory);
    expect(() => lock()).toThrow(`Cannot lock ${lockPath}: flock failed: bad weather`);
    fs.chmodSync(join(directory, 'flock'), 0o600);
    expect(() => lock()).toThrow(expect.objectContaining({ code: 'IO' }));
  });

  test('P2: leaves exactly one winner when several processes race', async () => {
    for (let round = 0; round < 3; round++) {
      const racers = await Promise.all(
        Array.from({ length: 4 }, () => startHolder(environmentWithFlock)),
      );
      const outcomes = racers.map(({ outcome }) => outcome).sort();
      expect(outcomes).toEqual(['LOCKED', 'LOCKED', 'LOCKED', 'locked']);
      await Promise.all(racers.map(({ child }) => kill(child)));
    }
  });
});
