// The exhaustive drivers as a program: shows how far it is, one closing line, exit code 1 if anything was wrong.
//
//   node packages/testkit/dist/drivers/main.js --driver crash-every --full
//

import { entropy, systemClock } from '@varve/base';
import type { CrashModel } from '@varve/vfs';
import { oneOf, program, seedWord, wholeNumber } from '../command-line.js';
import { progressPrinter } from '../progress.js';
import { CRASH_MODELS } from './crash-points.js';
import type { DriverOptions, DriverReport } from './driver.js';
import { DRIVERS } from './drivers.js';

interface Words {
  readonly driver?: string;
  readonly seed: number | 'fresh';
  readonly model?: CrashModel;
  readonly from?: number;
  readonly to?: number;
  readonly full?: true;
  readonly violations: number;
  readonly json?: true;
}

const NAMES = [...DRIVERS.keys()];

const values = program(
  'pnpm sim:drivers',
  'Meets every place with a crash, a fault or a flipped bit.',
)
  .option('--driver <name>', `the only driver: ${NAMES.join(', ')}`, oneOf(NAMES))
  .option('--seed <seed>', "of keys, values and choices; 'fresh' draws one", seedWord, 1)
  .option('--model <name>', `the only crash model: ${CRASH_MODELS.join(', ')}`, oneOf(CRASH_MODELS))
  .option(
    '--from <place>',
    'the first place (crash point, call, byte), as a failure names it',
    wholeNumber,
  )
  .option('--to <place>', 'the place after the last', wholeNumber)
  .option('--full', 'every place instead of a sample')
  .option('--violations <count>', 'violations after which a driver stops', wholeNumber, 3)
  .option('--json', 'prints a line of JSON for each driver')
  .parse()
  .opts<Words>();

process.exitCode = await main();

async function main(): Promise<number> {
  const names = values.driver === undefined ? NAMES : [values.driver];
  let violationCount = 0;
  for (const name of names) violationCount += await run(name);
  return violationCount === 0 ? 0 : 1;
}

async function run(name: string): Promise<number> {
  const driver = DRIVERS.get(name)!;
  const startMs = systemClock.monotonicMs();
  const showProgress = progressPrinter(name, 'checked');
  const report = await driver({
    ...driverOptions(),
    onProgress: ({ checkedCount, share }) => showProgress({ doneCount: checkedCount, share }),
  });
  const seconds = Number(((systemClock.monotonicMs() - startMs) / 1000).toFixed(1));
  if (values.json) console.log(JSON.stringify({ driver: name, seconds, ...report }));
  else print(name, report, seconds);
  return report.violations.length;
}

function driverOptions(): DriverOptions {
  const seed = values.seed === 'fresh' ? entropy.u32() : values.seed;
  return {
    seed,
    tier: values.full ? 'full' : 'quick',
    violationCountMax: values.violations,
    ...(values.model !== undefined && { model: values.model }),
    ...(values.from !== undefined && { from: values.from }),
    ...(values.to !== undefined && { to: values.to }),
  };
}

function print(name: string, report: DriverReport, seconds: number): void {
  for (const { title, lines, replay } of report.violations) {
    console.log([title, ...lines.map((line) => `  ${line}`), `  replay: ${replay}`].join('\n'));
  }
  for (const note of report.notes) console.log(`${name}: ${note}`);
  const { checkedCount, repeatedCount, violations } = report;
  console.log(
    `${name} (seed ${values.seed}): ${checkedCount} checked, ${repeatedCount} equal to one of them, ${violations.length} violations, ${seconds} s, node ${process.version}`,
  );
}
