// What the programs in programs/ print, and what it must be.

/**
 * Reads the report of an exercise from the last line a program printed and gives it in words.
 * @param threads how many background threads there must have been
 */
export function describeReport(output, threads) {
  const report = JSON.parse(output.trim().split('\n').at(-1));
  if (report.interface === 'abstract-level') return `${report.entries} entries by VarveLevel`;
  const { entries, flushes, compactions, givenUp } = report;
  if (report.threads !== threads) {
    throw new Error(`Expected ${threads} background threads: ${JSON.stringify(report)}`);
  }
  if (givenUp.length > 0 !== (threads === 0)) {
    throw new Error(`Expected the loss of threads to be told: ${JSON.stringify(report)}`);
  }
  if (flushes === 0 || compactions === 0) throw new Error(`Nothing was flushed: ${output}`);
  return `${entries} entries, ${flushes} flushes, ${compactions} compactions on ${threads} threads`;
}
