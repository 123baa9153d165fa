import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandRunner } from './command.js';
import { linkDependencies, withWorktree } from './worktree.js';

const AUTHOR = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'varve-worktree-test-')));
  git('init', '--quiet');
  writeFileSync(join(root, 'engine.txt'), 'old');
  git('add', '.');
  git(...AUTHOR, 'commit', '--quiet', '--no-verify', '--no-gpg-sign', '--message', 'first');
  writeFileSync(join(root, 'engine.txt'), 'new');
});

afterEach(() => rmSync(root, { recursive: true }));

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: root, encoding: 'utf8' });
}

function worktreeCount(): number {
  return git('worktree', 'list').trimEnd().split('\n').length;
}

/** Stands in for installing and compiling. */
async function fakeBuild(path: string): Promise<void> {
  writeFileSync(join(path, 'built.txt'), `built ${readFileSync(join(path, 'engine.txt'), 'utf8')}`);
}

function optionsWith(signal = new AbortController().signal) {
  return { root, run: commandRunner(signal), prepare: fakeBuild };
}

test('hands over the revision, built, and leaves no worktree', async () => {
  let seen = '';
  const use = async (path: string): Promise<string> => {
    seen = path;
    expect(worktreeCount()).toBe(2);
    return readFileSync(join(path, 'built.txt'), 'utf8');
  };
  expect(await withWorktree('HEAD', { ...optionsWith(), use })).toBe('built old');
  expect(existsSync(seen)).toBe(false);
  expect(worktreeCount()).toBe(1);
  expect(readFileSync(join(root, 'engine.txt'), 'utf8')).toBe('new');
});

test('leaves no worktree when the build fails', async () => {
  const prepare = async (): Promise<void> => {
    throw new Error('does not compile');
  };
  const options = { ...optionsWith(), prepare, use: async () => {} };
  await expect(withWorktree('HEAD', options)).rejects.toThrow('does not compile');
  expect(worktreeCount()).toBe(1);
});

test('leaves no worktree when it is interrupted while measuring', async () => {
  const interruption = new AbortController();
  const options = optionsWith(interruption.signal);
  const use = async (path: string): Promise<string> => {
    interruption.abort();
    return options.run('git', ['status'], { directory: path });
  };
  await expect(withWorktree('HEAD', { ...options, use })).rejects.toThrow(/abort/i);
  expect(worktreeCount()).toBe(1);
});

test('refuses a revision that git does not know', async () => {
  const options = { ...optionsWith(), use: async () => {} };
  await expect(withWorktree('no-such-revision', options)).rejects.toThrow('no-such-revision');
  expect(worktreeCount()).toBe(1);
});

test('linked dependencies lead to the packages of the tree they are in', () => {
  const other = join(root, 'other');
  for (const tree of [root, other]) mkdirSync(join(tree, 'packages/engine'), { recursive: true });
  mkdirSync(join(root, 'node_modules'));
  mkdirSync(join(root, 'packages/engine/node_modules/@varve'), { recursive: true });
  symlinkSync('../../../base', join(root, 'packages/engine/node_modules/@varve/base'));
  linkDependencies(other, root);
  expect(readlinkSync(join(other, 'packages/engine/node_modules/@varve/base'))).toBe(
    '../../../base',
  );
  expect(readlinkSync(join(other, 'node_modules'))).toBe(join(root, 'node_modules'));
});
