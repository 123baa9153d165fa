// Approach: an answer without an end, to readers that stop it in every way there is.

import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { InterruptedError } from '../failures.js';
import { Terminal } from './terminal.js';

const LINE = `${'x'.repeat(99)}\n`;
/** What one write takes: a full buffer, to the line. */
const LINES_PER_WRITE = 656;

/** A terminal whose reader does `onWrite` and then takes the write, or leaves. */
function terminalWith(onWrite: (done: (error?: Error) => void) => void): Terminal {
  const stdout = new Writable({ write: (_chunk, _encoding, done) => onWrite(done) });
  const stdin = new PassThrough().end();
  return new Terminal({ stdin, stdout, stderr: new PassThrough(), environment: {} });
}

/** Lines without end, and how many were made. */
function endlessLines() {
  const counter = { lineCount: 0, hasEnded: false };
  function* lines() {
    try {
      for (;;) {
        counter.lineCount += 1;
        yield LINE;
      }
    } finally {
      counter.hasEnded = true;
    }
  }
  return { counter, lines: lines() };
}

describe('Terminal.writeAll', () => {
  test('ends when the reader leaves', async () => {
    const terminal = terminalWith((done) =>
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
    );
    const { counter, lines } = endlessLines();
    await terminal.writeAll(lines);
    expect(counter).toEqual({ lineCount: LINES_PER_WRITE, hasEnded: true });
  });

  test('ends at Ctrl-C', async () => {
    let writeCount = 0;
    const terminal = terminalWith((done) => {
      writeCount += 1;
      if (writeCount === 3) {
        setImmediate(() => terminal.interrupt());
      }
      done();
    });
    const { counter, lines } = endlessLines();
    await expect(terminal.writeAll(lines)).rejects.toThrow(InterruptedError);
    expect(counter).toEqual({ lineCount: 3 * LINES_PER_WRITE, hasEnded: true });
  });

  test('makes no more while the reader is busy', async () => {
    let finish: (error?: Error) => void = () => {};
    const terminal = terminalWith((done) => {
      finish = done;
    });
    const { counter, lines } = endlessLines();
    const writing = terminal.writeAll(lines);
    await new Promise(setImmediate);
    expect(counter.lineCount).toBe(LINES_PER_WRITE);
    finish(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await writing;
    expect(counter).toEqual({ lineCount: LINES_PER_WRITE, hasEnded: true });
  });

  test('leaves the last lines to the end of the command', async () => {
    let text = '';
    const terminal = terminalWith((done) => {
      text += 'written';
      done();
    });
    await terminal.writeAll(['a', 'b']);
    expect(text).toBe('');
    await terminal.output.flush();
    expect(text).toBe('written');
  });
});
