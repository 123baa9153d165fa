// The nightly run as a program: every driver at every place, simulations, the model test and the kill loop, for a given time. It goes on
// where the last one stopped. Exit code 1 if anything was ever found, 2 if it was called wrongly.
//
//   node packages/testkit/dist/tiers/nightly-main.js --minutes 60
//

import { systemClock } from '@varve/base';
import { numberFromZero, oneOf, program, wholeNumber } from '../command-line.js';
import { printClosing, printProgress, printViolations, type RunStanding } from './tier-print.js';
import { runTier, type UnitOutcome } from './tier-run.js';
import { loadState, saveState, type TierState } from './tier-state.js';
import { nightlySources, type WorkSource } from './work-source.js';

const PROGRESS_INTERVAL_MS = 5_000;
const MINUTE_MS = 60_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const { seed, ...values } = readWords();
  const format = values.json ? 'json' : 'text';
  const sources = chosenSources(values.only);
  const startMs = systemClock.monotonicMs();
  const endMs = startMs + values.minutes * MINUTE_MS;
  const fresh: TierState = { seed, sources: {}, violations: [] };
  const state = values.fresh ? fresh : loadState(values.state, seed);
  const standing = (): RunStanding => {
    const nowMs = systemClock.monotonicMs();
    return { tier: 'nightly', elapsedMs: nowMs - startMs, leftMs: Math.max(0, endMs - nowMs) };
  };
  let printedMs = startMs;
  const onUnit = (unit: UnitOutcome): void => {
    saveState(values.state, state);
    printViolations(unit.violations, format);
    if (systemClock.monotonicMs() - printedMs < PROGRESS_INTERVAL_MS) return;
    printedMs = systemClock.monotonicMs();
    printProgress(standing(), unit, format);
  };
  const violationCountMax = values.violations;
  const how = { sources, state, clock: systemClock, endMs, violationCountMax, onUnit };
  const reason = await runTier(how);
  printClosing(standing(), state, { format, reason });
  return state.violations.length === 0 ? 0 : 1;
}

interface Words {
  readonly minutes: number;
  readonly only?: readonly string[];
  readonly seed: number;
  readonly state: string;
  readonly fresh?: true;
  readonly violations: number;
  readonly json?: true;
}

function readWords(): Words {
  const names = nightlySources().map(({ name }) => name);
  const listed = (words: string): string[] => words.split(',').map(oneOf(names));
  return program(
    'pnpm sim:nightly',
    'Every driver at every place, simulations, the model test and the kill loop.',
  )
    .option('--minutes <count>', 'how long; what is under way then is finished', numberFromZero, 60)
    .option('--only <names>', `kinds of tests, separated by commas: ${names.join(', ')}`, listed)
    .option('--seed <seed>', 'of everything random; another one starts anew', wholeNumber, 1)
    .option('--state <path>', 'the file that says what is done', '.sim-state/nightly.json')
    .option('--fresh', 'forgets what is done')
    .option('--violations <count>', 'stops after as many', wholeNumber, 3)
    .option('--json', 'prints lines of JSON')
    .parse()
    .opts<Words>();
}

function chosenSources(only: readonly string[] | undefined): WorkSource[] {
  return nightlySources().filter(({ name }) => only === undefined || only.includes(name));
}
