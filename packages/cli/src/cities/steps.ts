// The steps of the main job on the screen: a progress line while a step runs, one line when it is done.

import { Progress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';
import { formatDuration, formatQuantity, formatRate } from '../text/numbers.js';

const NAME_WIDTH_COLUMNS = 10;
const COUNT_WIDTH_COLUMNS = 18;

/** A step that is done. */
export interface StepResult<Result> {
  readonly result: Result;
  readonly elapsedMs: number;
}

/** What a step announces. */
export interface StepPlan {
  readonly name: string;
  /** What it counts, in the singular: `entry`. */
  readonly noun: string;
  readonly total: number;
}

/** Runs steps one after the other and says how each went. */
export class Steps {
  readonly #terminal: Terminal;
  readonly #print: (line: string) => void;
  readonly timesMs: Record<string, number> = {};

  /** `print` gets the lines for people; a job that answers as JSON passes a function that drops them. */
  constructor(terminal: Terminal, print: (line: string) => void) {
    this.#terminal = terminal;
    this.#print = print;
  }

  /** Runs a step. The step is given a function to call with how much is done. */
  async run<Result>(
    plan: StepPlan,
    step: (onProgress: (count: number) => void) => Promise<Result>,
  ): Promise<Result> {
    using progress = new Progress(this.#terminal, {
      label: plan.name,
      noun: formatQuantity(0, plan.noun).slice(2),
      total: plan.total,
    });
    const result = await step((count) => {
      progress.update(count);
      this.#terminal.throwIfInterrupted();
    });
    const elapsedMs = progress.finish();
    this.timesMs[plan.name.toLowerCase()] = Math.round(elapsedMs * 100) / 100;
    this.#print(this.#doneLine(plan, elapsedMs));
    await this.#terminal.output.flush();
    return result;
  }

  #doneLine(plan: StepPlan, elapsedMs: number): string {
    const palette = this.#terminal.outputPalette;
    const isRateTelling = plan.total > 1;
    return [
      palette.good('✓'),
      palette.heading(plan.name.padEnd(NAME_WIDTH_COLUMNS)),
      (isRateTelling ? formatQuantity(plan.total, plan.noun) : '').padStart(COUNT_WIDTH_COLUMNS),
      formatDuration(elapsedMs).padStart(8),
      palette.accent((isRateTelling ? formatRate(plan.total, elapsedMs) : '').padStart(11)),
    ]
      .join(' ')
      .trimEnd();
  }
}
