// Approach: real files in a temporary directory.

import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  closeOutputFile,
  createOutputFile,
  createTemporaryDirectory,
  kindOfPath,
  openInput,
  removeTemporaryDirectory,
} from './files.js';
import { Terminal } from './terminal/terminal.js';

let directory = '';
beforeEach(() => {
  directory = createTemporaryDirectory('varve-files-');
});
afterEach(() => removeTemporaryDirectory(directory));

const stdin = new PassThrough();
const terminal = new Terminal({
  stdin,
  stdout: new PassThrough(),
  stderr: new PassThrough(),
  environment: {},
});

describe('openInput', () => {
  test('reads a file through a symbolic link and counts its bytes', async () => {
    writeFileSync(join(directory, 'real'), 'hello');
    symlinkSync(join(directory, 'real'), join(directory, 'link.csv'));
    const source = openInput(join(directory, 'link.csv'), terminal);
    expect([source.name, source.sizeBytes, source.bytesRead]).toEqual(['link.csv', 5, 0]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.chunks) {
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).toString()).toBe('hello');
    expect(source.bytesRead).toBe(5);
  });

  test('reads standard input for -', async () => {
    const source = openInput('-', terminal);
    expect([source.name, source.sizeBytes]).toEqual(['standard input', undefined]);
    stdin.end('typed');
    for await (const chunk of source.chunks) {
      expect(String(chunk)).toBe('typed');
    }
    expect(source.bytesRead).toBe(5);
  });

  test('says what is wrong with a path', () => {
    expect(() => openInput(join(directory, 'none'), terminal)).toThrow('there is no such file');
    expect(() => openInput(directory, terminal)).toThrow('it is a directory');
  });
});

describe('createOutputFile', () => {
  test('refuses to replace a file unless told to', async () => {
    const path = join(directory, 'out');
    const stream = await createOutputFile(path, { existing: 'refuse' });
    stream.write('one');
    await closeOutputFile(stream);
    expect(readFileSync(path, 'utf8')).toBe('one');
    await expect(createOutputFile(path, { existing: 'refuse' })).rejects.toThrow('exists already');
    await closeOutputFile(await createOutputFile(path, { existing: 'replace' }));
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  test('says that the directory does not exist', async () => {
    const path = join(directory, 'no', 'out');
    await expect(createOutputFile(path, { existing: 'refuse' })).rejects.toThrow('no such file');
  });
});

describe('kindOfPath', () => {
  test('tells directories, files and nothing apart', () => {
    writeFileSync(join(directory, 'a'), '');
    expect([directory, join(directory, 'a'), join(directory, 'b')].map(kindOfPath)).toEqual([
      'directory',
      'file',
      'nothing',
    ]);
  });
});

describe('removeTemporaryDirectory', () => {
  test('removes everything in it', () => {
    writeFileSync(join(directory, 'a'), '');
    removeTemporaryDirectory(directory);
    expect(existsSync(directory)).toBe(false);
  });
});
