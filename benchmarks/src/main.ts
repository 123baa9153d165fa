/**
 * The benchmark: `pnpm bench [workload…]`, with `--help` for the options.
 *
 * Exit codes: 0 when every engine that ran gave the right data, 1 when one did not, 2 for a wrong command line, 130 when
 * interrupted.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import picocolors from 'picocolors';
import { CommandLineExit, type HarnessOptions, parseOptions } from './options.js';
import { writeReport } from './report/report.js';
import { JsonLinesFile } from './results/json-lines.js';
import { renderWorkload } from './results/table.js';
import { type HarnessReport, runBenchmarks } from './run/harness.js';
import { ProgressLine } from './run/progress.js';
import { spawnJob } from './run/spawn-job.js';

const EXIT_CODE = { wrongData: 1, interrupted: 130 } as const;

try {
  const options = parseOptions(process.argv.slice(2), {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
  });
  process.exitCode = await benchmark(options);
} catch (error) {
  if (!(error instanceof CommandLineExit)) throw error;
  process.exitCode = error.exitCode;
}

async function benchmark(options: HarnessOptions): Promise<number> {
  const root = mkdtempSync(join(options.directory ?? tmpdir(), 'varve-bench-'));
  const interruption = new AbortController();
  const onSignal = (): void => interruption.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  try {
    const report = await runAll(options, { root, signal: interruption.signal });
    if (options.htmlFile !== undefined) {
      await writeReport(report.results, options.htmlFile, {
        measuredAt: new Date().toISOString(),
        commandLine: ['pnpm bench', ...process.argv.slice(2)].join(' '),
      });
    }
    for (const mismatch of report.mismatches) console.error(`WRONG DATA: ${mismatch}`);
    if (report.mismatches.length > 0) return EXIT_CODE.wrongData;
    return interruption.signal.aborted ? EXIT_CODE.interrupted : 0;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Where runs put their stores and results, and who ends them. */
interface Place {
  readonly root: string;
  readonly signal: AbortSignal;
  readonly file: JsonLinesFile | null;
}

/** With one number of keys after the other; the stores of one are gone before the next. */
async function runAll(
  options: HarnessOptions,
  { root, signal }: Omit<Place, 'file'>,
): Promise<HarnessReport> {
  const file = options.jsonFile === undefined ? null : new JsonLinesFile(options.jsonFile);
  const reports: HarnessReport[] = [];
  for (const num of options.nums) {
    if (signal.aborted) break;
    const place = { root: mkdtempSync(join(root, 'num-')), signal, file };
    reports.push(await run({ ...options, num }, place));
    rmSync(place.root, { recursive: true, force: true });
  }
  return {
    results: reports.flatMap(({ results }) => results),
    mismatches: reports.flatMap(({ mismatches }) => mismatches),
  };
}

function run(options: HarnessOptions, { root, signal, file }: Place): Promise<HarnessReport> {
  const progress = new ProgressLine(process.stderr);
  return runBenchmarks(options, {
    root,
    signal,
    runJob: (job) => spawnJob(job, { signal }),
    onStep: (step) => progress.show(step),
    onWorkload: (results) => {
      progress.clear();
      file?.append(results);
      if (results.length > 0) console.log(`\n${renderWorkload(results, picocolors)}`);
    },
  });
}
