// What the system may answer when the program for the lock is to be started.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { NodeFileSystem } from './node-file-system.js';

vi.mock('node:child_process', () => ({ spawnSync: vi.fn() }));

const directory = mkdtempSync(join(tmpdir(), 'varve-lock-'));
afterAll(() => rmSync(directory, { recursive: true }));

test.each([
  ['ENOMEM', 'BUSY', true, 'smaller memoryBudgetBytes'],
  ['EAGAIN', 'BUSY', true, 'smaller memoryBudgetBytes'],
  ['EACCES', 'IO', false, 'Cannot lock'],
] as const)('%s is told as %s', (errno, code, retryable, text) => {
  const error = Object.assign(new Error(`spawnSync flock ${errno}`), { code: errno });
  vi.mocked(spawnSync).mockReturnValue({ error } as unknown as ReturnType<typeof spawnSync>);
  const lock = () => new NodeFileSystem().lockSync(join(directory, 'LOCK'), 'test');
  expect(lock).toThrow(
    expect.objectContaining({ code, retryable, message: expect.stringContaining(text) }),
  );
});
