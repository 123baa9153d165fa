// The soak as a program: a mixed load in a process of its own for hours, and beside it the kill loop and simulations. It
// goes on where the last one stopped; memory is judged for each process of the load. Exit code 1 if anything was ever found,
// 2 if it was called wrongly.
//
//   node packages/testkit/dist/tiers/soak-main.js --hours 24
//

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberFromZero, program, wholeNumber } from '../command-line.js';
import { Soak, type SoakState } from './soak.js';
import { loadState } from './tier-state.js';

const HOUR_MS = 3_600_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const { seed, ...values } = readWords();
  const begun: SoakState = { seed, sources: {}, violations: [], elapsedMs: 0, stepCount: 0 };
  const found = values.fresh ? begun : { ...begun, ...loadState(values.state, seed) };
  const root = mkdtempSync(join(values.directory ?? tmpdir(), 'varve-soak-'));
  const soak = new Soak(found, {
    directory: join(root, 'database'),
    statePath: values.state,
    totalMs: values.hours * HOUR_MS,
    format: values.json ? 'json' : 'text',
  });
  const exitCode = await soak.run();
  if (exitCode === 0) rmSync(root, { recursive: true, force: true });
  else console.log(`the database of the load is left in ${root}`);
  return exitCode;
}

interface Words {
  readonly hours: number;
  readonly directory?: string;
  readonly seed: number;
  readonly state: string;
  readonly fresh?: true;
  readonly json?: true;
}

function readWords(): Words {
  return program(
    'pnpm sim:soak',
    'A mixed load for hours, beside it the kill loop and simulations.',
  )
    .option('--hours <count>', 'how long in all, over every start', numberFromZero, 24)
    .option('--directory <path>', 'where the database is made (a temporary one)')
    .option('--seed <seed>', 'of everything random; another one starts anew', wholeNumber, 1)
    .option('--state <path>', 'the file that says what is done', '.sim-state/soak.json')
    .option('--fresh', 'forgets what is done')
    .option('--json', 'prints lines of JSON')
    .parse()
    .opts<Words>();
}
