// What one run of the command line shares between its parts.

import type { Terminal } from '../terminal/terminal.js';

/** One run. A command sets `exitCode` when the answer is "not so" without anything having failed. */
export interface Session {
  readonly terminal: Terminal;
  exitCode: number;
}
