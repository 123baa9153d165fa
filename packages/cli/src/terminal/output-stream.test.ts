// Approach: real Writable streams that accept, refuse or delay, so that the behaviour under a closed pipe
// and under back pressure is the one of Node.

import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { OutputStream } from './output-stream.js';

function collecting() {
  const chunks: string[] = [];
  const target = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { chunks, target };
}

function failing(code: string) {
  return new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error(`write ${code}`), { code, syscall: 'write' }));
    },
  });
}

describe('OutputStream', () => {
  test('gathers small writes into one', async () => {
    const { chunks, target } = collecting();
    const output = new OutputStream(target);
    output.write('a');
    output.writeLine('b');
    output.writeLine();
    await output.flush();
    expect(chunks).toEqual(['ab\n\n']);
  });

  test('keeps the order of text and bytes', async () => {
    const { chunks, target } = collecting();
    const output = new OutputStream(target);
    output.write('text ');
    await output.writeBytes(new TextEncoder().encode('bytes'));
    output.write(' more');
    await output.flush();
    expect(chunks.join('')).toBe('text bytes more');
  });

  test('becomes full at 64 Ki characters', () => {
    const output = new OutputStream(collecting().target);
    output.write('x'.repeat(65_535));
    expect(output.isFull).toBe(false);
    output.write('x');
    expect(output.isFull).toBe(true);
  });

  test('is quietly closed when the reader leaves', async () => {
    const output = new OutputStream(failing('EPIPE'));
    output.write('line\n');
    await output.flush();
    expect(output.closed).toBe(true);
    output.write('more');
    await output.flush();
    expect(output.isFull).toBe(false);
  });

  test('throws when writing fails for another reason', async () => {
    const output = new OutputStream(failing('ENOSPC'));
    output.write('line\n');
    await expect(output.flush()).rejects.toThrow('ENOSPC');
  });

  test('lets the process look at its signals, also when the reader takes everything at once', async () => {
    const output = new OutputStream(collecting().target);
    let hasTurned = false;
    setImmediate(() => {
      hasTurned = true;
    });
    output.write('line');
    await output.flush();
    expect(hasTurned).toBe(true);
  });

  test('waits for a slow reader', async () => {
    let release = () => {};
    const target = new Writable({
      write(_chunk, _encoding, done) {
        release = done;
      },
    });
    const output = new OutputStream(target);
    output.write('line');
    let isFlushed = false;
    const flushing = output.flush().then(() => {
      isFlushed = true;
    });
    await new Promise(setImmediate);
    expect(isFlushed).toBe(false);
    release();
    await flushing;
    expect(isFlushed).toBe(true);
  });
});
