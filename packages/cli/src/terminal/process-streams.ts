// The streams of this process in the shape a Terminal takes. Standard input is opened only when it is asked for: an
// open one keeps the process alive.

import type { TerminalStreams } from './terminal.js';

/** Standard input, output and error of this process, and its environment. */
export const processStreams: TerminalStreams = {
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
};
