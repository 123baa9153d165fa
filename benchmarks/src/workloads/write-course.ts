/** Courses that write one entry per step, or one batch. */
import type { KeySequence } from '../distributions/sequences.js';
import { PREPARED_GENERATION } from '../distributions/values.js';
import type { EngineStore } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';
import { Entries } from './entries.js';
import { distinctKeyCountOf, lastWritesOf, verifyEntries } from './verification.js';
import type { Course, Tally, Traffic } from './workload.js';

/** What to write where. */
export interface WritePlan {
  readonly store: EngineStore;
  readonly settings: RunSettings;
  readonly sequence: KeySequence;
  /** Whether the store held all keys before. */
  readonly startsFrom: 'empty' | 'filled';
}

/** The generation of the value that write number `index` of a workload writes. */
export function generationOf(index: number): number {
  return index + 1 + PREPARED_GENERATION;
}

abstract class WriteCourse implements Course {
  protected readonly plan: WritePlan;
  protected readonly entries: Entries;
  abstract readonly stepCount: number;

  constructor(plan: WritePlan) {
    this.plan = plan;
    this.entries = new Entries(plan.settings);
  }

  abstract step(position: number, lane: number): unknown;

  traffic({ stepCount }: Tally): Traffic {
    const { entrySizeBytes } = this.entries;
    const operationCount = this.writeCountOf(stepCount);
    return {
      operationCount,
      userWrittenBytes: operationCount * this.writtenSizeBytes,
      userReadBytes: 0,
      liveBytes: this.liveCountOf(operationCount) * entrySizeBytes,
    };
  }

  verify({ stepCount }: Tally): Promise<number> {
    const lastWrites = lastWritesOf(() => this.plan.sequence, this.writeCountOf(stepCount));
    const expectation = new Map<number, number | undefined>();
    for (const [key, index] of lastWrites) expectation.set(key, this.expectedAfter(index));
    return verifyEntries(this.plan.store, this.entries, expectation);
  }

  protected get writtenSizeBytes(): number {
    return this.entries.entrySizeBytes;
  }

  protected writeCountOf(stepCount: number): number {
    return stepCount;
  }

  protected expectedAfter(index: number): number | undefined {
    return generationOf(index);
  }

  protected liveCountOf(writeCount: number): number {
    return this.plan.startsFrom === 'filled' ? this.plan.settings.num : this.distinct(writeCount);
  }

  protected distinct(writeCount: number): number {
    const { sequence, settings } = this.plan;
    return distinctKeyCountOf(() => sequence, { writeCount, keyCount: settings.num });
  }
}

/** One put per step. */
export class PutCourse extends WriteCourse {
  readonly stepCount = this.plan.settings.operationCount;

  step(position: number, lane: number): unknown {
    const key = this.plan.sequence(position);
    const value = this.entries.values.at(key, generationOf(position));
    return this.plan.store.put(this.entries.key(key, lane), value);
  }
}

/** One delete per step. */
export class DeleteCourse extends WriteCourse {
  readonly stepCount = this.plan.settings.operationCount;

  step(position: number, lane: number): unknown {
    return this.plan.store.del(this.entries.key(this.plan.sequence(position), lane));
  }

  protected override get writtenSizeBytes(): number {
    return this.plan.settings.keySizeBytes;
  }

  protected override expectedAfter(): undefined {
    return undefined;
  }

  protected override liveCountOf(writeCount: number): number {
    return this.plan.settings.num - this.distinct(writeCount);
  }
}

/** One batch per step. */
export class BatchCourse extends WriteCourse {
  readonly #batchSize = this.plan.settings.batchSize;
  readonly stepCount = Math.ceil(this.plan.settings.operationCount / this.#batchSize);
  readonly #keyWriters = Array.from({ length: this.#batchSize }, () => this.entries.newKeyWriter());
  readonly #keys: Buffer[] = new Array(this.#batchSize);
  readonly #values: Buffer[] = new Array(this.#batchSize);

  step(position: number): unknown {
    const first = position * this.#batchSize;
    this.#resize(Math.min(this.#batchSize, this.plan.settings.operationCount - first));
    for (let index = 0; index < this.#keys.length; index++) {
      const key = this.plan.sequence(first + index);
      this.#keys[index] = this.#keyWriters[index].write(key);
      this.#values[index] = this.entries.values.at(key, this.generation(first + index));
    }
    return this.plan.store.batch(this.#keys, this.#values);
  }

  protected generation(index: number): number {
    return generationOf(index);
  }

  protected override expectedAfter(index: number): number {
    return this.generation(index);
  }

  protected override writeCountOf(stepCount: number): number {
    return Math.min(stepCount * this.#batchSize, this.plan.settings.operationCount);
  }

  #resize(size: number): void {
    if (this.#keys.length === size) return;
    this.#keys.length = size;
    this.#values.length = size;
  }
}

/** Fills a store for others to start from: every value has the prepared generation. */
export class PrepareCourse extends BatchCourse {
  protected override generation(): number {
    return PREPARED_GENERATION;
  }
}
