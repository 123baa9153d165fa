// Runs another program, named by its path, inside a worker thread.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

const worker = new Worker(pathToFileURL(resolve(process.argv[2])));
worker.on('error', (error) => {
  console.error(error);
  process.exitCode = 1;
});
