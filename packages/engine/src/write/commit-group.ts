/**
 * A commit group: the writes that share one log record, one sync and one promise.
 *
 * Groups are used again: a group that nobody waits for costs no allocation.
 */
import type { Generation } from './generation.js';

const INITIAL_OFFSET_CAPACITY = 16;

export class CommitGroup {
  generation!: Generation;
  /** Where the record of the group starts in the arena. */
  recordOffset = 0;
  firstSequence = 0;
  batchCount = 0;
  entryCount = 0;
  /** Arena offsets of the entries, in order. */
  entryOffsets = new Int32Array(INITIAL_OFFSET_CAPACITY);
  /** The strongest durability asked for. */
  rank = 0;
  /** Position in the log after the group's record; 0 when it is not in the log. */
  logEnd = 0;
  #promise: Promise<void> | null = null;
  #resolve: () => void = noop;
  #reject: (error: Error) => void = noop;

  /** Shared by everyone who waits for the group. */
  get promise(): Promise<void> {
    if (this.#promise === null) {
      this.#promise = new Promise<void>((resolve, reject) => {
        this.#resolve = resolve;
        this.#reject = reject;
      });
    }
    return this.#promise;
  }

  /** Whether anyone waits for it. */
  get isAwaited(): boolean {
    return this.#promise !== null;
  }

  start(generation: Generation, recordOffset: number, firstSequence: number): void {
    this.generation = generation;
    this.recordOffset = recordOffset;
    this.firstSequence = firstSequence;
    this.batchCount = 0;
    this.entryCount = 0;
    this.rank = 0;
    this.logEnd = 0;
    this.#promise = null;
  }

  addEntry(offset: number): void {
    if (this.entryCount === this.entryOffsets.length) this.#grow();
    this.entryOffsets[this.entryCount++] = offset;
  }

  /** Everything the group promised holds. */
  succeed(): void {
    if (this.#promise !== null) this.#resolve();
  }

  /** The group's writes may or may not survive; whoever waits is told why. */
  fail(error: Error): void {
    if (this.#promise !== null) this.#reject(error);
  }

  #grow(): void {
    const larger = new Int32Array(this.entryOffsets.length * 2);
    larger.set(this.entryOffsets);
    this.entryOffsets = larger;
  }
}

function noop(): void {}
