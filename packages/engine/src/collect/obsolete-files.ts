/**
 * Removes the files that no version needs any more, once the edit that made them obsolete is durable.
 *
 * Order: edit durable -> table closed, log closed -> file handed to a background job for removal. One retired log is
 * kept aside to be written over by the next one: overwriting allocated space makes each later sync cheaper. A file that
 * cannot be removed is tried again with the next ones, or after a while.
 */
import type { Clock, Timer } from '@varve/base';
import type { NumberedFile } from '../directory/index.js';
import { numberedFileName, tableFileName } from '../directory/index.js';
import type { VersionSet } from '../manifest/index.js';
import type { TableStore } from '../tables/index.js';

/** A log that is no longer written to. */
export interface RetiredLog {
  /** Its entries are durable in tables: it need not be synced, and may be closed. */
  release(): void;
}

export interface ObsoleteFilesOptions {
  readonly directory: string;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  /** Removes the files at these paths, later and on another thread; gives those that could not be removed. */
  readonly remove: (paths: readonly string[], onFailed: (paths: readonly string[]) => void) => void;
  /** Whether retired logs are worth keeping for the next log. */
  readonly recycling: 'on' | 'off';
  readonly clock: Pick<Clock, 'delay'>;
}

/** Retired logs kept for reuse. */
const RECYCLED_LOG_COUNT_MAX = 1;
const RETRY_DELAY_MS = 10_000;

export class ObsoleteFiles {
  readonly #options: ObsoleteFilesOptions;
  readonly #retired: { readonly log: RetiredLog; readonly editCount: number }[] = [];
  readonly #recyclable: NumberedFile[] = [];
  readonly #damagedLogNumbers = new Set<number>();
  #failedPaths: readonly string[] = [];
  /** Jobs that have not told yet what they could remove. */
  #removalCount = 0;
  #retry: Timer | null = null;

  constructor(options: ObsoleteFilesOptions) {
    this.#options = options;
  }

  /** Whether files that nothing needs are still there, apart from those that could not be removed. */
  get isRemoving(): boolean {
    return this.#removalCount > 0;
  }

  /** A log is replaced by tables in the edit logged last; it is released when that is durable. */
  retire(log: RetiredLog): void {
    this.#retired.push({ log, editCount: this.#options.versions.editCount });
  }

  /** This log is not to be written over: a write or a sync of it has failed, so what becomes of its bytes is unknown. */
  forbidReuse(logNumber: number): void {
    this.#damagedLogNumbers.add(logNumber);
  }

  /** The name of a log to write over, which is then the caller's; null when there is none. */
  takeRecyclableLog(): string | null {
    const file = this.#recyclable.pop();
    return file === undefined ? null : numberedFileName(file);
  }

  /** Gives up everything that became removable. */
  collect(): void {
    const { versions } = this.#options;
    while (this.#retired.length > 0 && this.#retired[0].editCount <= versions.durableEditCount) {
      this.#retired.shift()!.log.release();
    }
    this.#remove(this.#giveUp(versions.takeUnusedFiles()));
  }

  /** Closes and removes tables that a job wrote and that no version will ever name, since their keyspace was dropped meanwhile. */
  discard(fileNumbers: readonly number[]): void {
    const { directory, tables } = this.#options;
    for (const fileNumber of fileNumbers) tables.close(fileNumber);
    this.#remove(fileNumbers.map((fileNumber) => `${directory}/${tableFileName(fileNumber)}`));
  }

  /** Releases every retired log, at close; what could not be removed is found as an orphan at the next open. */
  releaseAll(): void {
    this.#retry?.cancel();
    for (const { log } of this.#retired.splice(0)) log.release();
  }

  /** With them it tries again those that could not be removed before. */
  #remove(paths: readonly string[]): void {
    if (paths.length === 0) return;
    const all = [...this.#failedPaths, ...paths];
    this.#failedPaths = [];
    this.#removalCount += 1;
    this.#options.remove(all, (failed) => {
      this.#removalCount -= 1;
      this.#failedPaths = [...this.#failedPaths, ...failed];
      if (failed.length > 0) this.#retryLater();
    });
  }

  #retryLater(): void {
    this.#retry ??= this.#options.clock.delay(RETRY_DELAY_MS, () => {
      this.#retry = null;
      const paths = this.#failedPaths;
      this.#failedPaths = [];
      this.#remove(paths);
    });
  }

  #giveUp(files: readonly NumberedFile[]): string[] {
    const { tables, directory, recycling } = this.#options;
    const paths: string[] = [];
    for (const file of files) {
      if (file.kind === 'table') tables.close(file.fileNumber);
      const keep = recycling === 'on' && this.#recyclable.length < RECYCLED_LOG_COUNT_MAX;
      const isReusable = file.kind === 'log' && !this.#damagedLogNumbers.delete(file.fileNumber);
      if (isReusable && keep) this.#recyclable.push(file);
      else paths.push(`${directory}/${numberedFileName(file)}`);
    }
    return paths;
  }
}
