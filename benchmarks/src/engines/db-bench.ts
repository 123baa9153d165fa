/**
 * Native RocksDB: drives its own benchmark program, `db_bench`, with the same sizes and options.
 *
 * Throughput is measured without `--histogram` and `--statistics`, which slow a cached read by a third or more; a second run
 * gives the latencies. Written and read bytes are the kernel's counts for the process, as for every other engine.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { directorySizeBytes } from '../measure/directory-size.js';
import type { ExternalEngine, RawFigures, RunSettings } from '../run/raw-figures.js';
import type { ChildUsage } from './child-usage.js';
import { lastBackgroundWorkMs } from './db-bench-log.js';
import { parseReports, parseWarnings, type Report } from './db-bench-output.js';
import { type BenchmarkPlan, planOf, prepareFlags, runFlags } from './db-bench-plan.js';
import { type FinishedRun, findDbBench, runDbBench } from './db-bench-process.js';
import { trafficOf } from './db-bench-traffic.js';

const NO_USAGE: ChildUsage = { cpuSeconds: 0, peakRssBytes: 0, writtenBytes: 0, readBytes: 0 };

/** db_bench of RocksDB, if it is on PATH. */
export const externalEngine: ExternalEngine = {
  name: 'db_bench',

  async refusal({ workload }) {
    if (findDbBench() === null) return 'not installed: install Debian package rocksdb-tools';
    return planOf(workload) ? null : `db_bench has nothing like ${workload}`;
  },

  async prepare(settings, directory) {
    await runDbBench(requireDbBench(), [...prepareFlags(settings), `--db=${directory}`]);
  },

  async run(settings, directory) {
    const program = requireDbBench();
    const plan = requirePlan(settings);
    const flags = [...runFlags(plan, settings), `--db=${directory}`];
    const finished = await runDbBench(program, flags);
    const figures = await figuresOf({ settings, plan, finished, directory });
    const withLatency = await runDbBench(program, latencyFlags(flags));
    return { ...figures, ...latencyOf(timedReport(plan, withLatency), settings) };
  },
};

function requireDbBench(): string {
  const program = findDbBench();
  if (program === null) throw new Error('not installed: install Debian package rocksdb-tools');
  return program;
}

function requirePlan({ workload }: RunSettings): BenchmarkPlan {
  const plan = planOf(workload);
  if (!plan) throw new Error(`db_bench has nothing like ${workload}`);
  return plan;
}

interface Run {
  readonly settings: RunSettings;
  readonly plan: BenchmarkPlan;
  readonly finished: FinishedRun;
  readonly directory: string;
}

async function figuresOf(run: Run): Promise<RawFigures> {
  const { settings, plan, finished, directory } = run;
  const report = timedReport(plan, finished);
  requireAllFound(report, settings);
  const elapsedSeconds = workSeconds(report, settings) + (await settlingSeconds(run));
  const { operationCount } = report;
  return {
    operationCount,
    elapsedSeconds,
    latencyUs: null,
    latencyCurve: null,
    ...usageOf(run),
    ...trafficOf(settings, { operationCount, elapsedSeconds }),
    storeBytes: directorySizeBytes(directory),
    eventLoopDelayMs: null,
    timeline: null,
    longestPauseMs: null,
    isSettled: plan.isSettled === true,
    verifiedCount: 0,
    settings: describe(settings, finished),
  };
}

function workSeconds({ threadSeconds, elapsedSeconds }: Report, { writers }: RunSettings): number {
  return writers === 1 ? threadSeconds : elapsedSeconds;
}

function timedReport({ benchmark }: BenchmarkPlan, { output }: FinishedRun): Report {
  const report = parseReports(output).at(-1);
  if (report?.benchmark !== benchmark) {
    throw new Error(`db_bench did not report ${benchmark}: ${output.slice(-1000)}`);
  }
  return report;
}

/** db_bench does not compare values, but it says how many keys it found. */
function requireAllFound({ found, operationCount }: Report, { workload }: RunSettings): void {
  if (!found) return;
  const expectedCount = workload === 'readmissing' ? 0 : operationCount;
  if (found.count !== expectedCount) {
    throw new Error(`db_bench found ${found.count} of ${found.of} keys, not ${expectedCount}`);
  }
}

/** Time from the end of the writes to the end of the last flush or compaction. */
async function settlingSeconds({ plan, finished, directory }: Run): Promise<number> {
  if (!plan.isSettled) return 0;
  const log = await readFile(join(directory, 'LOG'), 'utf8');
  const writtenMs = finished.milestones.at(-1)!.timeMs;
  return Math.max(0, (lastBackgroundWorkMs(log) ?? writtenMs) - writtenMs) / 1000;
}

type Usage = Pick<RawFigures, keyof ChildUsage>;

function usageOf({ plan, finished }: Run): Usage {
  const { milestones, finalUsage } = finished;
  const end = plan.isSettled ? finalUsage : (milestones.at(-1)?.usage ?? finalUsage);
  if (end === null) return { cpuSeconds: 0, peakRssBytes: 0, writtenBytes: null, readBytes: null };
  const start = milestones.at(-2)?.usage ?? NO_USAGE;
  return {
    cpuSeconds: end.cpuSeconds - start.cpuSeconds,
    peakRssBytes: end.peakRssBytes,
    writtenBytes: end.writtenBytes - start.writtenBytes,
    readBytes: end.readBytes - start.readBytes,
  };
}

/** A settled run is over for latencies when its writes are. */
function latencyFlags(flags: readonly string[]): string[] {
  return [...flags.map((flag) => flag.replace(',waitforcompaction', '')), '--histogram'];
}

function latencyOf(report: Report, { writers }: RunSettings) {
  const { latencyUs, latencyCurve } = report;
  // With one caller, nothing else happens during the longest operation.
  return {
    latencyUs,
    latencyCurve,
    longestPauseMs: latencyUs && writers === 1 ? latencyUs.max / 1000 : null,
  };
}

function describe(settings: RunSettings, { output }: FinishedRun): RawFigures['settings'] {
  return {
    version: /^RocksDB: +version (.+)$/m.exec(output)?.[1] ?? null,
    warnings: parseWarnings(output).join('; ') || null,
    cacheSizeBytes: settings.cacheSizeBytes,
    memtableSizeBytes: settings.memtableSizeBytes,
    filterBitsPerKey: settings.filterBitsPerKey,
    compression: settings.compression,
    sync: settings.durability === 'always',
    log: settings.durability !== 'none',
    latencies: 'of a second run, in whole microseconds',
    duration: 'all operations',
  };
}
