/**
 * Writes that wait for room: encoded bytes, in the order they were issued, and the promise of each.
 *
 * The bytes are the engine's own copy, so a caller may change its buffers after the call. The list is bounded by bytes and
 * by number; whoever finds it full waits on its own thread.
 */
import type { Clock, Timer } from '@varve/base';
import type { EncodedBatch } from './encoded-batch.js';

/** Encoded bytes that may wait. */
const WAITING_LIMIT_BYTES = 16 * 1024 * 1024;
/** Writes that may wait: a small one takes half a kilobyte of memory besides its bytes. */
const WAITING_LIMIT_COUNT = 65_536;

interface WaitingWrite {
  readonly batch: EncodedBatch;
  readonly rank: number;
  readonly sinceMs: number;
  readonly promise: Promise<void>;
  /** Settles the promise as another one settles. */
  readonly follow: (promise: Promise<void>) => void;
  readonly fail: (error: Error) => void;
}

export class WaitingWrites {
  readonly #clock: Pick<Clock, 'hold' | 'monotonicMs'>;
  readonly #writes: WaitingWrite[] = [];
  /** Keeps the process alive while any waits: what makes room may be a delay away. */
  #hold: Timer | undefined;
  #sizeBytes = 0;

  constructor(clock: Pick<Clock, 'hold' | 'monotonicMs'>) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#writes.length;
  }

  /** Of all of them. O(writes). */
  get entryCount(): number {
    return this.#writes.reduce((sum, { batch }) => sum + batch.entryOffsets.length, 0);
  }

  get isFull(): boolean {
    return this.#sizeBytes >= WAITING_LIMIT_BYTES || this.count >= WAITING_LIMIT_COUNT;
  }

  get first(): WaitingWrite {
    return this.#writes[0];
  }

  /** Of the newest waiting write. */
  get lastPromise(): Promise<void> | undefined {
    return this.#writes.at(-1)?.promise;
  }

  add(batch: EncodedBatch, rank: number): Promise<void> {
    this.#hold ??= this.#clock.hold?.();
    const sinceMs = this.#clock.monotonicMs();
    let follow!: (promise: Promise<void>) => void;
    let fail!: (error: Error) => void;
    const promise = new Promise<void>((resolve, reject) => {
      follow = resolve;
      fail = reject;
    });
    this.#writes.push({ batch, rank, sinceMs, promise, follow, fail });
    this.#sizeBytes += batch.length;
    return promise;
  }

  shift(): WaitingWrite {
    const write = this.#writes.shift()!;
    this.#sizeBytes -= write.batch.length;
    if (this.count === 0) this.#letGo();
    return write;
  }

  /** Rejects those that have waited since this time or longer. Oldest first, so the rest stays in order. */
  expire(sinceMs: number, makeError: () => Error): void {
    while (this.count > 0 && this.first.sinceMs <= sinceMs) this.shift().fail(makeError());
  }

  /** Nothing will be written any more. */
  failAll(error: Error): void {
    for (const write of this.#writes.splice(0)) write.fail(error);
    this.#sizeBytes = 0;
    this.#letGo();
  }

  #letGo(): void {
    this.#hold?.cancel();
    this.#hold = undefined;
  }
}
