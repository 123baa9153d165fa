// The exhaustive drivers as a program: shows how far it is, one closing line, exit code 1 if anything was wrong.
//
//   node packages/testkit/dist/drivers/main.js --driver crash-every --full
//
//   --driver <name>      crash-every, crash-twice, fail-every, flip-every, truncate-every, limit-every,
//                        metamorphic; default: all
//   --seed <s>           of keys, values and choices, default 1; 'fresh' draws one
//   --model <m>          the only crash model: kill, drop, ordered, posix, single
//   --from <i> --to <j>  the only places (crash points, calls, bytes), as a failure names them
//   --full               every place instead of a sample
//   --violations <n>     violations after which a driver stops, default 3

import { parseArgs } from 'node:util';
import { entropy, systemClock } from '@varve/base';
import type { CrashModel } from '@varve/vfs';
import type { DriverOptions, DriverReport, Progress } from './driver.js';
import { DRIVERS } from './drivers.js';

const { values } = parseArgs({
  options: {
    driver: { type: 'string' },
    seed: { type: 'string', default: '1' },
    model: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    full: { type: 'boolean', default: false },
    violations: { type: 'string', default: '3' },
  },
});

const PROGRESS_INTERVAL_MS = 5_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const names = values.driver === undefined ? [...DRIVERS.keys()] : [values.driver];
  let violationCount = 0;
  for (const name of names) violationCount += await run(name);
  return violationCount === 0 ? 0 : 1;
}

async function run(name: string): Promise<number> {
  const driver = DRIVERS.get(name);
  if (driver === undefined) {
    throw new RangeError(`--driver must be one of ${[...DRIVERS.keys()].join(', ')}`);
  }
  const startMs = systemClock.monotonicMs();
  const report = await driver({ ...driverOptions(), onProgress: progressPrinter(name, startMs) });
  print(name, report, systemClock.monotonicMs() - startMs);
  return report.violations.length;
}

function driverOptions(): DriverOptions {
  const seed = values.seed === 'fresh' ? entropy.u32() : Number(values.seed);
  return {
    seed,
    tier: values.full ? 'full' : 'quick',
    violationCountMax: Number(values.violations),
    ...(values.model !== undefined && { model: values.model as CrashModel }),
    ...(values.from !== undefined && { from: Number(values.from) }),
    ...(values.to !== undefined && { to: Number(values.to) }),
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
