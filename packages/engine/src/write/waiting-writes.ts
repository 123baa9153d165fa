/**
 * Writes that wait for room: encoded bytes, in the order they are let in, and the promise of each.
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

/** Where the writes end that were issued up to some call. */
export interface WriteBoundary {
  /** Of the newest entry before it; infinite while any of those writes waits for room. */
  sequence: number;
}

interface WaitingWrite {
  readonly batch: EncodedBatch;
  readonly rank: number;
  readonly sinceMs: number;
  readonly promise: Promise<void>;
  /** Set when it is let in or refused. */
  boundary: WriteBoundary | null;
  /** Settles the promise as another one settles. */
  readonly follow: (promise: Promise<void>) => void;
  readonly fail: (error: Error) => void;
}

export interface WaitingWritesOptions {
  readonly clock: Pick<Clock, 'hold' | 'monotonicMs'>;
  /** Sequence of the newest entry that was let in: called when a boundary is there. */
  readonly takeBoundary: () => number;
}

export class WaitingWrites {
  readonly #clock: Pick<Clock, 'hold' | 'monotonicMs'>;
  readonly #takeBoundary: () => number;
  #writes: WaitingWrite[] = [];
  /** Keeps the process alive while any waits: what makes room may be a delay away. */
  #hold: Timer | undefined;
  #sizeBytes = 0;

  constructor({ clock, takeBoundary }: WaitingWritesOptions) {
    this.#clock = clock;
    this.#takeBoundary = takeBoundary;
  }

  get count(): number {
    return this.#writes.length;
  }

  get isFull(): boolean {
    return this.#sizeBytes >= WAITING_LIMIT_BYTES || this.count >= WAITING_LIMIT_COUNT;
  }

  get first(): WaitingWrite {
    return this.#writes[0];
  }

  /** Since when the one waits that has waited longest: not always the first. O(writes). Requires: one waits. */
  get oldestSinceMs(): number {
    return this.#writes.reduce((oldest, { sinceMs }) => Math.min(oldest, sinceMs), Infinity);
  }

  /** Resolves when all that wait now are acknowledged or have failed, in whatever order. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#writes.map(({ promise }) => promise));
  }

  /** Where the writes end that have been issued so far. */
  boundary(): WriteBoundary {
    const last = this.#writes.at(-1);
    if (last === undefined) return { sequence: this.#takeBoundary() };
    last.boundary ??= { sequence: Number.POSITIVE_INFINITY };
    return last.boundary;
  }

  add(batch: EncodedBatch, rank: number): Promise<void> {
    const write = this.#make(batch, rank);
    this.#writes.push(write);
    return write.promise;
  }

  /** Of writes in front of the others each is awaited before the next, so they need no bound. */
  addFirst(batch: EncodedBatch, rank: number): Promise<void> {
    const write = this.#make(batch, rank);
    this.#writes.unshift(write);
    return write.promise;
  }

  #make(batch: EncodedBatch, rank: number): WaitingWrite {
    this.#hold ??= this.#clock.hold?.();
    const sinceMs = this.#clock.monotonicMs();
    let follow!: (promise: Promise<void>) => void;
    let fail!: (error: Error) => void;
    const promise = new Promise<void>((resolve, reject) => {
      follow = resolve;
      fail = reject;
    });
    this.#sizeBytes += batch.length;
    return { batch, rank, sinceMs, promise, boundary: null, follow, fail };
  }

  /** The first waits no longer: it is let in, or refused. */
  shift(): WaitingWrite {
    const write = this.#writes.shift()!;
    this.#take(write);
    return write;
  }

  /** Rejects those that have waited since this time or longer. The rest stays in order. */
  expire(sinceMs: number, makeError: () => Error): void {
    const overdue = this.#writes.filter((write) => write.sinceMs <= sinceMs);
    this.#writes = this.#writes.filter((write) => write.sinceMs > sinceMs);
    for (const write of overdue) {
      this.#take(write);
      write.fail(makeError());
    }
  }

  /** Nothing will be written any more. */
  failAll(error: Error): void {
    this.expire(Number.POSITIVE_INFINITY, () => error);
  }

  #take({ batch, boundary }: WaitingWrite): void {
    this.#sizeBytes -= batch.length;
    if (boundary !== null) boundary.sequence = this.#takeBoundary();
    if (this.count === 0) this.#letGo();
  }

  #letGo(): void {
    this.#hold?.cancel();
    this.#hold = undefined;
  }
}
