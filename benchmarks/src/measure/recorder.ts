/**
 * What is recorded while operations run: latencies of a sample of them, operations per tenth of a second, and the longest
 * pause. Costs two looks at the clock per sampled operation, and nothing for the others.
 */
import { build, type Histogram } from 'hdr-histogram-js';
import { hash32 } from '../distributions/random.js';
import type { Latency } from '../results/result.js';
import type { Sampling } from '../workloads/index.js';

const NANOSECONDS_PER_MS = 1e6;
const NANOSECONDS_PER_US = 1e3;
const BUCKET_MS = 100;
const DIGIT_COUNT = 3;
const HIGHEST_NANOSECONDS = 3600e9;
/** Distances of samples are 1 to this, one more than 15 on average, at random so that no pattern is in step with them. */
const DISTANCE_MASK = 31;
const SAMPLE_SEED = 99;

/** Percentiles of the latency curve. */
export const CURVE_PERCENTILES: readonly number[] = [
  0, 1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 99, 99.25, 99.5,
  99.75, 99.9, 99.95, 99.99, 99.995, 99.999, 99.9999, 100,
];

/** Records one timed part. */
export class Recorder {
  readonly #histogram: Histogram = build({
    highestTrackableValue: HIGHEST_NANOSECONDS,
    numberOfSignificantValueDigits: DIGIT_COUNT,
    bitBucketSize: 32,
  });
  readonly #sampling: Sampling;
  readonly #bucketCounts: number[] = [];
  #startMs = 0;
  #lastMs = 0;
  #lastDoneCount = 0;
  #longestGapMs = 0;
  #longestGapCount = 1;

  constructor(sampling: Sampling) {
    this.#sampling = sampling;
  }

  start(nowMs: number): void {
    this.#startMs = this.#lastMs = nowMs;
  }

  /** The position of the sample after the one at `position`. */
  nextSample(position: number): number {
    if (this.#sampling === 'every') return position + 1;
    return position + 1 + (hash32(position, SAMPLE_SEED) & DISTANCE_MASK);
  }

  /** An operation took from `startMs` to `endMs`; `doneCount` are done with it. */
  record(startMs: number, endMs: number, doneCount: number): void {
    if (this.#sampling !== 'none') {
      this.#histogram.recordValue(Math.max(1, Math.round((endMs - startMs) * NANOSECONDS_PER_MS)));
    }
    const gapMs = endMs - this.#lastMs;
    if (gapMs > this.#longestGapMs) {
      this.#longestGapMs = gapMs;
      this.#longestGapCount = doneCount - this.#lastDoneCount;
    }
    this.#count(endMs, doneCount);
    this.#lastMs = endMs;
  }

  /**
   * The longest time without a completed operation. Between two samples lie some more operations: what those take usually
   * is taken off.
   */
  get longestPauseMs(): number {
    const usualMs = this.#histogram.getValueAtPercentile(50) / NANOSECONDS_PER_MS;
    return Math.max(0, this.#longestGapMs - (this.#longestGapCount - 1) * usualMs);
  }

  /** Null when nothing was sampled. The maximum takes in pauses that fell between samples. */
  latency(): Latency | null {
    if (this.#histogram.totalCount === 0) return null;
    const at = (percentile: number): number => this.#percentileUs(percentile);
    return { p50: at(50), p99: at(99), p999: at(99.9), max: this.#maxUs() };
  }

  /** [percentile, microseconds]; null when nothing was sampled. */
  latencyCurve(): [number, number][] | null {
    if (this.#histogram.totalCount === 0) return null;
    return CURVE_PERCENTILES.map((percentile) => [
      percentile,
      percentile === 100 ? this.#maxUs() : this.#percentileUs(percentile),
    ]);
  }

  /** [seconds since the start, operations per second]. */
  timeline(): [number, number][] | null {
    if (this.#sampling === 'none') return null;
    const perSecond = 1000 / BUCKET_MS;
    const whole = Array.from(this.#bucketCounts, (count = 0) => count * perSecond);
    // The last bucket is shorter than the others: its operations are spread over what there is of it.
    const restMs = this.#lastMs - this.#startMs - (whole.length - 1) * BUCKET_MS;
    if (whole.length > 0 && restMs > 0) whole[whole.length - 1] *= BUCKET_MS / restMs;
    return whole.map((rate, index) => [(index * BUCKET_MS) / 1000, Math.round(rate)]);
  }

  #count(nowMs: number, doneCount: number): void {
    const bucket = Math.floor((nowMs - this.#startMs) / BUCKET_MS);
    this.#bucketCounts[bucket] =
      (this.#bucketCounts[bucket] ?? 0) + doneCount - this.#lastDoneCount;
    this.#lastDoneCount = doneCount;
  }

  #percentileUs(percentile: number): number {
    return this.#histogram.getValueAtPercentile(percentile) / NANOSECONDS_PER_US;
  }

  #maxUs(): number {
    const sampledUs = this.#histogram.maxValue / NANOSECONDS_PER_US;
    return this.#sampling === 'every' ? sampledUs : Math.max(sampledUs, this.longestPauseMs * 1000);
  }
}
