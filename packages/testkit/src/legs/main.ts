// The legs as a program: what only a real system does to a database. Shows how far it is, one closing line for each leg,
// exit code 1 if anything was wrong, 2 for arguments it does not know.
//
//   node packages/testkit/dist/legs/main.js --leg full-disk --rounds 100
//

import { createRandom, entropy, systemClock } from '@varve/base';
import { oneOf, program, seedWord, wholeNumber } from '../command-line.js';
import { progressPrinter } from '../progress.js';
import type { LegReport } from './leg.js';
import { LEGS, type LegPlan } from './legs.js';

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  let violationCount = 0;
  for (const name of options.names) violationCount += await run(name, options);
  return violationCount === 0 ? 0 : 1;
}

interface Words {
  readonly leg?: string;
  readonly rounds?: number;
  readonly seed: number | 'fresh';
  readonly full?: true;
  readonly json?: true;
}

interface Options {
  readonly names: readonly string[];
  readonly roundCount: number | null;
  readonly seed: number;
  readonly isFull: boolean;
  readonly isJson: boolean;
}

function readOptions(): Options {
  const all = [...LEGS.keys()];
  const { leg, rounds, seed, full, json } = program(
    'pnpm legs',
    'Does to a database what only a real system does.',
  )
    .option('--leg <name>', `the only leg: ${all.join(', ')}`, oneOf(all))
    .option('--rounds <count>', 'instead of the default of the leg', wholeNumber)
    .option('--seed <seed>', "of everything random but time; 'fresh' draws one", seedWord, 1)
    .option('--full', 'as many rounds as the bars ask for, which takes hours')
    .option('--json', 'one line of JSON for each leg instead of text')
    .parse()
    .opts<Words>();
  return {
    names: leg === undefined ? all : [leg],
    roundCount: rounds ?? null,
    seed: seed === 'fresh' ? entropy.u32() : seed,
    isFull: full === true,
    isJson: json === true,
  };
}

async function run(name: string, options: Options): Promise<number> {
  const plan = LEGS.get(name)!;
  const startMs = systemClock.monotonicMs();
  const roundCount = options.roundCount ?? (options.isFull ? plan.fullCount : plan.defaultCount);
  const showProgress = progressPrinter(name, 'rounds');
  const report = await plan.leg({
    random: createRandom(options.seed),
    roundCount,
    onRound: (doneCount) => showProgress({ doneCount, share: doneCount / roundCount }),
  });
  const seconds = Number(((systemClock.monotonicMs() - startMs) / 1000).toFixed(1));
  if (options.isJson) {
    console.log(JSON.stringify({ leg: name, seed: options.seed, seconds, ...report }));
  } else print(name, plan, { report, seconds, seed: options.seed });
  return report.violations.length;
}

interface Outcome {
  readonly report: LegReport;
  readonly seconds: number;
  readonly seed: number;
}

function print(name: string, plan: LegPlan, { report, seconds, seed }: Outcome): void {
  if (report.skipped !== null) {
    console.log(`${name}: SKIPPED, ${report.skipped}`);
    return;
  }
  for (const violation of report.violations) console.log(`${name}: VIOLATION  ${violation}`);
  const figures = Object.entries(report.figures).map(([figure, value]) => `${value} ${figure}`);
  console.log(
    `${name} (${plan.what}; seed ${seed}): ${report.roundCount} rounds, ${figures.join(', ')}, ${report.violations.length} violations, ${seconds} s`,
  );
}
