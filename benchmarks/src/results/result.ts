/**
 * One line of a results file: what one engine did in one workload. JSON, one object per line.
 *
 * `null` stands where an engine cannot tell.
 */

/** Microseconds per operation. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What was measured in one run of a workload; a result holds the median run and the spread over all. */
export interface BenchmarkResult {
  readonly workload: string;
  readonly engine: string;
  /** Entries in the store. */
  readonly num: number;
  /** Operations that were timed. */
  readonly operationCount: number;
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  /** Options of the harness and of the engine, as used: durability, cache, codec, batch, writers, page cache, settled, … */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
  /** Median over the repetitions. */
  readonly opsPerSecond: number;
  /** Slowest and fastest repetition. */
  readonly opsPerSecondSpread: readonly [number, number];
  /** Latency of single operations; of whole batches in workloads of batches. */
  readonly latencyUs: Latency | null;
  /** Points of the latency curve: [percentile 0..100, microseconds]. */
  readonly latencyCurve: readonly (readonly [number, number])[] | null;
  /** Processor time of the whole process, background threads included, in seconds. */
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  /** Bytes written to files per byte of keys and values written. */
  readonly writeAmplification: number | null;
  /** Bytes read from files per byte of keys and values read. */
  readonly readAmplification: number | null;
  /** Bytes of files per byte of live keys and values. */
  readonly spaceAmplification: number | null;
  /** Delay of the event loop during the workload. */
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number } | null;
  /** Operations in each tenth of a second or coarser: [seconds since the start, operations per second]. */
  readonly timeline: readonly (readonly [number, number])[] | null;
  /** Longest time without any completed operation, in milliseconds. */
  readonly longestPauseMs: number | null;
  /** Every repetition: operations per second, in order. */
  readonly repetitions: readonly number[];
  /** Why there is no figure, for an engine that was skipped or failed; then all figures are 0 or null. */
  readonly skipped?: string;
}
