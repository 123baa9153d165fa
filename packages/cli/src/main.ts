#!/usr/bin/env node
// The program `varve`: the command line with the streams, signals and exit code of this process.

import { createRequire } from 'node:module';
import { runVarve } from './command-line.js';
import { ExitCode } from './failures.js';
import { processStreams } from './terminal/process-streams.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

process.exitCode = await runVarve(process.argv.slice(2), {
  streams: processStreams,
  version,
  onInterruptible: (interrupt) => {
    // The first Ctrl-C lets the command close the store; the second is for when that takes too long.
    process.once('SIGINT', () => {
      interrupt();
      process.once('SIGINT', () => process.exit(ExitCode.interrupted));
    });
  },
});
