// The nightly run as a program: every driver at every place, simulations, the model test and the kill loop, for a given time. It goes on
// where the last one stopped. Exit code 1 if anything was ever found, 2 if it was called wrongly.
//
//   node packages/testkit/dist/tiers/nightly-main.js --minutes 60
//
//   --minutes <n>      how long, default 60; what is under way then is finished
//   --only <names>     kinds of tests, separated by commas, default: all
//   --seed <s>         of everything random, default 1; another one starts anew
//   --state <path>     the file that says what is done, default .sim-state/nightly.json
//   --fresh            forgets what is done
//   --violations <n>   stops after as many, default 3
//   --json             prints lines of JSON

import { parseArgs } from 'node:util';
import { systemClock } from '@varve/base';
import { numberOption, parsed, UsageError, withUsage } from './options.js';
import { printClosing, printProgress, printViolations, type RunStanding } from './tier-print.js';
import { runTier, type UnitOutcome } from './tier-run.js';
import { loadState, saveState, type TierState } from './tier-state.js';
import { nightlySources, type WorkSource } from './work-source.js';

const PROGRESS_INTERVAL_MS = 5_000;
const MINUTE_MS = 60_000;

process.exitCode = await withUsage(main);

async function main(): Promise<number> {
  const options = {
    minutes: { type: 'string', default: '60' },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    state: { type: 'string', default: '.sim-state/nightly.json' },
    fresh: { type: 'boolean', default: false },
    violations: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
  } as const;
  const values = parsed(() => parseArgs({ options }));
  const seed = numberOption('seed', values.seed);
  const format = values.json ? 'json' : 'text';
  const sources = chosenSources(values.only);
  const startMs = systemClock.monotonicMs();
  const endMs = startMs + numberOption('minutes', values.minutes) * MINUTE_MS;
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
  const violationCountMax = numberOption('violations', values.violations);
  const how = { sources, state, clock: systemClock, endMs, violationCountMax, onUnit };
  const reason = await runTier(how);
  printClosing(standing(), state, { format, reason });
  return state.violations.length === 0 ? 0 : 1;
}

function chosenSources(only: string | undefined): WorkSource[] {
  const all = nightlySources();
  if (only === undefined) return all;
  return only.split(',').map((name) => {
    const source = all.find((one) => one.name === name);
    if (source !== undefined) return source;
    throw new UsageError(
      `--only must be of ${all.map((one) => one.name).join(', ')}: received ${name}`,
    );
  });
}
