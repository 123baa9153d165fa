// The bars as a program: as many crashes, faults, flipped bits, seeds and kills as the contract wants before a change is taken.
//
//   node packages/testkit/dist/bars/main.js --only B1,B7
//
// A line for each bar as soon as it is done. Exit code 1 if one is not met, 2 if it was called wrongly. A bar that was met for
// the same sources is not run again, so a run that was stopped goes on where it was.

import { fileURLToPath } from 'node:url';
import { oneOf, program, wholeNumber } from '../command-line.js';
import { type Bar, type BarOutcome, isMet } from './bar.js';
import { BARS } from './bars.js';
import { BarsState, sourcesAt } from './bars-state.js';
import { runBar } from './run-bar.js';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const LABELS = BARS.map(({ label }) => label);

const values = program('pnpm sim:bars', 'Does as much of each test as the contract wants.')
  .option('--only <labels>', `some of ${LABELS.join(', ')}, separated by commas`, (words) =>
    words.split(',').map(oneOf(LABELS)),
  )
  .option('--processes <count>', 'programs beside each other', wholeNumber, 2)
  .option('--state <path>', 'the file that says what is met', '.sim-state/bars.json')
  .option('--again', 'also what is met')
  .option('--json', 'prints a line of JSON for each bar')
  .parse()
  .opts<{ only?: string[]; processes: number; state: string; again?: true; json?: true }>();

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = BARS.filter(({ label }) => values.only?.includes(label) ?? true);
  const state = new BarsState(values.state, sourcesAt(ROOT));
  let missedCount = 0;
  for (const [index, bar] of chosen.entries()) {
    const before = values.again ? undefined : state.find(bar.label);
    const note = before === undefined ? '' : ' (met before)';
    console.error(`${bar.label} (${index + 1} of ${chosen.length}): ${bar.what}${note}`);
    const outcome = before === undefined ? await run(bar, state) : { bar, ...before };
    if (!isMet(outcome)) missedCount += 1;
    console.log(values.json ? jsonOf(outcome) : textOf(outcome));
  }
  return missedCount === 0 ? 0 : 1;
}

async function run(bar: Bar, state: BarsState): Promise<BarOutcome> {
  const outcome = await runBar(bar, {
    root: ROOT,
    processCount: Math.max(1, values.processes),
    onText: (text) => console.error(text),
  });
  const { bar: _, ...counts } = outcome;
  if (isMet(outcome)) state.add(bar.label, counts);
  return outcome;
}

function textOf(outcome: BarOutcome): string {
  const { bar, count, violationCount, brokenPartCount, seconds } = outcome;
  const broken = brokenPartCount === 0 ? '' : `, ${brokenPartCount} programs broken`;
  return [
    bar.label.padEnd(4),
    isMet(outcome) ? 'met    ' : 'NOT MET',
    `${count} of ${bar.wantedCount}`.padStart(20),
    ` ${violationCount} violations${broken}, ${seconds} s: ${bar.what}`,
  ].join(' ');
}

function jsonOf(outcome: BarOutcome): string {
  const { bar, ...counts } = outcome;
  const { label, what, wantedCount } = bar;
  return JSON.stringify({ label, what, wantedCount, ...counts, isMet: isMet(outcome) });
}
