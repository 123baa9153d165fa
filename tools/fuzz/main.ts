// The fuzzer as a program: shows how far it is, one closing line for each decoder, exit code 1 if anything was wrong.
//
//   pnpm fuzz [--decoder d] [--cases n] [--seed s] [--from i] [--json]
//
//   --decoder <name>  only this one; default: all
//   --cases <n>       cases of a small decoder, default 200000; those that cost more get fewer
//   --seed <s>        default 1; 'fresh' draws one
//   --from <i>        the first case: with --cases 1, as a violation prints it, replays one
//   --json            the closing lines as JSON

import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { entropy, systemClock } from '../../packages/base/src/index.js';
import { type FuzzReport, fuzz } from './fuzzer.js';
import type { FuzzInput, FuzzTarget } from './target.js';
import { TARGETS } from './targets.js';

const PROGRESS_INTERVAL_MS = 2_000;
const SHOWN_INPUT_SIZE_BYTES_MAX = 2_048;
const SHOWN_FILE_COUNT_MAX = 3;
const USAGE_EXIT_CODE = 2;

const OPTIONS = {
  decoder: { type: 'string' },
  cases: { type: 'string', default: '200000' },
  seed: { type: 'string', default: '1' },
  from: { type: 'string', default: '0' },
  json: { type: 'boolean', default: false },
} as const;

interface Plan {
  readonly targets: readonly FuzzTarget[];
  readonly caseCount: number;
  readonly seed: number;
  readonly firstCase: number;
  readonly format: 'json' | 'text';
}

/** Runs what `words` ask for, and gives the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const plan = planOf(words);
  if (typeof plan === 'string') {
    console.error(plan);
    return USAGE_EXIT_CODE;
  }
  const watchdog = new HangWatch();
  let violationCount = 0;
  for (const target of plan.targets) {
    const report = await runOne(target, plan, watchdog);
    violationCount += report.violations.length;
  }
  await watchdog.stop();
  return violationCount === 0 ? 0 : 1;
}

function planOf(words: readonly string[]): Plan | string {
  try {
    const { values } = parseArgs({ args: [...words], options: OPTIONS });
    const names = TARGETS.map(({ name }) => name);
    const targets = TARGETS.filter(({ name }) => (values.decoder ?? name) === name);
    if (targets.length === 0) return `--decoder must be one of ${names.join(', ')}`;
    const seed = values.seed === 'fresh' ? entropy.u32() : Number(values.seed);
    const [caseCount, firstCase] = [Number(values.cases), Number(values.from)];
    for (const number of [seed, caseCount, firstCase]) {
      if (!Number.isSafeInteger(number) || number < 0)
        return '--cases, --seed and --from are whole numbers';
    }
    return { targets, seed, caseCount, firstCase, format: values.json ? 'json' : 'text' };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function runOne(target: FuzzTarget, plan: Plan, watch: HangWatch): Promise<FuzzReport> {
  const { name, cost = 1 } = target;
  const { seed, firstCase } = plan;
  const caseCount = Math.max(1, Math.ceil(plan.caseCount / cost));
  const startMs = systemClock.monotonicMs();
  let printedMs = startMs;
  const report = await fuzz(target, {
    ...{ caseCount, seed, firstCase, time: 'measured', violationCountMax: 3 },
    beforeCase(caseIndex) {
      watch.beat(`${name} --seed ${seed} --from ${caseIndex}`);
      const nowMs = systemClock.monotonicMs();
      if (nowMs - printedMs < PROGRESS_INTERVAL_MS || plan.format === 'json') return;
      printedMs = nowMs;
      const doneCount = caseIndex - firstCase;
      const perSecond = (doneCount * 1000) / (nowMs - startMs);
      const leftSeconds = Math.round((caseCount - doneCount) / perSecond);
      console.log(
        `${name}: ${doneCount} of ${caseCount} cases, ${Math.round(perSecond)}/s, ${leftSeconds} s left`,
      );
    },
  });
  print(report, { seed, format: plan.format, elapsedMs: systemClock.monotonicMs() - startMs });
  return report;
}

function print(
  report: FuzzReport,
  { seed, format, elapsedMs }: { seed: number; format: Plan['format']; elapsedMs: number },
): void {
  const { name, violations, ...counts } = report;
  if (format === 'json') {
    const failed = violations.map(({ caseIndex, message }) => ({ caseIndex, message }));
    console.log(JSON.stringify({ name, seed, ...counts, elapsedMs, violations: failed }));
    return;
  }
  for (const { caseIndex, message, input } of violations) {
    console.log(`VIOLATION of ${name}, case ${caseIndex}: ${message}`);
    console.log(shownInput(input));
    console.log(
      `  replay: pnpm fuzz --decoder ${name} --seed ${seed} --from ${caseIndex} --cases 1`,
    );
  }
  const sealed = Math.round((100 * counts.sealedCount) / Math.max(1, counts.caseCount));
  const mebibytes = (counts.allocationBytesMax / 2 ** 20).toFixed(2);
  console.log(
    `${name} (seed ${seed}): ${counts.caseCount} cases, ${sealed} % sealed, ${counts.decodedCount} decoded, ${counts.refusedCount} refused, ${violations.length} violations; at most ${mebibytes} MiB and ${counts.caseTimeMsMax.toFixed(1)} ms a case; ${(elapsedMs / 1000).toFixed(1)} s`,
  );
}

function shownInput(input: FuzzInput): string {
  if (!(input instanceof Uint8Array) && input.size > SHOWN_FILE_COUNT_MAX) {
    return `  ${input.size} files`;
  }
  const files = input instanceof Uint8Array ? [['input', input] as const] : [...input];
  return files
    .map(([name, bytes]) => {
      const shown = bytes.subarray(0, SHOWN_INPUT_SIZE_BYTES_MAX);
      return `  ${name} (${bytes.length} bytes): ${Buffer.from(shown).toString('hex')}`;
    })
    .join('\n');
}

/** Ends the process when a case does not: no timer of this thread would run any more. */
class HangWatch {
  readonly #counter = new Int32Array(new SharedArrayBuffer(4));
  readonly #text = new Uint8Array(new SharedArrayBuffer(200));
  readonly #worker: Worker;

  constructor() {
    const workerData = { counter: this.#counter, text: this.#text };
    this.#worker = new Worker(HANG_WATCH, { eval: true, workerData });
    this.#worker.unref();
  }

  /** A case begins. */
  beat(text: string): void {
    this.#text.set(Buffer.from(text.padEnd(200)).subarray(0, 200));
    Atomics.add(this.#counter, 0, 1);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}

/** What the thread of the watch does; the main thread is the only place where a case can hang. */
const HANG_WATCH = `
  const { workerData } = require('node:worker_threads');
  const { writeSync } = require('node:fs');
  let last = -1;
  setInterval(() => {
    const count = Atomics.load(workerData.counter, 0);
    if (count === last) {
      writeSync(2, 'HANGS: pnpm fuzz --decoder ' + Buffer.from(workerData.text).toString().trim() + ' --cases 1\\n');
      process.kill(process.pid, 'SIGKILL');
    }
    last = count;
  }, 20000);
`;
