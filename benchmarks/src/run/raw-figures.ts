/** What one run is told and what it gives back: both cross a process border as one line of JSON. */
import type { Latency } from '../results/result.js';

/** Everything that decides one run. Plain data. */
export interface RunSettings {
  readonly workload: string;
  readonly engine: string;
  /** Keys are 0 … num - 1. In workloads that start from a filled store it holds all of them. */
  readonly num: number;
  /** Operations to time; an entry of a batch, and an entry of a scan, counts as one; a seek with its nexts as one. */
  readonly operationCount: number;
  readonly keySizeBytes: number;
  readonly valueSizeBytes: number;
  /** Share of a value that compresses away, 0 to 1. */
  readonly valueCompressibility: number;
  /** Entries per batch; 1 where there are no batches. */
  readonly batchSize: number;
  /** Concurrent writers, each awaiting its own put. */
  readonly writers: number;
  readonly durability: 'always' | 'os' | 'none';
  readonly cacheSizeBytes: number;
  readonly memtableSizeBytes: number;
  readonly filterBitsPerKey: number;
  readonly compression: 'none' | 'lz4';
  /** Entries visited after each seek. */
  readonly seekNexts: number;
  /** Most puts per second beside the reads of `readwhilewriting`. */
  readonly writesPerSecond: number;
  /** The timed part ends after this many seconds even if operations are left. */
  readonly durationSeconds: number;
  readonly seed: number;
}

/** What one run measured. Sizes in bytes; `null` where it cannot be told. */
export interface RawFigures {
  /** Operations that were really timed: fewer than asked for when the duration ended them. */
  readonly operationCount: number;
  /** Time of the timed part, in seconds; with `isSettled` until background work was done. */
  readonly elapsedSeconds: number;
  readonly latencyUs: Latency | null;
  /** [percentile 0..100, microseconds], ascending. */
  readonly latencyCurve: readonly (readonly [number, number])[] | null;
  /** Processor time of all threads in the timed part, in seconds. */
  readonly cpuSeconds: number;
  /** Peak of the whole process. */
  readonly peakRssBytes: number;
  /** Bytes given to write calls (or, where files are mapped, dirtied) in the timed part, logs and tables together. */
  readonly writtenBytes: number | null;
  /** Bytes taken from read calls in the timed part, out of the page cache or not. */
  readonly readBytes: number | null;
  /** Keys and values the workload wrote in the timed part. */
  readonly userWrittenBytes: number;
  /** Keys and values the workload was given in the timed part. */
  readonly userReadBytes: number;
  /** Files in the directory at the end of the timed part, as the file system has allocated them. */
  readonly storeBytes: number | null;
  /** Keys and values that are alive at that moment. */
  readonly liveBytes: number;
  readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number } | null;
  /** [seconds since the start, operations per second] per tenth of a second. */
  readonly timeline: readonly (readonly [number, number])[] | null;
  readonly longestPauseMs: number | null;
  /** Whether the time includes the wait for background work. */
  readonly isSettled: boolean;
  /** Entries compared with what they must be, after the timed part. 0 where that is not possible. */
  readonly verifiedCount: number;
  /** Options the engine says it ran with, and whatever else a reader must know. */
  readonly settings: Readonly<Record<string, string | number | boolean | null>>;
}

/** An engine that brings its own program, such as db_bench, and so measures itself. */
export interface ExternalEngine {
  readonly name: string;
  /** Null when it can run this workload here; else why not (not installed, no such workload). */
  refusal(settings: RunSettings): Promise<string | null>;
  /** Fills an empty directory with keys 0 … num - 1 in random order and waits until it is settled. */
  prepare(settings: RunSettings, directory: string): Promise<void>;
  /** Runs in an empty directory, or in one that `prepare` filled. Throws when the program fails. */
  run(settings: RunSettings, directory: string): Promise<RawFigures>;
}
