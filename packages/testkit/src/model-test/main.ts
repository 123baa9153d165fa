// The model test as a program: many seeds, one closing line, exit code 1 if any differs.
//
//   node packages/testkit/dist/model-test/main.js --seeds 200 --ops 1000
//

import { entropy } from '@varve/base';
import { oneOf, program, seedWord, wholeNumber } from '../command-line.js';
import { progressPrinter } from '../progress.js';
import { PROFILES, type Profile } from './profiles.js';
import { identityText, seedText } from './report.js';
import { trySeed } from './try-seed.js';
import { Watchdog } from './watchdog.js';

interface Words {
  readonly seeds: number;
  readonly seed: number | 'fresh';
  readonly ops: number;
  readonly profile?: string;
  readonly keep?: string;
  readonly failures: number;
  readonly shrink: number;
  readonly json?: true;
}

const values = program('pnpm model', 'Runs random operations against a model, with crashes.')
  .option('--seeds <count>', 'seeds to try', wholeNumber, 100)
  .option('--seed <seed>', "the first of them; 'fresh' draws one", seedWord, 1)
  .option('--ops <count>', 'operations of each', wholeNumber, 500)
  .option('--profile <name>', 'the only profile (all in turn)', oneOf([...PROFILES.keys()]))
  .option('--keep <ids>', 'the only operations to run, by id: a replay of what was shrunk')
  .option('--failures <count>', 'failing seeds after which it stops', wholeNumber, 1)
  .option('--shrink <ms>', 'how long a failing list is made shorter', wholeNumber, 20_000)
  .option('--json', 'prints lines of JSON')
  .parse()
  .opts<Words>();

process.exitCode = await main();

async function main(): Promise<number> {
  const profiles = chosenProfiles();
  const firstSeed = values.seed === 'fresh' ? entropy.u32() : values.seed;
  const seedCount = values.seeds;
  const operationCount = values.ops;
  const keep = keptIds();
  const watchdog = new Watchdog();
  const showProgress = progressPrinter('model test', 'seeds');
  let runCount = 0;
  let failureCount = 0;
  for (; runCount < seedCount && failureCount < values.failures; runCount++) {
    const profile = profiles[runCount % profiles.length]!;
    const seed = (firstSeed + runCount) >>> 0;
    const identity = { profile, seed, operationCount };
    const report = await trySeed(identity, {
      shrinkMs: values.shrink,
      onOperation: ({ id, kind }) =>
        watchdog.announce(`${identityText(identity)} at operation ${id} (${kind})`),
      ...(keep !== undefined && { keep }),
    });
    if (report !== null) {
      failureCount += 1;
      console.log(
        values.json
          ? JSON.stringify({ profile: profile.name, seed, operationCount, report })
          : report,
      );
    }
    showProgress({ doneCount: runCount + 1, share: (runCount + 1) / seedCount });
  }
  await watchdog.stop();
  const closing = { runCount, firstSeed, operationCount: runCount * operationCount, failureCount };
  console.log(values.json ? JSON.stringify(closing) : closingText(closing));
  return failureCount === 0 ? 0 : 1;
}

interface Closing {
  readonly runCount: number;
  readonly firstSeed: number;
  readonly operationCount: number;
  readonly failureCount: number;
}

function closingText({ runCount, firstSeed, operationCount, failureCount }: Closing): string {
  return `model test: ${runCount} seeds from ${seedText(firstSeed)}, ${operationCount} operations, ${failureCount} differences`;
}

function chosenProfiles(): Profile[] {
  const all = [...PROFILES];
  const chosen = all.filter(([name]) => values.profile === undefined || name === values.profile);
  return chosen.map(([, profile]) => profile);
}

function keptIds(): ReadonlySet<number> | undefined {
  if (values.keep === undefined) return undefined;
  return new Set(values.keep === 'none' ? [] : values.keep.split(',').map(Number));
}
