// Progress on the screen for anything that can take longer than a second.
//
// Nothing is drawn in the first 300 ms, so that a quick command stays quiet, and nothing at all when standard
// error is not a terminal. cli-progress redraws the line (at most ten times a second, also while the program is
// busy), hides the cursor and clears the line at the end; the text comes from progress-line.ts.

import { type Clock, systemClock } from '@varve/base';
import { type Options, SingleBar } from 'cli-progress';
import { progressLine } from './progress-line.js';
import type { Terminal } from './terminal.js';

const QUIET_MS = 300;
const REDRAWS_PER_SECOND = 10;

/** What a step announces before it starts. */
export interface ProgressOptions {
  readonly label: string;
  /** What `count` counts, in the plural: `records`. */
  readonly noun: string;
  /** The whole, in the unit of `done` given to `update`. Absent: not known. */
  readonly total?: number | undefined;
  /** `'hidden'`: only keeps the time. Default: shown. */
  readonly visibility?: 'shown' | 'hidden';
  readonly clock?: Clock;
}

/** One long step. Always call `finish`, also on failure, so that the cursor comes back. */
export class Progress {
  readonly #terminal: Terminal;
  readonly #options: ProgressOptions;
  readonly #clock: Clock;
  readonly #startMs: number;
  #total: number | undefined;
  #bar: SingleBar | undefined;
  #count = 0;
  #done = 0;

  constructor(terminal: Terminal, options: ProgressOptions) {
    this.#terminal = terminal;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startMs = this.#clock.monotonicMs();
    this.#total = options.total;
  }

  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startMs;
  }

  /** Tells how much there is to do, once that is known. */
  expect(total: number): void {
    this.#total = total;
    this.#bar?.setTotal(total);
  }

  /** Tells how much is done; `count` is what people see when it is not the same as `done` (bytes read, say). */
  update(done: number, count: number = done): void {
    this.#done = done;
    this.#count = count;
    if (this.#bar === undefined) {
      this.#show();
    }
    this.#bar?.update(done);
  }

  /** Removes the line from the screen and gives the time taken in milliseconds. */
  finish(): number {
    this.#bar?.stop();
    this.#bar = undefined;
    return this.elapsedMs;
  }

  /** The same as `finish`, for `using`. */
  [Symbol.dispose](): void {
    this.finish();
  }

  #show(): void {
    const stream = this.#terminal.progressTarget;
    if (stream === null || this.#options.visibility === 'hidden' || this.elapsedMs < QUIET_MS) {
      return;
    }
    const options: Options = {
      stream,
      format: (_options, parameters) => this.#line(parameters['maxWidth']),
      fps: REDRAWS_PER_SECOND,
      hideCursor: true,
      clearOnComplete: true,
    };
    this.#bar = new SingleBar(options);
    this.#bar.start(this.#total ?? 0, this.#done);
  }

  #line(widthColumns: number): string {
    const { label, noun } = this.#options;
    const total = this.#total;
    return progressLine(
      {
        label,
        noun,
        count: this.#count,
        share: total === undefined || total === 0 ? undefined : this.#done / total,
        elapsedMs: this.elapsedMs,
      },
      { palette: this.#terminal.noticePalette, widthColumns },
    );
  }
}
