/**
 * Gets the database a new log after the disk had no space for the one it had.
 *
 *   lost -> (a log is ready, a memtable may be frozen) -> flushing -> (its tables are durable) -> flushed -> (a log is open)
 *
 * Nothing is written behind the record that failed, and the file is not cut: what stands in it is needed until the tables
 * that hold the same entries are durable. Only then does the next log begin, so that what space there is goes to the flush,
 * and not to writers. Each step may have to wait for background work, or fail for want of space and be tried again; writes
 * are refused meanwhile, and everything acknowledged is in the old log and in memory.
 */
import type { LogSupply } from './log-supply.js';
import type { Generation } from './write/index.js';

export interface LogReplacementParts {
  readonly supply: LogSupply;
  /** Whether one more memtable may be frozen now. */
  readonly mayFreeze: () => boolean;
  /** Starts the flush of the generation whose log is lost. */
  readonly freeze: () => Generation;
  /** Throws NO_SPACE while there is not enough for writers to go on. */
  readonly checkSpace: () => void;
  /** Opens the log of this number, and lets writes go on in it. Throws what keeps it from being opened. */
  readonly resume: (logId: number) => void;
}

export class LogReplacement {
  readonly #parts: LogReplacementParts;
  #state: 'idle' | 'lost' | 'flushing' | 'flushed' = 'idle';
  /** The generation that is flushed. */
  #generation: Generation | null = null;
  #nextLogId: number | null = null;

  constructor(parts: LogReplacementParts) {
    this.#parts = parts;
  }

  /** Whether a log was lost and there is no new one yet. */
  get isDue(): boolean {
    return this.#state !== 'idle';
  }

  /** The number of the log that will follow; null while it is not known. */
  get nextLogId(): number | null {
    return this.#nextLogId;
  }

  /** The log takes no more. `nextLogId`: the one to go on with, if it was taken from the supply already. */
  begin(nextLogId: number | null): void {
    this.#state = 'lost';
    this.#nextLogId = nextLogId;
  }

  /** The entries of this generation are durable in tables. */
  noteFlushed(generation: Generation): void {
    if (generation === this.#generation) this.#state = 'flushed';
  }

  /** Goes on as far as possible. False when that has to wait for something else. Throws what a step failed of. */
  advance(): boolean {
    if (this.#state === 'lost') this.#freeze();
    if (this.#state !== 'flushed') return false;
    this.#parts.checkSpace();
    this.#parts.resume(this.#nextLogId!);
    this.#state = 'idle';
    this.#generation = null;
    this.#nextLogId = null;
    return true;
  }

  #freeze(): void {
    const { supply, mayFreeze, freeze } = this.#parts;
    if (!mayFreeze()) return;
    if (this.#nextLogId === null) {
      if (!supply.isReady) return;
      this.#nextLogId = supply.take();
    }
    this.#state = 'flushing';
    this.#generation = freeze();
  }
}
