// The steps of the main job on the screen: a progress line while a step runs, one line when it is done.

import { Progress } from '../terminal/progress.js';
import type { Terminal } from '../terminal/terminal.js';
import { formatDuration, formatQuantity, formatRate, pluralOf } from '../text/numbers.js';

const NAME_WIDTH_COLUMNS = 24;
const COUNT_WIDTH_COLUMNS = 18;
const TIME_WIDTH_COLUMNS = 9;
const RATE_WIDTH_COLUMNS = 10;

/** What a step announces. */
export interface StepPlan {
  /** Key of the time it took, in the figures. */
  readonly id: string;
  /** What it does, for people: `Ingest`. */
  readonly title: string;
  /** What it counts, in the singular; absent for steps that are one thing. */
  readonly noun?: string;
  readonly total?: number;
}

/** Runs steps one after the other and says how each went. */
export class Steps {
  /** Milliseconds by the id of the step. */
  readonly timesMs: Record<string, number> = {};
  readonly #terminal: Terminal;
  readonly #print: (line: string) => Promise<void>;

  /** `print` gets the lines for people. */
  constructor(terminal: Terminal, print: (line: string) => Promise<void>) {
    this.#terminal = terminal;
    this.#print = print;
  }

  /** Runs a step, which calls the function it is given with how much is done. */
  async run<Result>(
    plan: StepPlan,
    step: (onProgress: (count: number) => void) => Promise<Result>,
  ): Promise<Result> {
    using progress = new Progress(this.#terminal, {
      label: plan.title,
      noun: pluralOf(plan.noun ?? 'step'),
      total: plan.total,
    });
    const result = await step((count) => {
      progress.update(count);
      this.#terminal.throwIfInterrupted();
    });
    const elapsedMs = progress.finish();
    this.timesMs[plan.id] = elapsedMs;
    await this.#print(this.#doneLine(plan, elapsedMs));
    return result;
  }

  #doneLine(plan: StepPlan, elapsedMs: number): string {
    const palette = this.#terminal.outputPalette;
    const { noun, title, total } = plan;
    const isCounted = noun !== undefined && total !== undefined;
    const count = isCounted ? formatQuantity(total, noun) : '';
    const rate = isCounted ? formatRate(total, elapsedMs) : '';
    return [
      palette.good('✓'),
      title.padEnd(NAME_WIDTH_COLUMNS),
      count.padStart(COUNT_WIDTH_COLUMNS),
      formatDuration(elapsedMs).padStart(TIME_WIDTH_COLUMNS),
      palette.accent(rate.padStart(RATE_WIDTH_COLUMNS)),
    ]
      .join(' ')
      .trimEnd();
  }
}
