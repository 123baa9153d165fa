// The model test as a program: many seeds, one closing line, exit code 1 if any differs.
//
//   node packages/testkit/dist/model-test/main.js --seeds 200 --ops 1000
//
//   --seeds <n>      seeds to try, default 100
//   --seed <s>       the first of them, default 1; 'fresh' draws one
//   --ops <k>        operations of each, default 500
//   --profile <p>    the only profile, default: all in turn
//   --keep <ids>     the only operations to run, by id: a replay of what was shrunk
//   --failures <n>   failing seeds after which it stops, default 1
//   --shrink <ms>    how long a failing list is made shorter, default 20000

import { parseArgs } from 'node:util';
import { entropy } from '@varve/base';
import { PROFILES, type Profile } from './profiles.js';
import { identityText, seedText } from './report.js';
import { trySeed } from './try-seed.js';
import { Watchdog } from './watchdog.js';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    ops: { type: 'string', default: '500' },
    profile: { type: 'string' },
    keep: { type: 'string' },
    failures: { type: 'string', default: '1' },
    shrink: { type: 'string', default: '20000' },
  },
});

const PROGRESS_SEED_COUNT = 25;

process.exitCode = await main();

async function main(): Promise<number> {
  const profiles = chosenProfiles();
  const firstSeed = values.seed === 'fresh' ? entropy.u32() : Number(values.seed);
  const seedCount = Number(values.seeds);
  const operationCount = Number(values.ops);
  const keep = keptIds();
  const watchdog = new Watchdog();
  let runCount = 0;
  let failureCount = 0;
  for (; runCount < seedCount && failureCount < Number(values.failures); runCount++) {
    const profile = profiles[runCount % profiles.length]!;
    const seed = (firstSeed + runCount) >>> 0;
    const identity = { profile, seed, operationCount };
    const report = await trySeed(identity, {
      shrinkMs: Number(values.shrink),
      onOperation: ({ id, kind }) =>
        watchdog.announce(`${identityText(identity)} at operation ${id} (${kind})`),
      ...(keep !== undefined && { keep }),
    });
    if (report !== null) {
      failureCount += 1;
      console.log(report);
    }
    if ((runCount + 1) % PROGRESS_SEED_COUNT === 0) console.log(`${runCount + 1} seeds`);
  }
  await watchdog.stop();
  console.log(
    `model test: ${runCount} seeds from ${seedText(firstSeed)}, ${runCount * operationCount} operations, ${failureCount} differences`,
  );
  return failureCount === 0 ? 0 : 1;
}

function chosenProfiles(): Profile[] {
  if (values.profile === undefined) return [...PROFILES.values()];
  const profile = PROFILES.get(values.profile);
  if (profile !== undefined) return [profile];
  throw new RangeError(`--profile must be one of ${[...PROFILES.keys()].join(', ')}`);
}

function keptIds(): ReadonlySet<number> | undefined {
  if (values.keep === undefined) return undefined;
  return new Set(values.keep === 'none' ? [] : values.keep.split(',').map(Number));
}
