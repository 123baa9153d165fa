// A process that writes is stopped and continued (SIGSTOP, SIGCONT), as by a debugger or a suspended machine, and killed at
// last: it must keep its lock while it is stopped, go on as if nothing had been, and lose nothing.

import { isStorageError } from '@varve/base';
import { open } from '@varve/engine';
import { pause } from '../pause.js';
import { LegChild } from './child.js';
import { ledgerOf } from './ledger-of-child.js';
import { count, emptyReport, type Leg, runRounds } from './leg.js';
import { makeScratch, removeScratch, SMALL_OPTIONS } from './scratch.js';

const STOP_COUNT = 4;

/** See the head of this file. A round: one process, stopped four times. */
export const stopped: Leg = async (options) => {
  const report = emptyReport();
  await runRounds(options, report, async (index) => {
    const directory = makeScratch('stopped');
    const durability = index % 2 === 0 ? 'always' : 'os';
    const child = new LegChild(['write', directory, durability, '0']);
    await child.heard('ack');
    for (let stop = 0; stop < STOP_COUNT; stop++) {
      await pause(options.random.below(100));
      child.signal('SIGSTOP');
      await pause(20 + options.random.below(200));
      if (!(await isLocked(directory))) report.violations.push('a stopped process lost its lock');
      child.signal('SIGCONT');
      const heardCount = child.lines.length;
      for (let wait = 0; child.lines.length <= heardCount && wait < 200; wait++) await pause(25);
      if (child.lines.length <= heardCount) report.violations.push('nothing happens after SIGCONT');
      count(report, 'stops');
    }
    child.signal('SIGKILL');
    const { signal, complaint } = await child.ended;
    if (signal !== 'SIGKILL') report.violations.push(`the process ended by itself: ${complaint}`);
    const refusal = child.lines.find((line) => line.startsWith('refused'));
    if (refusal !== undefined) report.violations.push(`a write was ${refusal}`);
    const loss = await ledgerOf(child).findLossIn(directory);
    if (loss !== null) report.violations.push(loss);
    count(report, 'acknowledged', child.lines.filter((line) => line.startsWith('ack')).length);
    removeScratch(directory);
  });
  return report;
};

async function isLocked(directory: string): Promise<boolean> {
  try {
    const database = await open(directory, SMALL_OPTIONS);
    await database.close();
    return false;
  } catch (error) {
    if (!isStorageError(error)) throw error;
    return error.code === 'LOCKED';
  }
}
