/**
 * Writes that wait for room: encoded bytes, in the order they were issued, and the promise of each.
 *
 * The bytes are the engine's own copy, so a caller may change its buffers after the call. The list is bounded by bytes;
 * whoever finds it full waits on its own thread.
 */
import type { EncodedBatch } from './encoded-batch.js';

/** Encoded bytes that may wait. */
const WAITING_LIMIT_BYTES = 16 * 1024 * 1024;

interface WaitingWrite {
  readonly batch: EncodedBatch;
  readonly rank: number;
  readonly promise: Promise<void>;
  /** Settles the promise as another one settles. */
  readonly follow: (promise: Promise<void>) => void;
  readonly fail: (error: Error) => void;
}

export class WaitingWrites {
  readonly #writes: WaitingWrite[] = [];
  #sizeBytes = 0;

  get count(): number {
    return this.#writes.length;
  }

  get isFull(): boolean {
    return this.#sizeBytes >= WAITING_LIMIT_BYTES;
  }

  get first(): WaitingWrite {
    return this.#writes[0];
  }

  /** Of the newest waiting write. */
  get lastPromise(): Promise<void> | undefined {
    return this.#writes.at(-1)?.promise;
  }

  add(batch: EncodedBatch, rank: number): Promise<void> {
    let follow!: (promise: Promise<void>) => void;
    let fail!: (error: Error) => void;
    const promise = new Promise<void>((resolve, reject) => {
      follow = resolve;
      fail = reject;
    });
    this.#writes.push({ batch, rank, promise, follow, fail });
    this.#sizeBytes += batch.length;
    return promise;
  }

  shift(): WaitingWrite {
    const write = this.#writes.shift()!;
    this.#sizeBytes -= write.batch.length;
    return write;
  }

  /** Nothing will be written any more. */
  failAll(error: Error): void {
    for (const write of this.#writes.splice(0)) write.fail(error);
    this.#sizeBytes = 0;
  }
}
