/** Courses that read and write: readwhilewriting and the six of YCSB. */
import type { KeySequence } from '../distributions/sequences.js';
import { PREPARED_GENERATION } from '../distributions/values.js';
import type { EngineStore } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';
import { Entries } from './entries.js';
import { isPromise } from './promises.js';
import { lastWritesOf, type Replay, sampleOf, verifyEntries } from './verification.js';
import type { Course, Tally, Traffic } from './workload.js';
import { generationOf } from './write-course.js';

/** A store under a mixed load, and how much went through it so far. */
export abstract class MixedCourse implements Course {
  readonly stepCount: number;
  protected readonly store: EngineStore;
  protected readonly settings: RunSettings;
  protected readonly entries: Entries;
  protected writeCount = 0;
  protected readCount = 0;

  constructor(store: EngineStore, settings: RunSettings) {
    this.store = store;
    this.settings = settings;
    this.entries = new Entries(settings);
    this.stepCount = settings.operationCount;
  }

  abstract step(position: number, lane: number): unknown;
  /** The keys written, write by write, from the start. */
  protected abstract replay(): Replay;
  /** Entries in the store now. */
  protected abstract readonly liveCount: number;

  traffic({ stepCount }: Tally): Traffic {
    const { entrySizeBytes } = this.entries;
    return {
      operationCount: stepCount,
      userWrittenBytes: this.writeCount * entrySizeBytes,
      userReadBytes: this.readCount * entrySizeBytes,
      liveBytes: this.liveCount * entrySizeBytes,
    };
  }

  /** Keys that were written have their last value, and keys that were not the prepared one. */
  async verify(): Promise<number> {
    const written = lastWritesOf(() => this.replay(), this.writeCount);
    const all = new Set<number>();
    const replay = this.replay();
    for (let index = 0; index < this.writeCount; index++) all.add(replay(index));
    const expectation = new Map<number, number>();
    for (const key of sampleOf(this.settings.num)) {
      if (!all.has(key)) expectation.set(key, PREPARED_GENERATION);
    }
    for (const [key, index] of written) expectation.set(key, generationOf(index));
    return verifyEntries(this.store, this.entries, expectation);
  }

  protected read(key: number, lane: number): unknown {
    this.readCount += 1;
    return this.store.get(this.entries.key(key, lane));
  }

  protected write(key: number, lane: number): unknown {
    const value = this.entries.values.at(key, generationOf(this.writeCount++));
    return this.store.put(this.entries.key(key, lane), value);
  }
}

/** Reads between two looks at the clock. */
const READS_PER_CLOCK_READ = 16;

/**
 * Reads, and puts beside them at a given rate: this thread does both, as an application on Node.js would. There is at most
 * one put per read, so that an engine that cannot keep the rate still reads.
 */
export class ReadWhileWritingCourse extends MixedCourse {
  readonly #reads: KeySequence;
  readonly #writes: KeySequence;
  #startMs = 0;
  #dueCount = 0;
  protected readonly liveCount = this.settings.num;

  constructor(
    context: { readonly store: EngineStore; readonly settings: RunSettings },
    sequences: { readonly reads: KeySequence; readonly writes: KeySequence },
  ) {
    super(context.store, context.settings);
    this.#reads = sequences.reads;
    this.#writes = sequences.writes;
  }

  step(position: number, lane: number): unknown {
    if (position % READS_PER_CLOCK_READ === 0) this.#updateDue();
    const key = this.#reads(position);
    if (this.writeCount >= this.#dueCount) return this.read(key, lane);
    const done = this.write(this.#writes(this.writeCount), lane);
    if (!isPromise(done)) return this.read(key, lane);
    return done.then(() => this.read(key, lane));
  }

  protected replay(): Replay {
    return this.#writes;
  }

  #updateDue(): void {
    const nowMs = performance.now();
    if (this.#startMs === 0) this.#startMs = nowMs;
    this.#dueCount = ((nowMs - this.#startMs) / 1000) * this.settings.writesPerSecond;
  }
}
