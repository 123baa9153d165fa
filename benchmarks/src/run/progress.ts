/** The line that says what runs, how far the benchmark is, and how long it will take. */
import { formatSeconds } from '../results/format.js';
import type { HarnessStep } from './harness.js';

const BAR_WIDTH_COLUMNS = 20;

/** The line for a step that starts after `elapsedSeconds`. */
export function progressText(step: HarnessStep, elapsedSeconds: number): string {
  const share = step.doneCount / step.runCount;
  const filled = Math.round(share * BAR_WIDTH_COLUMNS);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH_COLUMNS - filled);
  const left =
    step.doneCount === 0
      ? ''
      : `, about ${formatSeconds((elapsedSeconds * (1 - share)) / share)} left`;
  return `${bar} ${step.doneCount}/${step.runCount}  ${doing(step)}${left}`;
}

function doing({ action, workload, engine, repetition }: HarnessStep): string {
  if (action === 'calibrate') return `${workload}: measuring the harness itself`;
  if (action === 'prepare') return `${workload}: filling a store of ${engine}`;
  return `${workload}: ${engine}, repetition ${repetition}`;
}

/** A line of a terminal that is written over; silent where the output is no terminal. */
export class ProgressLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #startMs = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(step: HarnessStep): void {
    if (!this.#stream.isTTY) return;
    const text = progressText(step, (performance.now() - this.#startMs) / 1000);
    this.clear();
    this.#stream.write(text.slice(0, this.#stream.columns - 1));
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }
}
