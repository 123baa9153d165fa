// The process that is killed: opens the database and writes batches until it dies, synchronous and asynchronous ones, with
// flushes and compactions in between.
//
//   writer-main.js <directory> <durability> <seed of the workload> <seed of this process>
//
// Says on its standard output, one line each: `open` when it begins to write, `issue <n>` before batch n, `ack <n>` after
// it is acknowledged. What is in a pipe survives the process.

import { writeSync } from 'node:fs';
import { createRandom } from '@varve/base';
import { type Durability, open } from '@varve/engine';
import {
  DATABASE_OPTIONS,
  nextBatch,
  openKeyspaces,
  operationsOf,
  readContent,
} from './workload.js';

const [directory, durability, workloadSeed, processSeed] = process.argv.slice(2);
const STANDARD_OUTPUT = 1;
/** Batches that are under way at most. */
const WINDOW = 64;
const PAUSE_MS = 1;
const pause = new Int32Array(new SharedArrayBuffer(4));

const random = createRandom(Number(processSeed));
const database = await open(directory!, {
  ...DATABASE_OPTIONS,
  durability: durability as Durability,
});
const keyspaces = await openKeyspaces(database);
const content = readContent(keyspaces);
const underWay = new Set<Promise<void>>();
say('open');
for (;;) await step();

async function step(): Promise<void> {
  const choice = random.below(200);
  if (choice === 0) follow(database.flush());
  else if (choice === 1) follow(database.compact({ keyspace: 'records' }));
  else if (choice < 60) writeSynchronously();
  else await writeSome();
}

function writeSynchronously(): void {
  const changes = nextBatch(content, Number(workloadSeed));
  const { last } = content;
  say(`issue ${last}`);
  database.batchSync(operationsOf(keyspaces, { last, changes }));
  say(`ack ${last}`);
}

/** A few batches in one turn of the event loop, which share a record of the log. */
async function writeSome(): Promise<void> {
  const count = 1 + random.below(8);
  for (let index = 0; index < count; index++) {
    const changes = nextBatch(content, Number(workloadSeed));
    const { last } = content;
    say(`issue ${last}`);
    const done = database.batch(operationsOf(keyspaces, { last, changes }));
    follow(done.then(() => say(`ack ${last}`)));
  }
  if (underWay.size > WINDOW || random.below(3) === 0) await Promise.race(underWay);
}

function follow(promise: Promise<void>): void {
  const followed = promise.finally(() => underWay.delete(followed));
  underWay.add(followed);
}

/** Returns once the line is in the pipe, which may be full: whoever reads it shares the processors with this process. */
function say(line: string): void {
  let rest = Buffer.from(`${line}\n`);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(STANDARD_OUTPUT, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, PAUSE_MS);
    }
  }
}
