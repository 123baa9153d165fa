// The legs as a program: what only a real system does to a database. Shows how far it is, one closing line for each leg,
// exit code 1 if anything was wrong, 2 for arguments it does not know.
//
//   node packages/testkit/dist/legs/main.js --leg full-disk --rounds 100
//
//   --leg <name>    full-disk, openers, workers, stopped, system-calls, read-only; default: all
//   --rounds <n>    instead of the default of the leg
//   --seed <s>      of everything random but time, default 1; 'fresh' draws one
//   --full          as many rounds as the bars ask for, which takes hours
//   --json          one line of JSON for each leg instead of text

import { parseArgs } from 'node:util';
import { createRandom, entropy, systemClock } from '@varve/base';
import type { LegReport } from './leg.js';
import { LEGS, type LegPlan } from './legs.js';

const PROGRESS_INTERVAL_MS = 5_000;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 2;
  let violationCount = 0;
  for (const name of options.names) violationCount += await run(name, options);
  return violationCount === 0 ? 0 : 1;
}

interface Options {
  readonly names: readonly string[];
  readonly roundCount: number | null;
  readonly seed: number;
  readonly isFull: boolean;
  readonly isJson: boolean;
}

function readOptions(): Options | null {
  try {
    const { values } = parseArgs({
      options: {
        leg: { type: 'string' },
        rounds: { type: 'string' },
        seed: { type: 'string', default: '1' },
        full: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const { leg, rounds, seed, full, json } = values;
    if (leg !== undefined && !LEGS.has(leg)) {
      throw new RangeError(`--leg must be one of ${[...LEGS.keys()].join(', ')}: received ${leg}`);
    }
    return {
      names: leg === undefined ? [...LEGS.keys()] : [leg],
      roundCount: rounds === undefined ? null : wholeNumber('--rounds', rounds),
      seed: seed === 'fresh' ? entropy.u32() : wholeNumber('--seed', seed),
      isFull: full,
      isJson: json,
    };
  } catch (error) {
    console.error((error as Error).message);
    return null;
  }
}

function wholeNumber(name: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new RangeError(`${name} must be a whole number: received ${text}`);
}

async function run(name: string, options: Options): Promise<number> {
  const plan = LEGS.get(name)!;
  const startMs = systemClock.monotonicMs();
  const roundCount = options.roundCount ?? (options.isFull ? plan.fullCount : plan.defaultCount);
  const report = await plan.leg({
    random: createRandom(options.seed),
    roundCount,
    onRound: progressPrinter(name, { roundCount, startMs, isJson: options.isJson }),
  });
  const seconds = Number(((systemClock.monotonicMs() - startMs) / 1000).toFixed(1));
  if (options.isJson) {
    console.log(JSON.stringify({ leg: name, seed: options.seed, seconds, ...report }));
  } else print(name, plan, { report, seconds, seed: options.seed });
  return report.violations.length;
}

interface Course {
  readonly roundCount: number;
  readonly startMs: number;
  readonly isJson: boolean;
}

function progressPrinter(name: string, course: Course): (doneCount: number) => void {
  let printedMs = course.startMs;
  return (doneCount) => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - printedMs < PROGRESS_INTERVAL_MS) return;
    printedMs = nowMs;
    const seconds = (nowMs - course.startMs) / 1000;
    const left = Math.round((seconds / doneCount) * (course.roundCount - doneCount));
    const rate = (doneCount / seconds).toFixed(1);
    // Where a table of JSON is wanted, what people read goes beside it.
    const show = course.isJson ? console.error : console.log;
    show(`${name}: ${doneCount} of ${course.roundCount} rounds, ${rate}/s, ${left} s left`);
  };
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
