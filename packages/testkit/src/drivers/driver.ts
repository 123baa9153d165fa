// What all exhaustive drivers have in common: what they are told, what they give back, and how they are counted.

import type { CrashModel, FileSystem } from '@varve/vfs';

/** How much of what could be tried is tried: a sample that takes a few seconds, or everything. */
export type Tier = 'quick' | 'full';

/** What a driver is told. */
export interface DriverOptions {
  readonly seed: number;
  readonly tier: Tier;
  /** The only crash model, where there are any. Default: all. */
  readonly model?: CrashModel;
  /** The first place (crash point, call, byte) that is tried. Default: 0. */
  readonly from?: number;
  /** The place before which it stops. Default: after the last one. */
  readonly to?: number;
  /** Violations after which it stops. Default: 1. */
  readonly violationCountMax?: number;
  readonly onProgress?: (progress: Progress) => void;
  /** Puts something between the engine and the files: how a test plants a fault in all of them. */
  readonly wrap?: (inner: FileSystem) => FileSystem;
}

/** How far a driver has come. */
export interface Progress {
  readonly checkedCount: number;
  /** Share of all places that were tried, from 0 to 1. */
  readonly share: number;
}

/** Something that must never happen, and how to see it again. */
export interface Violation {
  /** Which driver, seed and place. */
  readonly title: string;
  /** What was wrong, and what is known of that moment; one line each. */
  readonly lines: readonly string[];
  /** The command that shows it again. */
  readonly replay: string;
}

/** What a driver found. */
export interface DriverReport {
  /** Images, runs or cases that were checked, without those that were equal to an earlier one. */
  readonly checkedCount: number;
  /** Those that were equal to an earlier one. */
  readonly repeatedCount: number;
  readonly violations: readonly Violation[];
  /** How many places there are in all, tried or not. */
  readonly placeCount: number;
  /** Things worth knowing that are no violations, one line each. */
  readonly notes: readonly string[];
}

/** One kind of exhaustive test. */
export type Driver = (options: DriverOptions) => Promise<DriverReport>;

/** The places to try, of `count`: all between `from` and `to`, in the quick tier `quickCount` of them, spread evenly. */
function placesOf(
  { tier, seed, from = 0, to = Number.POSITIVE_INFINITY }: DriverOptions,
  { count, quickCount }: { readonly count: number; readonly quickCount: number },
): number[] {
  const end = Math.min(to, count);
  const stride = tier === 'full' ? 1 : Math.max(1, Math.ceil((end - from) / quickCount));
  const places: number[] = [];
  for (let place = from + (seed % stride); place < end; place += stride) places.push(place);
  return places;
}

/** Collects what a driver finds. */
export class Findings {
  checkedCount = 0;
  repeatedCount = 0;
  placeCount = 0;
  readonly violations: Violation[] = [];
  readonly #notes = new Map<string, number>();
  readonly #name: string;
  readonly #options: DriverOptions;

  constructor(name: string, options: DriverOptions) {
    this.#name = name;
    this.#options = options;
  }

  get isFull(): boolean {
    return this.violations.length >= (this.#options.violationCountMax ?? 1);
  }

  get report(): DriverReport {
    const { checkedCount, repeatedCount, placeCount, violations } = this;
    const notes = [...this.#notes].map(([text, count]) => `${text}: ${count}`);
    return { checkedCount, repeatedCount, placeCount, violations, notes };
  }

  /** The places to try, of `count`: all of them that are wanted, in the quick tier `quickCount`, spread evenly. */
  places({ count, quickCount }: { readonly count: number; readonly quickCount: number }): number[] {
    this.placeCount = count;
    return placesOf(this.#options, { count, quickCount });
  }

  /** Counts one case of something worth knowing. */
  note(text: string): void {
    this.#notes.set(text, (this.#notes.get(text) ?? 0) + 1);
  }

  /** Tells how far it has come. */
  progress(share: number): void {
    this.#options.onProgress?.({ checkedCount: this.checkedCount, share });
  }

  /** Notes a violation at a place. */
  violate(
    place: number,
    { title, lines }: Pick<Violation, 'title' | 'lines'>,
    model?: CrashModel,
  ): void {
    const { seed } = this.#options;
    const modelText = model === undefined ? '' : ` --model ${model}`;
    this.violations.push({
      title: `${this.#name} FAIL  seed=${seed}  ${title}`,
      lines,
      replay: `node packages/testkit/dist/drivers/main.js --driver ${this.#name} --seed ${seed}${modelText} --from ${place} --to ${place + 1} --full`,
    });
  }
}
