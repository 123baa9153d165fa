// Approach: real files in a temporary directory.

import { once } from 'node:events';
import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotSoError } from './failures.js';
import {
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
    const source = await openInput(join(directory, 'link.csv'), terminal);
    expect([source.name, source.sizeBytes, source.bytesRead]).toEqual(['link.csv', 5, 0]);
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.chunks) {
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).toString()).toBe('hello');
    expect(source.bytesRead).toBe(5);
  });

  test('reads standard input for -', async () => {
    const source = await openInput('-', terminal);
    expect([source.name, source.sizeBytes]).toEqual(['standard input', undefined]);
    stdin.end('typed');
    for await (const chunk of source.chunks) {
      expect(String(chunk)).toBe('typed');
    }
    expect(source.bytesRead).toBe(5);
  });

  test('says what is wrong with a path', async () => {
    const none = join(directory, 'none');
    await expect(openInput(none, terminal)).rejects.toThrow('there is no such file');
    await expect(openInput(directory, terminal)).rejects.toThrow('it is a directory');
  });

  test('says that a file cannot be opened, before it is read', async () => {
    // Not even root can open a socket as a file.
    const path = join(directory, 'socket');
    const server = createServer().listen(path);
    await once(server, 'listening');
    await expect(openInput(path, terminal)).rejects.toThrow(NotSoError);
    await expect(openInput(path, terminal)).rejects.toThrow(`Cannot read ${path}`);
    server.close();
    await once(server, 'close');
  });

  test('can be closed without being read, and after', async () => {
    writeFileSync(join(directory, 'a'), 'hello');
    const source = await openInput(join(directory, 'a'), terminal);
    await source[Symbol.asyncDispose]();
    await source[Symbol.asyncDispose]();
    await expect(source.chunks[Symbol.asyncIterator]().next()).rejects.toThrow();
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
