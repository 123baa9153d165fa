// The simulation as a program: many seeds, one closing line, exit code 1 if anything was wrong.
//
//   node packages/testkit/dist/simulation/main.js --seeds 2000
//
// Half of the seeds have faults. One seed in a hundred is run twice, and must come to the same. What is kept of a failure is
// in .sim-failures.

import { readFileSync } from 'node:fs';
import { entropy, systemClock } from '@varve/base';
import type { CrashModel } from '@varve/vfs';
import { oneOf, program, seedWord, wholeNumber } from '../command-line.js';
import { Watchdog } from '../model-test/watchdog.js';
import { progressPrinter } from '../progress.js';
import { POLICY_NAMES, type PolicyName } from './policy.js';
import { PROFILES, type Profile } from './profiles.js';
import { keepFailure, seedText } from './report.js';
import { CRASH_MODELS, type SimulationCase } from './simulation-case.js';
import { type Outcome, tryCase, trySeed } from './try-seed.js';

interface Words {
  readonly seeds: number;
  readonly seed: number | 'fresh';
  readonly ops: number;
  readonly profile?: string;
  readonly policy?: PolicyName;
  readonly model?: CrashModel;
  readonly replay?: string;
  readonly failures: number;
  readonly shrink: number;
  readonly json?: true;
}

const values = program(
  'pnpm sim',
  'Runs seeds of the simulation: a made-up system with faults and crashes.',
)
  .option('--seeds <count>', 'seeds to try', wholeNumber, 200)
  .option('--seed <seed>', "the first of them; 'fresh' draws one", seedWord, 1)
  .option('--ops <count>', 'operations of each', wholeNumber, 300)
  .option('--profile <name>', 'the only profile (all in turn)', oneOf([...PROFILES.keys()]))
  .option('--policy <name>', 'the only policy of the scheduler (as drawn)', oneOf(POLICY_NAMES))
  .option('--model <name>', `the only crash model: ${CRASH_MODELS.join(', ')}`, oneOf(CRASH_MODELS))
  .option('--replay <file>', 'the only case: one that was kept from a failure')
  .option('--failures <count>', 'failing seeds after which it stops', wholeNumber, 1)
  .option('--shrink <ms>', 'how long a failing case is made smaller', wholeNumber, 60_000)
  .option('--json', 'print the closing line as JSON')
  .parse()
  .opts<Words>();

const FAILURE_FOLDER = '.sim-failures';
const REPEAT_STRIDE = 100;

const totals = {
  seedCount: 0,
  operationCount: 0,
  stepCount: 0,
  imageCount: 0,
  faultCount: 0,
  repeatedCount: 0,
  violationCount: 0,
};
const startMs = systemClock.monotonicMs();

process.on('unhandledRejection', (reason) => {
  totals.violationCount += 1;
  console.log('SIM FAIL  a rejection that nobody handled (P11):', reason);
});

process.exitCode = await main();

async function main(): Promise<number> {
  const watchdog = new Watchdog();
  try {
    if (values.replay === undefined) await runSeeds(watchdog);
    else await replay(values.replay);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    return 2;
  } finally {
    await watchdog.stop();
  }
  printTotals();
  return totals.violationCount === 0 ? 0 : 1;
}

async function runSeeds(watchdog: Watchdog): Promise<void> {
  const profiles = chosenProfiles();
  const { policy, model = null, seeds: seedCount } = values;
  const firstSeed = values.seed === 'fresh' ? entropy.u32() : values.seed;
  const showProgress = progressPrinter('simulation', 'seeds');
  for (let count = 0; count < seedCount; count++) {
    if (totals.violationCount >= values.failures) return;
    const seed = (firstSeed + count) >>> 0;
    const profile = profiles[seed % profiles.length]!;
    watchdog.announce(`seed ${seedText(seed)}, profile ${profile.name}`);
    const runs = count % REPEAT_STRIDE === 0 ? 'twice' : 'once';
    if (runs === 'twice') totals.repeatedCount += 1;
    const identity = { profile, seed, operationCount: values.ops, model, policy };
    const onRun = (): void => watchdog.beat();
    await note(await trySeed(identity, { shrinkMs: values.shrink, runs, onRun }));
    showProgress({ doneCount: totals.seedCount, share: totals.seedCount / seedCount });
  }
}

async function replay(path: string): Promise<void> {
  const simulation = JSON.parse(readFileSync(path, 'utf8')) as SimulationCase;
  await note(await tryCase(simulation, { shrinkMs: 0, runs: 'twice' }));
}

async function note({ result, failure }: Outcome): Promise<void> {
  totals.seedCount += 1;
  totals.operationCount += result.operationCount;
  totals.stepCount += result.stepCount;
  totals.imageCount += result.imageCount;
  totals.faultCount += result.faultCount;
  if (failure === null) return;
  totals.violationCount += 1;
  console.log(await keepFailure(failure, FAILURE_FOLDER));
}

function printTotals(): void {
  const seconds = (systemClock.monotonicMs() - startMs) / 1000;
  if (values.json) {
    console.log(JSON.stringify({ ...totals, seconds, node: process.version }));
    return;
  }
  const { seedCount, imageCount, violationCount, operationCount, faultCount, repeatedCount } =
    totals;
  console.log(
    `simulation: ${seedCount} seeds, ${imageCount} images checked, ${violationCount} violations; ${operationCount} operations, ${faultCount} faults, ${repeatedCount} seeds run twice, ${seconds.toFixed(1)} s, ${(seedCount / seconds).toFixed(1)} seeds/s`,
  );
}

function chosenProfiles(): Profile[] {
  const all = [...PROFILES];
  const chosen = all.filter(([name]) => values.profile === undefined || name === values.profile);
  return chosen.map(([, profile]) => profile);
}
