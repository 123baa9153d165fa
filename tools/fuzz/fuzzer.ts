// Runs cases of one target and judges them: a value or a `StorageError`, within bounds of time and memory.

import {
  createRandom,
  initializeChecksums,
  isStorageError,
  systemClock,
} from '../../packages/base/src/index.js';
import { AllocationMeter } from './allocation-meter.js';
import type { CaseBounds, Decoder, FuzzCase, FuzzInput, FuzzTarget } from './target.js';

/** What one case may take, if its target says nothing else. */
const CASE_BOUNDS: CaseBounds = { allocationBytesMax: 16 * 1024 * 1024, timeMsMax: 50 };

/** How many times a case that took too long is tried again: the machine may have been busy. */
const SLOW_RETRY_COUNT = 3;

/** How a target is fuzzed. */
export interface FuzzOptions {
  readonly caseCount: number;
  readonly seed: number;
  /** The first case: to replay one. Default: 0. */
  readonly firstCase?: number;
  /** Whether a case must end in time. Tests ignore it: they bound the work by counting. */
  readonly time: 'measured' | 'ignored';
  /** Violations after which it stops. Default: 1. */
  readonly violationCountMax?: number;
  /** Called before every case. */
  readonly beforeCase?: (caseIndex: number) => void;
}

/** A case that went wrong. */
export interface FuzzViolation {
  readonly caseIndex: number;
  readonly message: string;
  readonly input: FuzzInput;
}

/** What came of a run. */
export interface FuzzReport {
  readonly name: string;
  readonly caseCount: number;
  /** Cases whose checksums are right. */
  readonly sealedCount: number;
  /** Cases that were decoded to a value, and those refused with a `StorageError`. */
  readonly decodedCount: number;
  readonly refusedCount: number;
  readonly allocationBytesMax: number;
  readonly caseTimeMsMax: number;
  readonly violations: readonly FuzzViolation[];
}

/** Fuzzes one target. The same options give the same cases. */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  await initializeChecksums();
  const run = new FuzzRun(target, await target.prepare(), options);
  return run.all();
}

class FuzzRun {
  readonly #name: string;
  readonly #bounds: CaseBounds;
  readonly #decoder: Decoder;
  readonly #options: FuzzOptions;
  readonly #meter = new AllocationMeter();
  readonly #violations: FuzzViolation[] = [];
  #caseCount = 0;
  #sealedCount = 0;
  #decodedCount = 0;
  #refusedCount = 0;
  #allocationBytesMax = 0;
  #caseTimeMsMax = 0;

  constructor({ name, bounds = CASE_BOUNDS }: FuzzTarget, decoder: Decoder, options: FuzzOptions) {
    this.#name = name;
    this.#bounds = bounds;
    this.#decoder = decoder;
    this.#options = options;
  }

  async all(): Promise<FuzzReport> {
    const { caseCount, firstCase = 0, violationCountMax = 1 } = this.#options;
    this.#meter.install();
    try {
      for (let index = firstCase; index < firstCase + caseCount; index++) {
        if (this.#violations.length >= violationCountMax) break;
        this.#options.beforeCase?.(index);
        await this.#one(index);
      }
    } finally {
      this.#meter.remove();
    }
    return {
      name: this.#name,
      caseCount: this.#caseCount,
      sealedCount: this.#sealedCount,
      decodedCount: this.#decodedCount,
      refusedCount: this.#refusedCount,
      allocationBytesMax: this.#allocationBytesMax,
      caseTimeMsMax: this.#caseTimeMsMax,
      violations: this.#violations,
    };
  }

  async #one(caseIndex: number): Promise<void> {
    const made = this.#decoder.mutate(createRandom(caseSeed(this.#options.seed, caseIndex)));
    this.#caseCount++;
    if (made.isSealed) this.#sealedCount++;
    const startMs = systemClock.monotonicMs();
    const fault =
      (await this.#judge(made)) ??
      (await this.#judgeTime(made, systemClock.monotonicMs() - startMs));
    if (fault !== null) {
      this.#violations.push({ caseIndex, message: fault, input: made.input });
    }
  }

  /** What is wrong with how a case ends, or with the memory it asks for; else `null`. */
  async #judge({ input }: FuzzCase): Promise<string | null> {
    this.#meter.countedBytes = 0;
    try {
      const pending = this.#decoder.decode(input);
      if (pending !== undefined) await pending;
      this.#decodedCount++;
    } catch (error) {
      if (!isStorageError(error)) return `not a StorageError: ${textOf(error)}`;
      this.#refusedCount++;
    }
    const { countedBytes } = this.#meter;
    this.#allocationBytesMax = Math.max(this.#allocationBytesMax, countedBytes);
    return countedBytes <= this.#bounds.allocationBytesMax
      ? null
      : `it asked for ${countedBytes} bytes of memory, more than ${this.#bounds.allocationBytesMax}`;
  }

  /**
   * Whether a case that took `elapsedMs` is too slow. The machine may have been busy, so it is tried again, and then only
   * what this process used counts.
   */
  async #judgeTime({ input }: FuzzCase, elapsedMs: number): Promise<string | null> {
    if (this.#options.time === 'ignored') return null;
    let fastestMs = elapsedMs;
    for (let count = 0; count < SLOW_RETRY_COUNT && fastestMs > this.#bounds.timeMsMax; count++) {
      fastestMs = Math.min(fastestMs, await this.#processorTimeMs(input));
    }
    this.#caseTimeMsMax = Math.max(this.#caseTimeMsMax, fastestMs);
    return fastestMs <= this.#bounds.timeMsMax ? null : `it took ${fastestMs.toFixed(1)} ms`;
  }

  async #processorTimeMs(input: FuzzInput): Promise<number> {
    const start = process.cpuUsage();
    try {
      const pending = this.#decoder.decode(input);
      if (pending !== undefined) await pending;
    } catch {
      // How it ends was judged before.
    }
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  }
}

/** One case does not depend on those before it. */
function caseSeed(seed: number, caseIndex: number): number {
  return (Math.imul(seed, 0x9e37_79b1) + Math.imul(caseIndex, 0x85eb_ca6b)) >>> 0;
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
