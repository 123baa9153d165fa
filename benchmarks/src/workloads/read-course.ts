/** Courses that read a filled store. */
import type { KeySequence } from '../distributions/sequences.js';
import { PREPARED_GENERATION } from '../distributions/values.js';
import type { EngineStore, ScanRange } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';
import { Entries } from './entries.js';
import { sampleOf, verifyEntries } from './verification.js';
import { type Course, type Tally, type Traffic, WrongDataError } from './workload.js';

/** What to read. */
export interface ReadPlan {
  readonly store: EngineStore;
  readonly settings: RunSettings;
  readonly sequence: KeySequence;
}

abstract class ReadCourse implements Course {
  protected readonly plan: ReadPlan;
  protected readonly entries: Entries;
  abstract readonly stepCount: number;

  constructor(plan: ReadPlan) {
    this.plan = plan;
    this.entries = new Entries(plan.settings);
  }

  abstract step(position: number, lane: number): unknown;
  abstract verify(tally: Tally): Promise<number>;
  protected abstract readCountOf(tally: Tally): number;

  traffic(tally: Tally): Traffic {
    const { entrySizeBytes } = this.entries;
    return {
      operationCount: this.operationCountOf(tally),
      userWrittenBytes: 0,
      userReadBytes: this.readCountOf(tally) * entrySizeBytes,
      liveBytes: this.plan.settings.num * entrySizeBytes,
    };
  }

  protected operationCountOf({ stepCount }: Tally): number {
    return stepCount;
  }

  /** Compares a sample of all prepared entries. */
  protected verifySample(): Promise<number> {
    const expectation = new Map(
      sampleOf(this.plan.settings.num).map((key) => [key, PREPARED_GENERATION]),
    );
    return verifyEntries(this.plan.store, this.entries, expectation);
  }
}

/** One get per step, of keys that are there. */
export class GetCourse extends ReadCourse {
  readonly stepCount = this.plan.settings.operationCount;

  step(position: number, lane: number): unknown {
    return this.plan.store.get(this.entries.key(this.plan.sequence(position), lane));
  }

  verify(tally: Tally): Promise<number> {
    expectCount('keys not found', { actual: tally.undefinedCount, expected: 0 });
    return this.verifySample();
  }

  protected readCountOf({ stepCount, undefinedCount }: Tally): number {
    return stepCount - undefinedCount;
  }
}

/** One get per step, of keys that are not there. */
export class MissingGetCourse extends ReadCourse {
  readonly stepCount = this.plan.settings.operationCount;

  step(position: number, lane: number): unknown {
    return this.plan.store.get(this.entries.missingKey(this.plan.sequence(position), lane));
  }

  verify({ stepCount, undefinedCount }: Tally): Promise<number> {
    expectCount('keys not found', { actual: undefinedCount, expected: stepCount });
    return this.verifySample();
  }

  protected readCountOf(): number {
    return 0;
  }
}

/** How a scan is done. */
export interface ScanStyle {
  readonly by: 'scan' | 'entries';
  readonly direction: 'forward' | 'reverse';
}

/** The whole store per step. */
export class ScanCourse extends ReadCourse {
  readonly stepCount: number;
  readonly #style: ScanStyle;
  #entryCount = 0;

  constructor(plan: ReadPlan, style: ScanStyle) {
    super(plan);
    this.#style = style;
    this.stepCount = Math.ceil(plan.settings.operationCount / plan.settings.num);
  }

  step(): unknown {
    const { store } = this.plan;
    const range: ScanRange = this.#style.direction === 'reverse' ? { reverse: true } : {};
    const count = this.#style.by === 'entries' ? store.entries(range) : store.scan(range);
    return typeof count === 'number' ? this.#add(count) : count.then((seen) => this.#add(seen));
  }

  async verify({ stepCount }: Tally): Promise<number> {
    const expected = stepCount * this.plan.settings.num;
    expectCount('entries scanned', { actual: this.#entryCount, expected });
    const isReverse = this.#style.direction === 'reverse';
    const visited = await verifyScan(this.plan, this.entries, isReverse ? { reverse: true } : {});
    return visited + (await this.verifySample());
  }

  protected readCountOf(): number {
    return this.#entryCount;
  }

  protected override operationCountOf(): number {
    return this.#entryCount;
  }

  #add(count: number): number {
    this.#entryCount += count;
    return count;
  }
}

/** One seek and the entries after it per step. */
export class SeekCourse extends ReadCourse {
  readonly stepCount = this.plan.settings.operationCount;
  #entryCount = 0;

  step(position: number, lane: number): unknown {
    const from = this.entries.key(this.plan.sequence(position), lane);
    const count = this.plan.store.scan({ from, limit: this.plan.settings.seekNexts });
    return typeof count === 'number' ? this.#add(count) : count.then((seen) => this.#add(seen));
  }

  verify({ stepCount }: Tally): Promise<number> {
    expectCount('entries visited', {
      actual: this.#entryCount,
      expected: this.#expected(stepCount),
    });
    return this.verifySample();
  }

  protected readCountOf(): number {
    return this.#entryCount;
  }

  #expected(stepCount: number): number {
    const { num, seekNexts } = this.plan.settings;
    let expected = 0;
    for (let position = 0; position < stepCount; position++) {
      expected += Math.min(seekNexts, num - this.plan.sequence(position));
    }
    return expected;
  }

  #add(count: number): number {
    this.#entryCount += count;
    return count;
  }
}

/** Scans everything once more, and looks at each key and value. @throws WrongDataError */
async function verifyScan(plan: ReadPlan, entries: Entries, range: ScanRange): Promise<number> {
  const { num } = plan.settings;
  const reader = entries.newKeyWriter();
  let seenCount = 0;
  const count = await plan.store.scan(range, (key, value) => {
    const expected = range.reverse ? num - 1 - seenCount : seenCount;
    seenCount += 1;
    const number = reader.numberOf(key);
    if (number === expected && entries.values.at(number, PREPARED_GENERATION).equals(value)) return;
    throw new WrongDataError(
      `Entry ${seenCount} of the scan is not key ${expected} with its value`,
    );
  });
  expectCount('entries visited', { actual: seenCount, expected: num });
  return count;
}

/** @throws WrongDataError */
export function expectCount(
  what: string,
  counts: { readonly actual: number; readonly expected: number },
): void {
  if (counts.actual === counts.expected) return;
  throw new WrongDataError(`${counts.actual} ${what}, but there should be ${counts.expected}`);
}
