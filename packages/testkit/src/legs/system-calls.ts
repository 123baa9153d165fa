// Real system calls of a writing process are made to fail by strace: fdatasync, fsync, pwrite64, rename and unlink, at a
// random one of them. What is acknowledged in spite of it must be there when the database is opened again, undisturbed.

import { LegChild } from './child.js';
import { ledgerOf } from './ledger-of-child.js';
import { count, emptyReport, type Leg, runRounds } from './leg.js';
import { hasProgram, makeScratch, removeScratch } from './scratch.js';

interface Injection {
  readonly call: string;
  readonly errno: string;
  /** The call that fails is one of the first so many of a thread. */
  readonly range: number;
}

const INJECTIONS: readonly Injection[] = [
  { call: 'fdatasync', errno: 'EIO', range: 40 },
  { call: 'pwrite64', errno: 'ENOSPC', range: 120 },
  { call: 'fsync', errno: 'EIO', range: 12 },
  { call: 'pwrite64', errno: 'EIO', range: 120 },
  { call: 'fdatasync', errno: 'ENOSPC', range: 40 },
  { call: '?rename,?renameat,?renameat2', errno: 'ENOSPC', range: 4 },
  { call: '?unlink,?unlinkat', errno: 'EIO', range: 4 },
  { call: 'pwrite64', errno: 'EDQUOT', range: 120 },
];
const WRITE_COUNT = '800';

/** See the head of this file. A round: one process and one kind of failure, in turn. */
export const systemCalls: Leg = async (options) => {
  if (!hasProgram('strace')) return emptyReport('there is no program strace');
  const report = emptyReport();
  await runRounds(options, report, async (index) => {
    const { call, errno, range } = INJECTIONS[index % INJECTIONS.length]!;
    const when = 1 + options.random.below(range);
    const directory = makeScratch('system-calls');
    const rule = `inject=${call}:error=${errno}:when=${when}`;
    const wrapper = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', rule];
    const child = new LegChild(['write', directory, 'always', WRITE_COUNT], wrapper);
    const { exitCode, complaint } = await child.ended;
    const where = `${errno} at ${call} number ${when} (${directory})`;
    if (/ptrace|PTRACE/.test(complaint)) {
      report.violations.push(`strace cannot trace here: ${complaint.split('\n')[0]}`);
      return;
    }
    if (exitCode !== 0) report.violations.push(`${where}: exit code ${exitCode}: ${complaint}`);
    const loss = await ledgerOf(child)
      .findLossIn(directory)
      .catch((error: Error) => `cannot be opened again: ${error.message}`);
    if (loss !== null) report.violations.push(`${where}: ${loss}`);
    for (const line of child.lines) {
      const [word, , code] = line.split(' ');
      if (word === 'ack') count(report, 'acknowledged');
      if (word === 'refused') count(report, `refused ${code}`);
      if (word === 'unopened') count(report, 'not opened');
    }
    if (report.violations.length === 0) removeScratch(directory);
  });
  return report;
};
