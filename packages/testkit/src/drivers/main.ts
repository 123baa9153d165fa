// The exhaustive drivers as a program: shows how far it is, one closing line, exit code 1 if anything was wrong.
//
//   node packages/testkit/dist/drivers/main.js --driver crash-every --full
//

import { entropy, systemClock } from '@varve/base';
import type { CrashModel } from '@varve/vfs';
import { oneOf, program, seedWord, wholeNumber } from '../command-line.js';
import { CRASH_MODELS } from './crash-points.js';
import type { DriverOptions, DriverReport, Progress } from './driver.js';
import { DRIVERS } from './drivers.js';

interface Words {
  readonly driver?: string;
  readonly seed: number | 'fresh';
  readonly model?: CrashModel;
  readonly from?: number;
  readonly to?: number;
  readonly full?: true;
  readonly violations: number;
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
  .parse()
  .opts<Words>();

const PROGRESS_INTERVAL_MS = 5_000;

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
  const report = await driver({ ...driverOptions(), onProgress: progressPrinter(name, startMs) });
  print(name, report, systemClock.monotonicMs() - startMs);
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

function progressPrinter(name: string, startMs: number): (progress: Progress) => void {
  let printedMs = startMs;
  return ({ checkedCount, share }) => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - printedMs < PROGRESS_INTERVAL_MS) return;
    printedMs = nowMs;
    const seconds = (nowMs - startMs) / 1000;
    const left =
      share > 0 ? `${Math.round(seconds / share - seconds)} s left` : 'time left unknown';
    const rate = Math.round(checkedCount / seconds);
    console.log(
      `${name}: ${checkedCount} checked, ${rate}/s, ${Math.round(share * 100)} %, ${left}`,
    );
  };
}

function print(name: string, report: DriverReport, elapsedMs: number): void {
  for (const { title, lines, replay } of report.violations) {
    console.log([title, ...lines.map((line) => `  ${line}`), `  replay: ${replay}`].join('\n'));
  }
  for (const note of report.notes) console.log(`${name}: ${note}`);
  const { checkedCount, repeatedCount, violations } = report;
  const seconds = (elapsedMs / 1000).toFixed(1);
  console.log(
    `${name} (seed ${values.seed}): ${checkedCount} checked, ${repeatedCount} equal to one of them, ${violations.length} violations, ${seconds} s, node ${process.version}`,
  );
}
