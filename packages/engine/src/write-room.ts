/** Whether there is room for one more memtable, and waiting until there is. */
import type { Clock, StorageError } from '@varve/base';
import type { Background } from './background.js';
import type { StallReason } from './events.js';
import type { LogSupply } from './log-supply.js';
import type { StallMeter } from './stall-meter.js';
import { busyError, type CommitQueue, suspensionError } from './write/index.js';

export interface WriteRoomParts {
  readonly clock: Clock;
  readonly background: Background;
  readonly supply: LogSupply;
  readonly queue: CommitQueue;
  readonly stalls: StallMeter;
  /** How long a caller is blocked at most; may be infinite. */
  readonly writeTimeoutMs: number;
  /** What has made writing impossible for good. */
  readonly failure: () => StorageError | null;
}

export class WriteRoom {
  readonly #parts: WriteRoomParts;

  constructor(parts: WriteRoomParts) {
    this.#parts = parts;
  }

  /** What keeps the active memtable from being replaced; null when nothing does. */
  get stallReason(): StallReason | null {
    const { background, supply } = this.#parts;
    const reason = background.stallReason;
    if (reason !== null || supply.isReady) return reason;
    return 'log';
  }

  /**
   * Whether the active memtable may be replaced now.
   * @throws StorageError what made writing impossible, for good or for now
   */
  isThere(): boolean {
    let reason = this.stallReason;
    if (reason !== null && this.#mayRefuse()) {
      // Whoever never returns to the event loop gets to know that there is room again only from here.
      this.#parts.background.poll();
      this.#assertNotFailed();
      reason = this.stallReason;
      if (reason !== null && this.#mayRefuse()) throw this.suspensionError();
    }
    this.#parts.stalls.set(reason);
    return reason === null;
  }

  /**
   * Blocks this thread until there is room.
   * @throws StorageError BUSY when that takes too long; what made writing impossible
   */
  wait(): void {
    const { background, clock, writeTimeoutMs } = this.#parts;
    const startMs = clock.monotonicMs();
    while (!this.isThere()) {
      if (background.isStuck) throw this.suspensionError();
      const leftMs = startMs + writeTimeoutMs - clock.monotonicMs();
      if (leftMs <= 0) throw busyError(writeTimeoutMs);
      background.waitForProgress(leftMs);
      this.#assertNotFailed();
    }
  }

  /** What is said to writers while background work lacks something. Requires: it does. */
  suspensionError(): StorageError {
    return suspensionError(this.#parts.background.suspension!);
  }

  /** Writes that wait already are let in by others, who must not be told. */
  #mayRefuse(): boolean {
    const { background, queue } = this.#parts;
    return background.suspension !== null && queue.waitingCount === 0;
  }

  #assertNotFailed(): void {
    const failure = this.#parts.failure();
    if (failure !== null) throw failure;
  }
}
