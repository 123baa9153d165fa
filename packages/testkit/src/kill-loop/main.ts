// The kill loop as a program: many kills, one closing line, exit code 1 if anything was lost or wrong.
//
//   node packages/testkit/dist/kill-loop/main.js --kills 50 --durability always
//

import { entropy } from '@varve/base';
import { oneOf, program, seedWord, wholeNumber } from '../command-line.js';
import { progressPrinter } from '../progress.js';
import { type KillLoopResult, runKillLoop } from './loop.js';

const values = program(
  'pnpm kill-loop',
  'Kills a writer again and again, and looks for what is lost.',
)
  .option('--kills <count>', 'writers to kill', wholeNumber, 50)
  .option('--durability <word>', "'os' or 'always'", oneOf(['os', 'always']), 'always')
  .option('--seed <seed>', "of everything random but time; 'fresh' draws one", seedWord, 1)
  .option('--fresh-every <count>', 'kills on one directory', wholeNumber, 25)
  .option('--json', 'prints a line of JSON')
  .parse()
  .opts<{
    kills: number;
    durability: 'os' | 'always';
    seed: number | 'fresh';
    freshEvery: number;
    json?: true;
  }>();

process.exitCode = await main();

async function main(): Promise<number> {
  const { durability } = values;
  const seed = values.seed === 'fresh' ? entropy.u32() : values.seed;
  const showProgress = progressPrinter('kill loop', 'kills');
  const result = await runKillLoop({
    killCount: values.kills,
    durability,
    seed,
    killsPerDirectory: values.freshEvery,
    onKill: ({ killCount }) =>
      showProgress({ doneCount: killCount, share: killCount / values.kills }),
  });
  if (values.json) console.log(JSON.stringify({ durability, seed, ...result }));
  else print(result, seed);
  return result.problem === null ? 0 : 1;
}

function print(result: KillLoopResult, seed: number): void {
  if (result.problem !== null) console.log(`KILL LOOP FAILED  seed=${seed}: ${result.problem}`);
  console.log(
    `kill loop (${values.durability}, seed ${seed}): ${result.killCount} kills, ${result.recoveryKillCount} more during recovery, ` +
      `${result.acknowledgedCount} acknowledged, ${result.lostCount} lost, ${result.reopenedCount} reopened`,
  );
}
