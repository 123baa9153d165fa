// The mutant run as a program: plants one fault after the other in a copy of the workspace and runs the tests that ought
// to notice. One closing line; exit code 1 unless every fault was noticed.
//
//   node packages/testkit/dist/mutants/main.js [name…]
//
// First comes a canary: a change that changes nothing, on which every one of those tests has to pass. So a workspace that
// is broken anyway, and a runner that calls everything killed, are told from tests that notice.

import { fileURLToPath } from 'node:url';
import { systemClock } from '@varve/base';
import { program, wholeNumber } from '../command-line.js';
import { MUTANTS } from './list.js';
import { canariesFor, type Mutant } from './mutant.js';
import { Progress } from './progress.js';
import { runTests, type TestVerdict } from './test-run.js';
import { WorkspaceCopy } from './workspace-copy.js';

const command = program(
  'pnpm mutants',
  'Breaks the engine on purpose, and demands that tests notice.',
)
  .argument('[names...]', 'the mutants to try (all)')
  .option('--list', 'print them and stop')
  .option('--json', 'print each outcome as a line of JSON')
  .option('--from <count>', 'skip as many, to go on with a run that was stopped', wholeNumber, 0)
  .option('--count <count>', 'try at most as many', wholeNumber, 1000)
  .option('--limit <ms>', 'time limit of one mutant', wholeNumber, 30_000)
  .parse();
const positionals = command.args;
const values = command.opts<{
  list?: true;
  json?: true;
  from: number;
  count: number;
  limit: number;
}>();

/** The canary runs the tests of all mutants at once. */
const CANARY_LIMIT_FACTOR = 10;

/** As a shell reports a program that was interrupted. */
const INTERRUPTED = 130;

const STALE: TestVerdict = { kind: 'broken', by: 'the list is stale: its text is not there, once' };

process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = chosenMutants();
  if (values.list) {
    for (const { name, rule } of chosen) console.log(`${name.padEnd(36)} ${rule}`);
    return 0;
  }
  const copy = new WorkspaceCopy(fileURLToPath(new URL('../../../../', import.meta.url)));
  // Also when it is interrupted: neither the copy nor tests that run in it may stay.
  process.once('exit', () => copy.remove());
  process.once('SIGINT', () => process.exit(INTERRUPTED));
  return await run(chosen, copy);
}

function chosenMutants(): readonly Mutant[] {
  const unknown = positionals.find((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown !== undefined) command.error(`error: there is no mutant ${unknown}: see --list`);
  const named = MUTANTS.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const first = values.from;
  return named.slice(first, first + values.count);
}

async function run(mutants: readonly Mutant[], copy: WorkspaceCopy): Promise<number> {
  const progress = new Progress(mutants.length, values.json ? 'json' : 'text');
  const limitMs = values.limit;
  if (!(await isUnharmed(mutants, copy, progress))) {
    console.log('mutants: nothing was tried, because tests fail without any fault');
    return 1;
  }
  let killedCount = 0;
  for (const mutant of mutants) {
    const attempt = await tryMutant(mutant, copy, limitMs);
    if (attempt.verdict.kind === 'failed') killedCount += 1;
    progress.tell({ mutant, ...attempt });
  }
  console.log(`${killedCount} of ${mutants.length} mutants killed`);
  return killedCount === mutants.length ? 0 : 1;
}

async function isUnharmed(
  mutants: readonly Mutant[],
  copy: WorkspaceCopy,
  progress: Progress,
): Promise<boolean> {
  for (const mutant of canariesFor(mutants)) {
    const attempt = await tryMutant(mutant, copy, values.limit * CANARY_LIMIT_FACTOR);
    progress.tellCanary({ mutant, ...attempt });
    if (attempt.verdict.kind !== 'passed') return false;
  }
  return true;
}

async function tryMutant(
  mutant: Mutant,
  copy: WorkspaceCopy,
  timeLimitMs: number,
): Promise<{ verdict: TestVerdict; durationMs: number }> {
  const startMs = systemClock.monotonicMs();
  const verdict = copy.fits(mutant)
    ? await copy.withMutant(mutant, () => runTests(mutant, { path: copy.path, timeLimitMs }))
    : STALE;
  return { verdict, durationMs: systemClock.monotonicMs() - startMs };
}
