// The soak: a mixed load in a process of its own, and beside it the kill loop and simulations, for a given time.

import { systemClock } from '@varve/base';
import { Child, type ChildEnd } from '../kill-loop/child.js';
import { judgeSamples, type SoakSample } from './soak-verdict.js';
import { type PrintFormat, printClosing, printProgress, printViolations } from './tier-print.js';
import { runTier, type UnitOutcome } from './tier-run.js';
import { saveState, type TierState } from './tier-state.js';
import { killSource, simulationSource } from './work-source.js';

/** A run of the soak, with the time of its earlier starts. */
export interface SoakState extends TierState {
  elapsedMs: number;
  stepCount: number;
}

const LOAD_PROGRAM = '../tiers/soak-load-main.js';
const PROGRESS_INTERVAL_MS = 10_000;
const SOAK_KILL_COUNT = 100_000;
const VIOLATION_COUNT_MAX = 1;

/** How a soak is run. */
export interface SoakOptions {
  readonly directory: string;
  readonly statePath: string;
  readonly totalMs: number;
  readonly format: PrintFormat;
}

/** See the head of this file. */
export class Soak {
  readonly #state: SoakState;
  readonly #options: SoakOptions;
  readonly #samples: SoakSample[] = [];
  readonly #startMs = systemClock.monotonicMs();
  readonly #elapsedBefore: number;
  #printedMs = this.#startMs;
  #problem: string | null = null;

  constructor(state: SoakState, options: SoakOptions) {
    this.#state = state;
    this.#options = options;
    this.#elapsedBefore = state.elapsedMs;
  }

  /** Runs to the end of its time; gives the exit code. */
  async run(): Promise<number> {
    const { seed } = this.#state;
    const parameters = [this.#options.directory, String(seed)];
    const child = new Child(LOAD_PROGRAM, parameters, (line) => this.#hear(line));
    const reason = await runTier({
      sources: [killSource(SOAK_KILL_COUNT), simulationSource()],
      state: this.#state,
      clock: systemClock,
      endMs: this.#startMs + Math.max(0, this.#options.totalMs - this.#elapsedBefore),
      violationCountMax: VIOLATION_COUNT_MAX,
      onUnit: (unit) => this.#noteUnit(unit),
    });
    this.#judge(await child.stop());
    this.#save();
    const { format } = this.#options;
    printViolations(this.#state.violations, format);
    this.#printMemory();
    printClosing(this.#standing(), this.#state, { format, reason });
    return this.#state.violations.length === 0 ? 0 : 1;
  }

  #hear(line: string): void {
    const told = JSON.parse(line) as SoakSample | { readonly problem: string };
    if ('problem' in told) this.#problem = told.problem;
    else this.#samples.push(told);
  }

  #noteUnit(unit: UnitOutcome): void {
    if (this.#problem !== null) this.#state.violations.push(`soak load: ${this.#problem}`);
    this.#save();
    if (systemClock.monotonicMs() - this.#printedMs < PROGRESS_INTERVAL_MS) return;
    this.#printedMs = systemClock.monotonicMs();
    printProgress(this.#standing(), unit, this.#options.format);
    this.#printMemory();
  }

  #judge({ exitCode, signal, complaint }: ChildEnd): void {
    const { violations } = this.#state;
    if (exitCode !== 0 && violations.length === 0) {
      const why = this.#problem ?? complaint;
      violations.push(`soak load: it ended with ${exitCode ?? signal}: ${why}`);
    }
    violations.push(...judgeSamples(this.#samples).violations);
    this.#state.stepCount += this.#samples.at(-1)?.stepCount ?? 0;
  }

  #save(): void {
    this.#state.elapsedMs = this.#elapsedBefore + systemClock.monotonicMs() - this.#startMs;
    saveState(this.#options.statePath, this.#state);
  }

  #standing() {
    const elapsedMs = systemClock.monotonicMs() - this.#startMs;
    const leftMs = Math.max(0, this.#options.totalMs - this.#elapsedBefore - elapsedMs);
    return { tier: 'soak', elapsedMs, leftMs } as const;
  }

  #printMemory(): void {
    const last = this.#samples.at(-1);
    if (last === undefined) return;
    const verdict = judgeSamples(this.#samples);
    if (this.#options.format === 'json') {
      console.log(JSON.stringify({ kind: 'load', ...last, ...verdict }));
      return;
    }
    const { rssSlopeMiBPerHour: slope, descriptorSpread } = verdict;
    const slopeText = slope === null ? 'too early for a slope' : `${slope.toFixed(2)} MiB/h`;
    const rate = Math.round(last.stepCount / (last.elapsedMs / 1000));
    const rssMiB = Math.round(last.rssBytes / 1024 / 1024);
    console.log(
      `soak: load ${last.stepCount} steps, ${rate}/s; memory ${rssMiB} MiB, ${slopeText}; ` +
        `${last.otherDescriptorCount} other open files (spread ${descriptorSpread}); ` +
        `${last.tableCount} tables, ${last.tableFileCount} files`,
    );
  }
}
