/**
 * Decides what runs in the background, and takes over what it gives: flushes before compactions, one of each at a time.
 *
 * Everything here happens on the main thread and is synchronous: a completed job becomes a version edit, the edit is
 * appended to the manifest and applied, the view is swapped, and what that made possible is started. The manifest is
 * synced behind that, because only the removal of files has to wait for it. So the same code serves the event loop and a
 * caller who never returns to it.
 *
 * A failed job is tried again a few times, after a pause; when that does not help, writing stops and what is acknowledged stays readable.
 */
import { BugError, isStorageError, StorageError, type Timer } from '@varve/base';
import { BackgroundCompaction } from './background-compaction.js';
import type { BackgroundParts } from './background-parts.js';
import type { CompactionResult } from './compact/index.js';
import type { StallReason } from './events.js';
import type { Job, JobResult, Lane } from './executor/index.js';
import type { FlushResult } from './flush/index.js';
import { flushJobOf, tableMetadataOf } from './job-makers.js';
import type { VersionSet } from './manifest/index.js';
import type { Generation } from './write/index.js';

const ATTEMPT_COUNT_MAX = 3;
const RETRY_DELAY_MS = 1000;

export class Background {
  /** Full generations, oldest first. */
  readonly frozen: Generation[] = [];
  readonly #parts: BackgroundParts;
  readonly #compaction: BackgroundCompaction;
  #flushing = false;
  #stopped = false;
  /** A caller who never returns to the event loop is being served: nothing asynchronous may be started. */
  #isSynchronous = false;
  /** Pauses before failed work is tried again. */
  readonly #retries = new Map<Timer, () => void>();
  #manifestSync: Promise<void> | null = null;
  /** Who waits for what; asked again after every change. */
  #waiters: { readonly isDone: () => boolean; readonly wake: () => void }[] = [];

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
    this.#compaction = new BackgroundCompaction(parts, (job, done) =>
      this.#submit('compact', job, (result) => done(result as CompactionResult)),
    );
  }

  /** Whether nothing runs, nothing is due, and everything done is durable. */
  get isIdle(): boolean {
    return (
      this.frozen.length === 0 &&
      !this.#compaction.isBusy &&
      this.#manifestSync === null &&
      isDurable(this.#parts.versions)
    );
  }

  /** Whether every frozen memtable is durable in tables. */
  get isFlushed(): boolean {
    return this.frozen.length === 0 && isDurable(this.#parts.versions);
  }

  /** Whether nothing will be started or taken over any more. */
  get isStopped(): boolean {
    return this.#stopped;
  }

  /** What keeps a full memtable from being replaced; null when nothing does. */
  get stallReason(): StallReason | null {
    const { frozenMemtableCountMax } = this.#parts.options.tuning;
    if (this.frozen.length >= frozenMemtableCountMax) return 'memtables';
    return this.#compaction.stallReason;
  }

  get compaction(): BackgroundCompaction {
    return this.#compaction;
  }

  /** A generation is full; it is flushed once all its groups are visible. */
  freeze(generation: Generation): void {
    this.frozen.push(generation);
    this.#publishView();
  }

  /** Starts whatever is due and not running. */
  consider(): void {
    if (this.#stopped) return;
    this.#considerFlush();
    // A move is an edit of the manifest, which can fail like any other: whoever called must not be told.
    this.#attempt(() => this.#compaction.consider());
    if (!this.#stopped) this.#considerManifestSync();
    this.wakeWaiters();
  }

  /** Runs a job in the lane of flushes, again if it fails. */
  submitShort(job: Job, done: (result: JobResult) => void): void {
    this.#submit('flush', job, done);
  }

  /** From a thread that does not return to the event loop: takes over what has completed, and what that needs. */
  poll(): void {
    if (this.#stopped) return;
    this.#synchronously(() => this.#parts.executor.poll());
  }

  /** Blocks this thread until the manifest is synced, if it was not, or else until some background job has completed. */
  waitForProgress(): void {
    const { executor, versions } = this.#parts;
    this.#synchronously(() => {
      this.#runRetries();
      this.consider();
      // That may be all the caller waits for, and the next job to complete may be a long one.
      if (!isDurable(versions)) return;
      if (executor.pendingCount > 0) executor.wait();
      else throw new BugError('Writers wait for background work, and there is none');
    });
  }

  /** Resolves when the condition holds, or when nothing will change any more. */
  async until(isDone: () => boolean): Promise<void> {
    this.consider();
    if (isDone() || this.#stopped) return;
    await new Promise<void>((wake) => this.#waiters.push({ isDone, wake }));
  }

  /** Something changed that somebody may wait for. */
  wakeWaiters(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = waiters.filter(({ isDone }) => !this.#stopped && !isDone());
    for (const waiter of waiters) if (!this.#waiters.includes(waiter)) waiter.wake();
  }

  /** The version changed without a job: readers see the new one from now on. */
  republish(): void {
    this.#publishView();
    this.consider();
  }

  /** Starts nothing more. Jobs under way are given up by closing the executor. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#retries.keys()) timer.cancel();
    this.#retries.clear();
    await this.#parts.executor.close();
    await this.#manifestSync;
    this.wakeWaiters();
  }

  #considerFlush(): void {
    const generation = this.frozen[0];
    if (this.#flushing || generation === undefined || generation.unpublishedGroupCount > 0) return;
    this.#flushing = true;
    const startMs = this.#parts.clock.monotonicMs();
    this.#submit('flush', flushJobOf(this.#parts, generation.memtable), (result) => {
      this.#flushing = false;
      this.#takeFlush(generation, result as FlushResult, startMs);
    });
  }

  #takeFlush(generation: Generation, result: FlushResult, startMs: number): void {
    const { versions, tables, metrics, events, clock, logAfter, obsolete } = this.#parts;
    const isLive = ({ keyspaceId }: { readonly keyspaceId: number }): boolean =>
      versions.current.keyspaces.has(keyspaceId);
    const live = result.tables.filter(isLive);
    const dead = result.tables.filter((table) => !isLive(table));
    obsolete.discard(dead.map(({ summary }) => summary.fileNumber));
    const added = live.map(({ keyspaceId, summary }) => ({
      keyspaceId,
      level: 0,
      table: tableMetadataOf(summary),
    }));
    for (const { table } of added) tables.openSync(table);
    versions.log({
      tablesAdded: added,
      minimumLogNumber: logAfter(generation),
      lastSequence: Math.max(versions.current.lastSequence, generation.memtable.lastSequence),
    });
    this.frozen.shift();
    obsolete.retire({ release: () => this.#parts.onLogUnneeded(generation) });
    this.#publishView();
    const writtenBytes = added.reduce((sum, { table }) => sum + table.sizeBytes, 0);
    const durationMs = clock.monotonicMs() - startMs;
    metrics.flushCount += 1;
    metrics.flushedBytes += writtenBytes;
    metrics.flushMs += durationMs;
    events.emit('flush', { tableCount: added.length, writtenBytes, durationMs });
  }

  #publishView(): void {
    const { current, versions, memtables } = this.#parts;
    current.swap(memtables(), versions.current);
  }

  /** Runs a job, and again when it fails; `take` gets its result. */
  #submit(lane: Lane, job: Job, take: (result: JobResult) => void): void {
    let failureCount = 0;
    const run = (): void =>
      this.#parts.executor.submit(lane, job, (outcome) => {
        if (this.#stopped) return;
        if (!outcome.ok) {
          failureCount += 1;
          this.#retry(outcome.error, failureCount < ATTEMPT_COUNT_MAX ? run : null);
          return;
        }
        this.#attempt(() => take(outcome.result));
        this.#progressed();
      });
    run();
  }

  #progressed(): void {
    if (this.#stopped) return;
    this.#publishView();
    this.consider();
    this.#parts.onProgress();
  }

  #retry(error: Error, again: (() => void) | null): void {
    this.#parts.events.emit('backgroundError', { error, willRetry: again !== null });
    if (again === null) {
      this.#fail(error);
      return;
    }
    const timer = this.#parts.clock.delay(RETRY_DELAY_MS, () => {
      this.#retries.delete(timer);
      again();
    });
    this.#retries.set(timer, again);
  }

  /** Does not wait for the pauses: whoever calls is blocked until the work is done. */
  #runRetries(): void {
    for (const [timer, again] of [...this.#retries]) {
      timer.cancel();
      this.#retries.delete(timer);
      again();
    }
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#parts.events.emit('backgroundError', { error, willRetry: false });
      this.#fail(error);
    }
  }

  #fail(error: Error): void {
    this.#stopped = true;
    const failure = isStorageError(error)
      ? error
      : new StorageError('INTERNAL', `Cannot go on with background work: ${error.message}`, {
          cause: error,
        });
    this.#parts.onFailure(failure);
    this.wakeWaiters();
  }

  /** Syncs the manifest in the background; files that this makes obsolete are then removed. */
  #considerManifestSync(): void {
    const { versions, obsolete } = this.#parts;
    if (this.#manifestSync !== null || this.#isSynchronous) return;
    if (isDurable(versions)) {
      obsolete.collect();
      return;
    }
    const durable = versions.needsRotation ? versions.rotate() : versions.sync();
    this.#manifestSync = durable.then(
      () => {
        this.#manifestSync = null;
        if (this.#stopped) return;
        obsolete.collect();
        this.#progressed();
      },
      (error) => {
        this.#manifestSync = null;
        this.#parts.events.emit('backgroundError', { error, willRetry: false });
        this.#fail(error);
      },
    );
  }

  /** Takes over completed work, then syncs the manifest on this thread, for callers who never return to the event loop. */
  #synchronously(action: () => void): void {
    const { versions, obsolete } = this.#parts;
    this.#isSynchronous = true;
    try {
      action();
    } finally {
      this.#isSynchronous = false;
    }
    if (this.#stopped || isDurable(versions)) return;
    this.#attempt(() => {
      versions.syncSync();
      obsolete.collect();
    });
    this.wakeWaiters();
  }
}

function isDurable(versions: VersionSet): boolean {
  return versions.durableEditCount === versions.editCount;
}
