/**
 * Runs everything that was asked for: workload by workload, and within one, repetition by repetition over all engines, so
 * that whatever the machine does meanwhile meets all of them alike. Each run has a process and a directory of its own.
 */
import type { HarnessOptions } from '../options.js';
import { combine, skippedResult } from '../results/combine.js';
import type { BenchmarkResult } from '../results/result.js';
import type { Job, Outcome } from './job.js';
import { PreparedStores } from './prepared-stores.js';
import type { RawFigures, RunSettings } from './raw-figures.js';
import { runSettingsOf } from './settings.js';

/** What the harness does next. */
export interface HarnessStep {
  readonly workload: string;
  readonly engine: string;
  readonly action: 'calibrate' | 'prepare' | 'run';
  /** From 1. */
  readonly repetition: number;
  /** Runs that are done, of how many. */
  readonly doneCount: number;
  readonly runCount: number;
}

/** Where the harness runs, and whom it tells. */
export interface HarnessContext {
  /** Directory for all stores; the caller removes it. */
  readonly root: string;
  readonly runJob: (job: Job) => Promise<Outcome>;
  readonly onStep: (step: HarnessStep) => void;
  /** Called when a workload is finished, with one result per engine. */
  readonly onWorkload: (results: readonly BenchmarkResult[]) => void;
  readonly signal: AbortSignal;
}

/** What came of it. */
export interface HarnessReport {
  readonly results: readonly BenchmarkResult[];
  /** Engines that gave wrong data: a sentence each. */
  readonly mismatches: readonly string[];
}

/** One engine in one workload, as far as it is. */
interface Entry {
  readonly settings: RunSettings;
  readonly runs: RawFigures[];
  /** Why there are no more runs. */
  failure: string | null;
}

/** Runs all workloads. Stops early, with what there is, when the signal is given. */
export async function runBenchmarks(
  options: HarnessOptions,
  context: HarnessContext,
): Promise<HarnessReport> {
  return new Harness(options, context).run();
}

class Harness {
  readonly #options: HarnessOptions;
  readonly #context: HarnessContext;
  readonly #stores: PreparedStores;
  readonly #results: BenchmarkResult[] = [];
  readonly #mismatches: string[] = [];
  readonly #runCount: number;
  #doneCount = 0;
  #step: Pick<HarnessStep, 'workload' | 'engine' | 'repetition'>;

  constructor(options: HarnessOptions, context: HarnessContext) {
    this.#options = options;
    this.#context = context;
    this.#runCount = options.workloads.length * options.engines.length * options.repeat;
    this.#stores = new PreparedStores(context.root, (job) => {
      this.#tell('prepare');
      return context.runJob(job);
    });
    this.#step = { workload: options.workloads[0], engine: options.engines[0], repetition: 1 };
  }

  async run(): Promise<HarnessReport> {
    for (const [index, workload] of this.#options.workloads.entries()) {
      if (this.#context.signal.aborted) break;
      const coming = this.#options.workloads.slice(index);
      await this.#stores.keepOnly(coming.flatMap((name) => this.#settingsOf(name)));
      await this.#runWorkload(workload);
    }
    return { results: this.#results, mismatches: this.#mismatches };
  }

  async #runWorkload(workload: string): Promise<void> {
    const entries = this.#settingsOf(workload).map(
      (settings): Entry => ({ settings, runs: [], failure: null }),
    );
    const overheadUs = await this.#overheadUs(entries[0].settings);
    for (let repetition = 1; repetition <= this.#options.repeat; repetition++) {
      for (const entry of entries) await this.#repeat(entry, repetition);
    }
    const results = entries.flatMap((entry) => resultsOf(entry, overheadUs));
    this.#results.push(...results);
    this.#context.onWorkload(results);
  }

  async #overheadUs(settings: RunSettings): Promise<number | null> {
    this.#step = { workload: settings.workload, engine: settings.engine, repetition: 1 };
    this.#tell('calibrate');
    const job: Job = { task: 'calibrate', settings, directory: this.#context.root };
    const outcome = await this.#context.runJob(job);
    return outcome.kind === 'calibrated' ? outcome.overheadUs : null;
  }

  async #repeat(entry: Entry, repetition: number): Promise<void> {
    const { workload, engine } = entry.settings;
    if (entry.failure === null && !this.#context.signal.aborted) {
      this.#step = { workload, engine, repetition };
      this.#take(entry, await this.#runOnce(entry.settings));
    }
    this.#doneCount += 1;
  }

  async #runOnce(settings: RunSettings): Promise<Outcome> {
    const directory = await this.#stores.directoryFor(settings);
    if (!('path' in directory)) return directory;
    try {
      this.#tell('run');
      return await this.#context.runJob({ task: 'run', settings, directory: directory.path });
    } finally {
      await this.#stores.release(directory);
    }
  }

  #take(entry: Entry, outcome: Outcome): void {
    // A run that was interrupted says nothing of its engine.
    if (this.#context.signal.aborted) return;
    if (outcome.kind === 'figures') {
      entry.runs.push(outcome.figures);
    } else if (outcome.kind === 'skipped') {
      entry.failure = outcome.reason;
    } else if (outcome.kind === 'wrong') {
      entry.failure = `wrong data: ${outcome.message}`;
      this.#mismatches.push(
        `${entry.settings.engine} in ${entry.settings.workload}: ${outcome.message}`,
      );
    }
  }

  #settingsOf(workload: string): RunSettings[] {
    return this.#options.engines.map((engine) =>
      runSettingsOf(this.#options, { workload, engine }),
    );
  }

  #tell(action: HarnessStep['action']): void {
    this.#context.onStep({
      ...this.#step,
      action,
      doneCount: this.#doneCount,
      runCount: this.#runCount,
    });
  }
}

/** Empty when the benchmark was interrupted before the first run. */
function resultsOf(
  { settings, runs, failure }: Entry,
  overheadUs: number | null,
): BenchmarkResult[] {
  const context = { settings, overheadUs };
  if (failure !== null) return [skippedResult(failure, context)];
  return runs.length === 0 ? [] : [combine(runs, context)];
}
