// The thread of the watchdog: see watchdog.ts.

import { writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import type { WatchdogData } from './watchdog.js';

const POLLS_PER_PATIENCE = 10;
const FRAME_COUNT_MAX = 20;
/** Time for the debugger to answer. */
const ANSWER_MS = 2_000;
const STANDARD_ERROR = 2;

const { counter, patienceMs } = workerData as WatchdogData;
let announced = '';
let lastCount = -1;
let idlePollCount = 0;

parentPort!.on('message', (text: string) => {
  announced = text;
});

setInterval(() => {
  const count = Atomics.load(counter, 0);
  idlePollCount = count === lastCount ? idlePollCount + 1 : 0;
  lastCount = count;
  if (idlePollCount === POLLS_PER_PATIENCE) reportAndKill();
}, patienceMs / POLLS_PER_PATIENCE);

function reportAndKill(): void {
  writeSync(STANDARD_ERROR, `MODEL TEST HANGS  ${announced}\n`);
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), ANSWER_MS);
  const session = new Session();
  session.connectToMainThread();
  session.on('Debugger.paused', ({ params }) => {
    for (const { functionName, location, url } of params.callFrames.slice(0, FRAME_COUNT_MAX)) {
      const name = functionName === '' ? '(anonymous)' : functionName;
      writeSync(STANDARD_ERROR, `    at ${name} (${url}:${location.lineNumber + 1})\n`);
    }
    process.kill(process.pid, 'SIGKILL');
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
}
