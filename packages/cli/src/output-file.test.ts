// Approach: real files, links and pipes in a temporary directory; after each the directory is listed, so that nothing is
// left behind.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTemporaryDirectory, removeTemporaryDirectory } from './files.js';
import { createOutputFile, type ExistingFile } from './output-file.js';

let directory = '';
beforeEach(() => {
  directory = createTemporaryDirectory('varve-output-');
});
afterEach(() => removeTemporaryDirectory(directory));

const pathOf = (name: string) => join(directory, name);
const contentOf = (name: string) => readFileSync(pathOf(name), 'utf8');

async function write(name: string, existing: ExistingFile) {
  const file = await createOutputFile(pathOf(name), { existing });
  file.stream.write('new');
  return file;
}

describe('createOutputFile', () => {
  test('refuses to replace a file unless told to', async () => {
    await (await write('out', 'refuse')).complete();
    expect(contentOf('out')).toBe('new');
    await expect(write('out', 'refuse')).rejects.toThrow('exists already');
    await (await createOutputFile(pathOf('out'), { existing: 'replace' })).complete();
    expect(contentOf('out')).toBe('');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('says that the directory does not exist', async () => {
    await expect(write('no/out', 'refuse')).rejects.toThrow('no such file');
    await expect(write('no/out', 'replace')).rejects.toThrow('no such file');
  });

  test('refuses a directory', async () => {
    await expect(write('.', 'replace')).rejects.toThrow('it is a directory');
  });
});

describe('OutputFile', () => {
  test('leaves the file it replaces as it is until it is complete', async () => {
    writeFileSync(pathOf('out'), 'old');
    const file = await write('out', 'replace');
    expect(contentOf('out')).toBe('old');
    await file.complete();
    expect(contentOf('out')).toBe('new');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('leaves what was there before when it is abandoned', async () => {
    writeFileSync(pathOf('out'), 'old');
    await (await write('out', 'replace')).abandon();
    await (await write('none', 'replace')).abandon();
    await (await write('none', 'refuse')).abandon();
    expect(contentOf('out')).toBe('old');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('is never complete after a failure', async () => {
    writeFileSync(pathOf('out'), 'old');
    const file = await write('out', 'replace');
    file.stream.on('error', () => {});
    file.stream.destroy(new Error('broken'));
    await expect(file.complete()).rejects.toThrow('broken');
    await file.abandon();
    expect(contentOf('out')).toBe('old');
    expect(readdirSync(directory)).toEqual(['out']);
  });

  test('keeps the permissions of the file it replaces', async () => {
    writeFileSync(pathOf('out'), 'old');
    chmodSync(pathOf('out'), 0o662);
    await (await write('out', 'replace')).complete();
    expect(statSync(pathOf('out')).mode & 0o777).toBe(0o662);
  });

  test.each([['there'], ['not there']])(
    'replaces the target of a link, which stays: the target is %s',
    async (target) => {
      mkdirSync(pathOf('far'));
      writeFileSync(pathOf('far/there'), 'old');
      symlinkSync('far/link', pathOf('out'));
      symlinkSync(target, pathOf('far/link'));
      await (await write('out', 'replace')).complete();
      expect(contentOf(`far/${target}`)).toBe('new');
      expect(lstatSync(pathOf('out')).isSymbolicLink()).toBe(true);
      expect(lstatSync(pathOf('far/link')).isSymbolicLink()).toBe(true);
      expect(readdirSync(directory)).toEqual(['far', 'out']);
      expect(readdirSync(pathOf('far')).toSorted()).toEqual(
        [...new Set(['link', target, 'there'])].toSorted(),
      );
    },
  );

  test.skipIf(process.platform === 'win32')('writes to a pipe and never removes it', async () => {
    execFileSync('mkfifo', [pathOf('pipe')]);
    const reading = readFile(pathOf('pipe'), 'utf8');
    await (await write('pipe', 'replace')).complete();
    expect(await reading).toBe('new');
    const second = readFile(pathOf('pipe'), 'utf8');
    await (await write('pipe', 'replace')).abandon();
    await second;
    expect(statSync(pathOf('pipe')).isFIFO()).toBe(true);
  });
});
