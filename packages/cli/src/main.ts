// The program `varve`: the command line with the streams, signals and exit code of this process.

import { createRequire } from 'node:module';
import { runVarve } from './command-line.js';
import { processParts } from './terminal/process-parts.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

process.exitCode = await runVarve(process.argv.slice(2), { ...processParts, version });
