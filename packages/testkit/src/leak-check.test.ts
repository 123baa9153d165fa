import { EventEmitter } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LeakCheck, openFiles } from './leak-check.js';

const isLinux = process.platform === 'linux';
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'varve-leak-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

describe.runIf(isLinux)('openFiles', () => {
  test('shows files and directories, not the pipes of the process', () => {
    const path = join(directory, 'shown');
    const descriptor = openSync(path, 'w');
    expect(openFiles().get(descriptor)).toBe(path);
    closeSync(descriptor);
    expect(openFiles().has(descriptor)).toBe(false);
    for (const shown of openFiles().values()) expect(shown).toMatch(/^\/(?!dev|proc)/);
  });
});

describe('LeakCheck', () => {
  test('finds nothing where nothing is left, nor what was there before', async () => {
    const descriptor = openSync(join(directory, 'before'), 'w');
    const check = new LeakCheck();
    check.start();
    closeSync(openSync(join(directory, 'closed'), 'w'));
    expect(await check.findings()).toEqual([]);
    closeSync(descriptor);
  });

  test.runIf(isLinux)('names a file that is left open', async () => {
    const path = join(directory, 'left');
    const check = new LeakCheck();
    check.start();
    const descriptor = openSync(path, 'w');
    expect(await check.findings(30)).toEqual([
      `file left open: ${path} (descriptor ${descriptor})`,
    ]);
    closeSync(descriptor);
    expect(await check.findings()).toEqual([]);
  });

  test('names a worker that is left running, and waits for one that is ending', async () => {
    const check = new LeakCheck();
    check.start();
    const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
    const { threadId } = worker;
    expect(await check.findings(30)).toEqual([`worker left running: thread ${threadId}`]);
    void worker.terminate();
    expect(await check.findings()).toEqual([]);
  });

  test('names a rejection that nobody handled, once', async () => {
    const events = new EventEmitter();
    const check = new LeakCheck(events);
    check.start();
    events.emit('unhandledRejection', new Error('lost'));
    expect(await check.findings(30)).toEqual(['promise rejected and not handled: Error: lost']);
    check.start();
    expect(await check.findings()).toEqual([]);
  });
});
