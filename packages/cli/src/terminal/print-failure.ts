// The end of a program that failed: what was answered so far, then the message and what to do about it.

import { reportFailure } from '../failures.js';
import type { Terminal } from './terminal.js';

/** Prints a failure to standard error and gives the exit code. Never throws. */
export async function printFailure(terminal: Terminal, error: unknown): Promise<number> {
  // What was answered before the failure belongs above the message; that it cannot be written may be the failure.
  await terminal.output.flush().catch(() => {});
  const { advice, exitCode, message, stack } = reportFailure(error);
  const palette = terminal.noticePalette;
  const lines = [
    ...(stack === undefined ? [] : [palette.quiet(stack)]),
    `${palette.bad('error:')} ${message}`,
    ...(advice === undefined ? [] : [advice]),
  ];
  // Where to say that it cannot be said?
  await terminal.notice(lines.join('\n')).catch(() => {});
  return exitCode;
}
