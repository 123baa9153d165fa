// The world a database lives in during a run: its file system, its time, and what can happen to both.

import type { Random } from '@varve/base';
import type { DatabaseOptions } from '@varve/engine';
import type { CrashModel } from '@varve/vfs';

/** What is left of a database after a crash. */
export interface CrashImage {
  /** Puts the image in the place of the file system; everything under way is gone. */
  restore(): void;
}

/** See the head of this file. */
export interface World {
  /** What `open` is to be given. */
  readonly options: Pick<DatabaseOptions, 'fileSystem' | 'clock' | 'backgroundThreads'>;
  readonly path: string;
  /** Whether time and order are made up, so that a run can be repeated exactly. */
  readonly isSimulated: boolean;
  /** An operation of the test begins; what follows depends on this number only. */
  begin(seed: number): void;
  /** Lets everything go on until the promise is settled. Throws a StuckError if it never will be. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Gives background work some turns. */
  turns(count: number): Promise<void>;
  /** Lets time pass, and everything that is due by then. */
  advance(ms: number): Promise<void>;
  /** Takes what a crash at this moment would leave. */
  crashImage(model: CrashModel, random: Random): CrashImage;
  /**
   * Calls `reached` before the file operation that is the `after`-th from now on, if that is finite. A later call
   * replaces an earlier one.
   */
  arm(after: number, reached: () => void): void;
  /** Says why the writes up to a sequence must not be acknowledged as durable now; null if they may, or it is not known. */
  refuteDurable(sequence: number): string | null;
  /** Throws if operations on files came in an order that is not allowed, where that is known. */
  assertOrder(): void;
  /** What a power loss may undo now, as text; nothing where that is not known. */
  unsynced(): readonly string[];
  /** Paths of files that are open. */
  openPaths(): readonly string[];
  dispose(): void;
}
