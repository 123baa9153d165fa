// A writing process under limits, as `ulimit -n` and `ulimit -f` put them: few open files, or no file above a size. It may be
// slower, refuse writes, or not open the database at all; what it acknowledged must be there when the limits are gone.

import { LegChild } from './child.js';
import { ledgerOf } from './ledger-of-child.js';
import { count, emptyReport, type Leg, type LegReport, runRounds } from './leg.js';
import { hasProgram, makeScratch, removeScratch } from './scratch.js';

/** What Node.js has open before any of our files, with two threads, is between 25 and 45. */
const FILE_COUNTS = { least: 24, range: 40 };
/** From a part of the first log to several tables. */
const FILE_SIZES_BYTES = { least: 8 * 1024, range: 300 * 1024 };
const WRITE_COUNT = '1600';

/** See the head of this file. A round: one process, under each limit in turn. */
export const limits: Leg = async (options) => {
  if (!hasProgram('prlimit')) return emptyReport('there is no program prlimit');
  const report = emptyReport();
  await runRounds(options, report, async (index) => {
    const { least, range } = index % 2 === 0 ? FILE_COUNTS : FILE_SIZES_BYTES;
    const most = least + options.random.below(range);
    const limit = `--${index % 2 === 0 ? 'nofile' : 'fsize'}=${most}`;
    const directory = makeScratch('limits');
    const child = new LegChild(['write', directory, 'always', WRITE_COUNT, limit]);
    const { exitCode, signal, complaint } = await child.ended;
    const where = `${limit} (${directory})`;
    if (exitCode !== 0)
      report.violations.push(`${where}: ended with ${exitCode ?? signal}: ${complaint}`);
    const loss = await ledgerOf(child)
      .findLossIn(directory)
      .catch((error: Error) => `cannot be opened again: ${error.message}`);
    if (loss !== null) report.violations.push(`${where}: ${loss}`);
    countLines(report, child.lines);
    if (report.violations.length === 0) removeScratch(directory);
  });
  return report;
};

function countLines(report: LegReport, lines: readonly string[]): void {
  for (const line of lines) {
    const [word, second, code] = line.split(' ');
    if (word === 'ack') count(report, 'acknowledged');
    if (word === 'refused') count(report, `refused ${code}`);
    if (word === 'unopened') count(report, `not opened ${second}`);
  }
}
