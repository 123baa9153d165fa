/**
 * Tables that could not be merged: no compaction takes them for a while, so that the others go on.
 *
 * A table is set aside for half a minute, and for twice as long each time it fails again. What is wrong may pass, as a bad
 * cable does, or be mended from outside; if it is damage it stays, and the attempts become few.
 */
import type { Clock, StorageError, Timer } from '@varve/base';

interface SetAside {
  readonly error: StorageError;
  readonly failureCount: number;
  /** Until when it is left alone; null once it may be tried again. */
  timer: Timer | null;
}

const DELAY_MS_MIN = 30_000;
/** Half an hour. */
const DELAY_MS_MAX = 30 * 60 * 1000;

export class SetAsideTables {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  readonly #tables = new Map<number, SetAside>();

  /** `onDue` is called when a table may be tried again. */
  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Whether every table has been merged that could not be. */
  get isEmpty(): boolean {
    return this.#tables.size === 0;
  }

  /** File numbers of the tables that are to be left alone now. */
  get fileNumbers(): ReadonlySet<number> {
    if (this.#tables.size === 0) return NONE;
    const waiting = [...this.#tables].filter(([, { timer }]) => timer !== null);
    return new Set(waiting.map(([fileNumber]) => fileNumber));
  }

  /** These could not be merged. */
  add(fileNumbers: readonly number[], error: StorageError): void {
    for (const fileNumber of fileNumbers) {
      const before = this.#tables.get(fileNumber);
      before?.timer?.cancel();
      const failureCount = (before?.failureCount ?? 0) + 1;
      const delayMs = Math.min(DELAY_MS_MAX, DELAY_MS_MIN * 2 ** (failureCount - 1));
      const timer = this.#clock.delay(delayMs, () => this.#release(fileNumber));
      this.#tables.set(fileNumber, { error, failureCount, timer });
    }
  }

  /** What one of these failed of, if any has not been merged since. */
  errorOf(fileNumbers: Iterable<number>): StorageError | undefined {
    if (this.#tables.size === 0) return undefined;
    for (const fileNumber of fileNumbers) {
      const found = this.#tables.get(fileNumber);
      if (found !== undefined) return found.error;
    }
    return undefined;
  }

  /** These are there no more. */
  forget(fileNumbers: Iterable<number>): void {
    if (this.#tables.size === 0) return;
    for (const fileNumber of fileNumbers) {
      this.#tables.get(fileNumber)?.timer?.cancel();
      this.#tables.delete(fileNumber);
    }
  }

  /** All but these are there no more. */
  keepOnly(fileNumbers: ReadonlySet<number>): void {
    this.forget([...this.#tables.keys()].filter((fileNumber) => !fileNumbers.has(fileNumber)));
  }

  /** Nothing is tried again. */
  cancelAll(): void {
    for (const { timer } of this.#tables.values()) timer?.cancel();
  }

  #release(fileNumber: number): void {
    const table = this.#tables.get(fileNumber);
    if (table !== undefined) table.timer = null;
    this.#onDue();
  }
}

const NONE: ReadonlySet<number> = new Set();
