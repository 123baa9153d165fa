// The kill loop as a program: many kills, one closing line, exit code 1 if anything was lost or wrong.
//
//   node packages/testkit/dist/kill-loop/main.js --kills 50 --durability always
//
//   --kills <n>         writers to kill, default 50
//   --durability <word> 'os' or 'always' (default)
//   --seed <s>          of everything random but time, default 1; 'fresh' draws one
//   --fresh-every <n>   kills on one directory, default 25

import { parseArgs } from 'node:util';
import { entropy } from '@varve/base';
import { runKillLoop } from './loop.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    durability: { type: 'string', default: 'always' },
    seed: { type: 'string', default: '1' },
    'fresh-every': { type: 'string', default: '25' },
  },
});

const PROGRESS_KILL_COUNT = 10;

process.exitCode = await main();

async function main(): Promise<number> {
  const { durability } = values;
  if (durability !== 'os' && durability !== 'always') {
    throw new RangeError(`--durability must be 'os' or 'always': received ${durability}`);
  }
  const seed = values.seed === 'fresh' ? entropy.u32() : Number(values.seed);
  const result = await runKillLoop({
    killCount: Number(values.kills),
    durability,
    seed,
    killsPerDirectory: Number(values['fresh-every']),
    onKill: ({ killCount, acknowledgedCount }) => {
      if (killCount % PROGRESS_KILL_COUNT !== 0) return;
      console.log(`${killCount} kills, ${acknowledgedCount} batches acknowledged`);
    },
  });
  if (result.problem !== null) console.log(`KILL LOOP FAILED  seed=${seed}: ${result.problem}`);
  console.log(
    `kill loop (${durability}, seed ${seed}): ${result.killCount} kills, ${result.recoveryKillCount} more during recovery, ` +
      `${result.acknowledgedCount} acknowledged, ${result.lostCount} lost, ${result.reopenedCount} reopened`,
  );
  return result.problem === null ? 0 : 1;
}
