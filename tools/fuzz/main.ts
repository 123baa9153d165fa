// The fuzzer as a program: shows how far it is, one closing line for each decoder, exit code 1 if anything was wrong.
//
//   pnpm fuzz --decoder table --cases 1000

import { Worker } from 'node:worker_threads';
import { entropy, systemClock } from '../../packages/base/src/index.js';
import { oneOf, program, seedWord, wholeNumber } from '../../packages/testkit/src/command-line.js';
import { progressPrinter } from '../../packages/testkit/src/progress.js';
import { type FuzzReport, fuzz } from './fuzzer.js';
import type { FuzzInput, FuzzTarget } from './target.js';
import { TARGETS } from './targets.js';

const SHOWN_INPUT_SIZE_BYTES_MAX = 2_048;
const SHOWN_FILE_COUNT_MAX = 3;

interface Plan {
  readonly targets: readonly FuzzTarget[];
  readonly caseCount: number;
  /** Whether that is the number for dear decoders, too. */
  readonly isExact: boolean;
  readonly seed: number;
  readonly firstCase: number;
  readonly format: 'json' | 'text';
}

/** Runs what `words` ask for, and gives the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const plan = planOf(words);
  const watchdog = new HangWatch();
  let violationCount = 0;
  for (const target of plan.targets) {
    const report = await runOne(target, plan, watchdog);
    violationCount += report.violations.length;
  }
  await watchdog.stop();
  return violationCount === 0 ? 0 : 1;
}

interface Words {
  readonly decoder?: string;
  readonly cases: number;
  readonly exact?: true;
  readonly seed: number | 'fresh';
  readonly from: number;
  readonly json?: true;
}

function planOf(words: readonly string[]): Plan {
  const names = TARGETS.map(({ name }) => name);
  const values = program(
    'pnpm fuzz',
    'Gives damaged and forged bytes to everything that reads them.',
  )
    .option('--decoder <name>', `the only one: ${names.join(', ')}`, oneOf(names))
    .option('--cases <count>', 'of a small decoder; dear ones get fewer', wholeNumber, 200_000)
    .option('--exact', 'as many of a dear decoder, too')
    .option('--seed <seed>', "of everything random; 'fresh' draws one", seedWord, 1)
    .option('--from <case>', 'the first: with --cases 1 it replays a violation', wholeNumber, 0)
    .option('--json', 'prints a line of JSON for each decoder')
    .parse([...words], { from: 'user' })
    .opts<Words>();
  return {
    targets: TARGETS.filter(({ name }) => (values.decoder ?? name) === name),
    seed: values.seed === 'fresh' ? entropy.u32() : values.seed,
    caseCount: values.cases,
    isExact: values.exact === true,
    firstCase: values.from,
    format: values.json ? 'json' : 'text',
  };
}

async function runOne(target: FuzzTarget, plan: Plan, watch: HangWatch): Promise<FuzzReport> {
  const { name, cost = 1 } = target;
  const { seed, firstCase, isExact } = plan;
  const caseCount = isExact ? plan.caseCount : Math.max(1, Math.ceil(plan.caseCount / cost));
  const startMs = systemClock.monotonicMs();
  const showProgress = progressPrinter(name, 'cases');
  const report = await fuzz(target, {
    ...{ caseCount, seed, firstCase, time: 'measured', violationCountMax: 3 },
    beforeCase(caseIndex) {
      watch.beat(`${name} --seed ${seed} --from ${caseIndex}`);
      const doneCount = caseIndex - firstCase;
      showProgress({ doneCount, share: doneCount / caseCount });
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
