/** What a workload is: what store it starts from, and what it does to it, operation by operation. */
import type { EngineStore } from '../engines/engine.js';
import type { RunSettings } from '../run/raw-figures.js';

/** What the timed part came to, for the check that follows it. */
export interface Tally {
  /** Steps that were done. */
  readonly stepCount: number;
  /** Steps that gave undefined. */
  readonly undefinedCount: number;
}

/** How much went through the store. */
export interface Traffic {
  readonly operationCount: number;
  readonly userWrittenBytes: number;
  readonly userReadBytes: number;
  /** Keys and values alive after it. */
  readonly liveBytes: number;
}

/** A workload under way on an open store. */
export interface Course {
  /** How often to call `step`. */
  readonly stepCount: number;
  /** Does step number `position`; awaited if it gives a promise. Callers that overlap have lanes of their own. */
  step(position: number, lane: number): unknown;
  /** What was done, once the timed part is over. */
  traffic(tally: Tally): Traffic;
  /** Compares what the store holds with what it must, and gives how many entries. @throws WrongDataError */
  verify(tally: Tally): Promise<number>;
}

/** What is measured of single steps: every one, a random one out of 16, or nothing. */
export type Sampling = 'every' | 'sixteenth' | 'none';

/**
 * What a workload does to what store: `'fill'` an empty one; the others one that holds all of the keys 0 … num - 1, written
 * in scattered order and settled by a process of its own. `'read'` leaves it as it is, so all repetitions share it;
 * `'write'` and `'mixed'` get a copy.
 */
export type WorkloadKind = 'fill' | 'write' | 'read' | 'mixed';

/** One workload. */
export interface Workload {
  /** As in `db_bench` where that has it. */
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  readonly kind: WorkloadKind;
  readonly sampling: Sampling;
  /** Operations per key of the store, unless `--reads` says how many; at least 1000. @defaultValue 1 */
  readonly operationShare?: number;
  /** Whether the time includes waiting for background work. */
  readonly isSettled?: true;
  /** Whether steps can overlap, and how many do unless `--writers` says; the others have one caller. */
  readonly writers?: number;
  /** Entries per step unless `--batch` says; the others have no batches. */
  readonly batchSize?: number;
  /** What must hold before a write is acknowledged, unless `--durability` says. @defaultValue 'os' */
  readonly durability?: RunSettings['durability'];
  /** What defines this workload, whatever was asked for. */
  readonly fixed?: (asked: RunSettings) => Partial<RunSettings>;
  /** Begins it. */
  start(store: EngineStore, settings: RunSettings): Course;
}

/** The store gave something else than was written. */
export class WrongDataError extends Error {
  override readonly name = 'WrongDataError';
}
