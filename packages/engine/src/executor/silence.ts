/**
 * How long a thread with work has been silent, and what follows from it.
 *
 * It is counted in looks, not by a clock: a process that was stopped, or a main thread that was busy, must not take its
 * threads for dead. Who waits for the disk is not given up however long it takes, since a new thread would wait as well.
 */
import type { FileOperation } from '@varve/vfs';

/** Silence outside of the file system after which a thread is given up. */
export const HANG_TIMEOUT_MS = 20_000;

/** What is looked at. */
export interface Watched {
  readonly pendingCount: number;
  /** The heartbeat counter. */
  readonly beatCount: number;
  /** What it waits for now. */
  readonly operation: FileOperation | null;
}

export class Silence {
  readonly #watched: Watched;
  #beatCount = 0;
  #silentMs = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#beatCount = watched.beatCount;
  }

  /** Milliseconds without a sign of life, as far as looks tell. */
  get silentMs(): number {
    return this.#silentMs;
  }

  /** Whether it has hung for so long that it is to be given up. */
  get isHang(): boolean {
    return this.#silentMs >= HANG_TIMEOUT_MS && this.#watched.operation === null;
  }

  /** Takes notice that `ms` have gone by since the last look. */
  look(ms: number): void {
    const { beatCount, pendingCount } = this.#watched;
    const isSilent = pendingCount > 0 && beatCount === this.#beatCount;
    this.#silentMs = isSilent ? this.#silentMs + ms : 0;
    this.#beatCount = beatCount;
  }
}
