// The soak as a program: a mixed load in a process of its own for hours, and beside it the kill loop and simulations. It
// goes on where the last one stopped; memory is judged for each process of the load. Exit code 1 if anything was ever found,
// 2 if it was called wrongly.
//
//   node packages/testkit/dist/tiers/soak-main.js --hours 24
//
//   --hours <n>        how long in all, over every start, default 24
//   --directory <d>    where the database is made, default: a temporary one
//   --seed <s>         of everything random, default 1; another one starts anew
//   --state <path>     the file that says what is done, default .sim-state/soak.json
//   --fresh            forgets what is done
//   --json             prints lines of JSON

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { numberOption, parsed, withUsage } from './options.js';
import { Soak, type SoakState } from './soak.js';
import { loadState } from './tier-state.js';

const HOUR_MS = 3_600_000;

process.exitCode = await withUsage(main);

async function main(): Promise<number> {
  const options = {
    hours: { type: 'string', default: '24' },
    directory: { type: 'string' },
    seed: { type: 'string', default: '1' },
    state: { type: 'string', default: '.sim-state/soak.json' },
    fresh: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  } as const;
  const values = parsed(() => parseArgs({ options }));
  const seed = numberOption('seed', values.seed);
  const begun: SoakState = { seed, sources: {}, violations: [], elapsedMs: 0, stepCount: 0 };
  const found = values.fresh ? begun : { ...begun, ...loadState(values.state, seed) };
  const root = mkdtempSync(join(values.directory ?? tmpdir(), 'varve-soak-'));
  const soak = new Soak(found, {
    directory: join(root, 'database'),
    statePath: values.state,
    totalMs: numberOption('hours', values.hours) * HOUR_MS,
    format: values.json ? 'json' : 'text',
  });
  const exitCode = await soak.run();
  if (exitCode === 0) rmSync(root, { recursive: true, force: true });
  else console.log(`the database of the load is left in ${root}`);
  return exitCode;
}
