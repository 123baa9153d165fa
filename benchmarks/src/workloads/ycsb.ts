/**
 * The core workloads of YCSB, A to F, on entries of the given size instead of ten fields of 100 bytes.
 *
 * Popular keys are scattered over the key space; in D the newest are the popular ones. Inserts append at the end.
 */
import { derivedSeed, unit } from '../distributions/random.js';
import { scrambledZipfian } from '../distributions/sequences.js';
import { Zipfian } from '../distributions/zipfian.js';
import type { EngineStore } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';
import { MixedCourse } from './mixed-course.js';
import { isPromise } from './promises.js';
import type { Replay } from './verification.js';

/** What one operation does. */
export type YcsbAction = 'read' | 'update' | 'insert' | 'scan' | 'modify';

/** The mix of one workload. */
export interface YcsbMix {
  readonly letter: 'a' | 'b' | 'c' | 'd' | 'e' | 'f';
  readonly summary: string;
  /** The more frequent action, and its share. */
  readonly main: YcsbAction;
  readonly mainShare: number;
  readonly other: YcsbAction;
  readonly popularity: 'zipfian' | 'latest';
}

/** As in YCSB's workloads/workloada … workloadf. */
export const YCSB_MIXES: readonly YcsbMix[] = [
  {
    letter: 'a',
    summary: 'half reads, half updates, zipfian',
    main: 'read',
    mainShare: 0.5,
    other: 'update',
    popularity: 'zipfian',
  },
  {
    letter: 'b',
    summary: '95 % reads, 5 % updates, zipfian',
    main: 'read',
    mainShare: 0.95,
    other: 'update',
    popularity: 'zipfian',
  },
  {
    letter: 'c',
    summary: 'reads only, zipfian',
    main: 'read',
    mainShare: 1,
    other: 'read',
    popularity: 'zipfian',
  },
  {
    letter: 'd',
    summary: '95 % reads of the latest, 5 % inserts',
    main: 'read',
    mainShare: 0.95,
    other: 'insert',
    popularity: 'latest',
  },
  {
    letter: 'e',
    summary: '95 % scans of 1 to 100 entries, 5 % inserts, zipfian',
    main: 'scan',
    mainShare: 0.95,
    other: 'insert',
    popularity: 'zipfian',
  },
  {
    letter: 'f',
    summary: 'half reads, half read-modify-writes, zipfian',
    main: 'read',
    mainShare: 0.5,
    other: 'modify',
    popularity: 'zipfian',
  },
];

/** Longest scan of workload E, in entries. */
const SCAN_LENGTH_MAX = 100;
const PURPOSE = { action: 11, key: 12, length: 13 } as const;

/** The key of the operation at a position, when the store has keys 0 … keyCount - 1. */
export type PopularKey = (position: number, keyCount: number) => number;

/** Draws keys by popularity: scattered zipfian over the prepared keys, or counted back from the newest one. */
export function popularKey(mix: YcsbMix, settings: RunSettings): PopularKey {
  const seed = derivedSeed(settings.seed, PURPOSE.key);
  if (mix.popularity === 'zipfian') return scrambledZipfian(settings.num, seed);
  const zipfian = new Zipfian(settings.num);
  return (position, keyCount) => keyCount - 1 - zipfian.rankOf(unit(position, seed));
}

/** One of the six under way. */
export class YcsbCourse extends MixedCourse {
  readonly #mix: YcsbMix;
  readonly #key: PopularKey;
  readonly #actionSeed = derivedSeed(this.settings.seed, PURPOSE.action);
  readonly #lengthSeed = derivedSeed(this.settings.seed, PURPOSE.length);
  #keyCount = this.settings.num;

  constructor(
    mix: YcsbMix,
    context: { readonly store: EngineStore; readonly settings: RunSettings },
  ) {
    super(context.store, context.settings);
    this.#mix = mix;
    this.#key = popularKey(mix, context.settings);
  }

  step(position: number, lane: number): unknown {
    switch (this.#actionAt(position)) {
      case 'read':
        return this.read(this.#key(position, this.#keyCount), lane);
      case 'update':
        return this.write(this.#key(position, this.#keyCount), lane);
      case 'insert':
        return this.write(this.#keyCount++, lane);
      case 'scan':
        return this.#scan(position, lane);
      case 'modify':
        return this.#modify(this.#key(position, this.#keyCount), lane);
    }
  }

  protected get liveCount(): number {
    return this.#keyCount;
  }

  /** Goes through the same operations again and stops at those that write. */
  protected replay(): Replay {
    let position = 0;
    let keyCount = this.settings.num;
    return () => {
      while (!isWrite(this.#actionAt(position))) position += 1;
      const at = position++;
      return this.#actionAt(at) === 'insert' ? keyCount++ : this.#key(at, keyCount);
    };
  }

  #actionAt(position: number): YcsbAction {
    const { main, mainShare, other } = this.#mix;
    return unit(position, this.#actionSeed) < mainShare ? main : other;
  }

  #scan(position: number, lane: number): unknown {
    const limit = 1 + Math.floor(unit(position, this.#lengthSeed) * SCAN_LENGTH_MAX);
    const from = this.entries.key(this.#key(position, this.#keyCount), lane);
    const count = this.store.scan({ from, limit });
    return typeof count === 'number' ? this.#add(count) : count.then((seen) => this.#add(seen));
  }

  #modify(key: number, lane: number): unknown {
    const found = this.read(key, lane);
    if (!isPromise(found)) return this.write(key, lane);
    return found.then(() => this.write(key, lane));
  }

  #add(count: number): number {
    this.readCount += count;
    return count;
  }
}

function isWrite(action: YcsbAction): boolean {
  return action === 'update' || action === 'insert' || action === 'modify';
}
