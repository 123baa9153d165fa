// What a program takes from its process: the streams in the shape a Terminal takes, and Ctrl-C.

import { ExitCode } from '../failures.js';
import { openStandardOutputFile } from './standard-output.js';
import type { TerminalStreams } from './terminal.js';

/** The process around a run of the command line; a test has its own. */
export interface ProcessParts {
  readonly streams: TerminalStreams;
  /** Called once with the function that interrupts what is running. */
  readonly onInterruptible: (interrupt: () => void) => void;
}

/** This process. Standard input is opened only when it is asked for: an open one keeps the process alive. */
export const processParts: ProcessParts = {
  streams: {
    get stdin() {
      return process.stdin;
    },
    stdout: openStandardOutputFile() ?? process.stdout,
    stderr: process.stderr,
    environment: process.env,
  },
  onInterruptible(interrupt) {
    // The first Ctrl-C lets the command close the store; the second is for when that takes too long.
    process.once('SIGINT', () => {
      interrupt();
      process.once('SIGINT', () => process.exit(ExitCode.interrupted));
    });
  },
};
