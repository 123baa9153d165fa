// Approach: a clock moved by hand and a stream that says it is a terminal and keeps what is drawn on it.

import { PassThrough, Writable } from 'node:stream';
import type { Clock } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { Progress } from './progress.js';
import { Terminal } from './terminal.js';

function setUp(isTTY: boolean) {
  let drawn = '';
  const stderr = Object.assign(
    new Writable({
      write(chunk, _encoding, done) {
        drawn += String(chunk);
        done();
      },
    }),
    { isTTY, columns: 100 },
  );
  const terminal = new Terminal({
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr,
    environment: { NO_COLOR: '1' },
  });
  const time = { nowMs: 1000 };
  const clock = { monotonicMs: () => time.nowMs } as Clock;
  return { terminal, clock, time, drawn: () => drawn };
}

describe('Progress', () => {
  test('stays quiet when the step is quick', () => {
    const { terminal, clock, time, drawn } = setUp(true);
    const progress = new Progress(terminal, { label: 'Reading', noun: 'lines', total: 10, clock });
    time.nowMs += 200;
    progress.update(10);
    expect(progress.finish()).toBe(200);
    expect(drawn()).toBe('');
  });

  test('draws the share, the count and the rate once it takes longer', () => {
    const { terminal, clock, time, drawn } = setUp(true);
    using progress = new Progress(terminal, { label: 'Reading', noun: 'lines', total: 10, clock });
    time.nowMs += 1000;
    progress.update(5, 4000);
    expect(drawn()).toContain('50.0 %  4,000 lines  4.00 k/s  1.0 s left');
  });

  test('takes the total when it becomes known', () => {
    const { terminal, clock, time, drawn } = setUp(true);
    using progress = new Progress(terminal, { label: 'Reading', noun: 'lines', clock });
    time.nowMs += 1000;
    progress.update(5);
    expect(drawn()).not.toContain('%');
    time.nowMs += 1000;
    progress.expect(20);
    progress.finish();
    expect(drawn()).toContain('25.0 %');
  });

  test('gives the cursor back at the end', () => {
    const { terminal, clock, time, drawn } = setUp(true);
    const progress = new Progress(terminal, { label: 'Reading', noun: 'lines', clock });
    time.nowMs += 1000;
    progress.update(5);
    expect(drawn()).toContain('\u001b[?25l');
    expect(drawn()).not.toContain('\u001b[?25h');
    progress.finish();
    expect(drawn()).toContain('\u001b[?25h');
  });

  test('draws nothing when nobody watches', () => {
    const { terminal, clock, time, drawn } = setUp(false);
    const progress = new Progress(terminal, { label: 'Reading', noun: 'lines', total: 10, clock });
    time.nowMs += 5000;
    progress.update(5);
    progress.finish();
    expect(drawn()).toBe('');
  });
});
