// Approach: real files. That the program ends with 1 on a full disk is in main.test.ts.

import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTemporaryDirectory, removeTemporaryDirectory } from '../files.js';
import { OutputStream } from './output-stream.js';
import { openStandardOutputFile } from './standard-output.js';

let directory = '';
beforeEach(() => {
  directory = createTemporaryDirectory('varve-stdout-');
});
afterEach(() => removeTemporaryDirectory(directory));

describe('openStandardOutputFile', () => {
  test('writes all to a file, in order', async () => {
    const path = join(directory, 'out');
    const descriptor = openSync(path, 'w');
    const output = new OutputStream(openStandardOutputFile(descriptor)!);
    output.write('é'.repeat(100_000));
    await output.writeBytes(new Uint8Array([0x62]));
    output.write('c');
    await output.flush();
    closeSync(descriptor);
    expect(readFileSync(path, 'utf8')).toBe(`${'é'.repeat(100_000)}bc`);
  });

  test('is for files only', () => {
    const descriptor = openSync('/dev/null', 'w');
    expect(openStandardOutputFile(descriptor)).toBeUndefined();
    closeSync(descriptor);
  });

  test('fails when it cannot be written', async () => {
    const path = join(directory, 'out');
    closeSync(openSync(path, 'w'));
    const descriptor = openSync(path, 'r');
    const output = new OutputStream(openStandardOutputFile(descriptor)!);
    output.write('a');
    await expect(output.flush()).rejects.toThrow('EBADF');
    closeSync(descriptor);
  });
});
