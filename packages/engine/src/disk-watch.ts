/**
 * Notices calls to the file system that take long, while they are under way if they are asynchronous, and tells.
 *
 * Beginning and ending cost a look at the clock each; one timer serves all of them. What blocks this thread is noticed when
 * it is over.
 */
import type { Clock, Timer } from '@varve/base';
import type { FileOperation } from '@varve/vfs';

/** A call that has taken longer than it should. */
export interface SlowCall {
  readonly operation: FileOperation;
  /** The path; null when a background thread makes the call. */
  readonly file: string | null;
  readonly elapsedMs: number;
  /** Whether it has ended. */
  readonly isOver: boolean;
}

/** A call under way. */
export interface WatchedCall {
  readonly operation: FileOperation;
  readonly file: string;
  readonly startMs: number;
}

interface CallUnderWay extends WatchedCall {
  isTold: boolean;
}

export interface DiskWatchOptions {
  readonly clock: Clock;
  readonly slowMs: number;
  readonly onSlow: (call: SlowCall) => void;
}

export class DiskWatch {
  readonly #options: DiskWatchOptions;
  readonly #underWay = new Set<CallUnderWay>();
  #timer: Timer | null = null;
  /** Silence of background threads that was told of. */
  #toldWaitMs = 0;

  constructor(options: DiskWatchOptions) {
    this.#options = options;
  }

  /** A call begins. Whoever says so says when it ends, too. */
  begin(operation: FileOperation, file: string): WatchedCall {
    const startMs = this.#options.clock.monotonicMs();
    const call = { operation, file, startMs, isTold: false };
    this.#underWay.add(call);
    this.#arm(this.#options.slowMs);
    return call;
  }

  end(call: WatchedCall): void {
    this.#underWay.delete(call as CallUnderWay);
    const elapsedMs = this.#options.clock.monotonicMs() - call.startMs;
    if (elapsedMs >= this.#options.slowMs) this.#tell(call, elapsedMs, true);
  }

  /** A background thread has waited for this long. */
  noteWaiting(operation: FileOperation, waitedMs: number): void {
    // It is told when it is slow, and again when that has doubled.
    if (waitedMs < this.#toldWaitMs) this.#toldWaitMs = 0;
    const { slowMs, onSlow } = this.#options;
    if (waitedMs < Math.max(slowMs, 2 * this.#toldWaitMs)) return;
    this.#toldWaitMs = waitedMs;
    onSlow({ operation, file: null, elapsedMs: waitedMs, isOver: false });
  }

  /** Nothing is told any more. */
  close(): void {
    this.#timer?.cancel();
    this.#underWay.clear();
  }

  #arm(delayMs: number): void {
    this.#timer ??= this.#options.clock.delay(delayMs, () => {
      this.#timer = null;
      this.#look();
    });
  }

  #look(): void {
    const { clock, slowMs } = this.#options;
    const nowMs = clock.monotonicMs();
    for (const call of this.#underWay) {
      const elapsedMs = nowMs - call.startMs;
      if (elapsedMs < slowMs) {
        this.#arm(slowMs - elapsedMs);
        return;
      }
      if (call.isTold) continue;
      call.isTold = true;
      this.#tell(call, elapsedMs, false);
    }
  }

  #tell({ operation, file }: WatchedCall, elapsedMs: number, isOver: boolean): void {
    this.#options.onSlow({ operation, file, elapsedMs, isOver });
  }
}
