/**
 * Decides what runs in the background, and takes over what it gives: flushes before compactions, one of each at a time.
 *
 * Everything here happens on the main thread and is synchronous: a completed job becomes a version edit, the edit is
 * appended to the manifest and applied, the view is swapped, and what that made possible is started. The manifest is
 * synced behind that, because only the removal of files has to wait for it. So the same code serves the event loop and a
 * caller who never returns to it.
 *
 * What fails is tried again (background-retries.ts), but not a sync of the directory; when that does not help, a merge is
 * given up (background-compaction.ts), and for anything else writing stops and what is acknowledged stays readable. A
 * manifest that a full disk has left with a torn end is replaced by a fresh one before anything else is tried.
 */
import { BugError, isStorageError, StorageError, type Timer } from '@varve/base';
import { BackgroundCompaction } from './background-compaction.js';
import type { BackgroundParts } from './background-parts.js';
import { BackgroundRetries, isLackOf, type RetriedWork } from './background-retries.js';
import type { CompactionResult } from './compact/index.js';
import type { StallReason } from './events.js';
import type { Job, JobResult, Lane } from './executor/index.js';
import type { FlushResult } from './flush/index.js';
import { flushJobOf, tableMetadataOf } from './job-makers.js';
import type { VersionEdit, VersionSet } from './manifest/index.js';
import type { TableOutput } from './tables/index.js';
import type { Generation } from './write/index.js';

/** Writes that wait for room are not kept waiting longer than this for what background work lacks. */
const SUSPENSION_MS_MAX = 30_000;

/** A job, and what becomes of it. */
interface Submission {
  readonly lane: Lane;
  readonly makeJob: () => Job;
  /** The job of an attempt runs no more, whatever came of it. */
  readonly attemptEnded?: () => void;
  /** Ends it if there is nothing left to make another attempt at, and tells whether it did. Default: there always is. */
  readonly endIfMoot?: () => boolean;
  readonly take: (result: JobResult, durationMs: number) => void;
  /** It has failed for good. Default: nothing more can be written. */
  readonly giveUp?: (error: StorageError) => void;
  /** Why another attempt would fail as the last one did, of this; null if it may not. Default: it may not. */
  readonly obstacleAfter?: (error: Error) => StorageError | null;
  /** Whether memtables depend on it: see `RetriedWork`. */
  readonly isEssential?: boolean;
}

export class Background {
  /** Full generations, oldest first. */
  readonly frozen: Generation[] = [];
  readonly #parts: BackgroundParts;
  readonly #compaction: BackgroundCompaction;
  #flushing = false;
  /** The next memtable to be flushed had to wait for the one before: writers are faster than flushes. */
  #isFlushLate = false;
  #stopped = false;
  /** A caller who never returns to the event loop is being served: nothing asynchronous may be started. */
  #isSynchronous = false;
  readonly #retries: BackgroundRetries;
  /** Replacing a manifest that takes no more edits; moving tables. */
  readonly #repair: RetriedWork = { failureCount: 0 };
  /** Replacing a log that the disk had no space for. */
  readonly #logReplacement: RetriedWork = { failureCount: 0, isEssential: true };
  #isLogLost = false;
  #manifestSync: Promise<void> | null = null;
  /** Who waits for what; asked again after every change. */
  #waiters: { readonly isDone: () => boolean; readonly wake: () => void }[] = [];
  /** Keeps the process alive while somebody waits: the next attempt may be a delay away. */
  #hold: Timer | undefined;

  constructor(parts: BackgroundParts) {
    this.#parts = parts;
    this.#retries = new BackgroundRetries(parts.clock);
    this.#compaction = new BackgroundCompaction(parts, {
      submit: ({ take, ...others }) =>
        this.#submit({
          ...others,
          lane: 'compact',
          take: (result, durationMs) => take(result as CompactionResult, durationMs),
        }),
      onDue: () => this.consider(),
    });
  }

  /** Whether nothing runs, nothing is due, everything done is durable, and what that made obsolete is gone. */
  get isIdle(): boolean {
    return (
      !this.#parts.obsolete.isRemoving &&
      this.frozen.length === 0 &&
      !this.#compaction.isBusy &&
      !this.#isLogLost &&
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

  /** What background work fails of, after several attempts; it goes on trying. Null when writers need not know. */
  get suspension(): StorageError | null {
    return this.#retries.suspension ?? this.#compaction.blockage;
  }

  /** Whether work is suspended, and nothing runs at this moment, or will soon, that could change it. */
  get isBlocked(): boolean {
    return this.isStuck && this.#manifestSync === null;
  }

  /** As `isBlocked`, for whoever keeps the event loop from turning: what the manifest waits for cannot come meanwhile. */
  get isStuck(): boolean {
    if (this.suspension === null) return false;
    if (this.#retries.suspension === null && this.#retries.isWaiting) return false;
    return this.#parts.executor.pendingCount === 0;
  }

  get compaction(): BackgroundCompaction {
    return this.#compaction;
  }

  /** A generation is full; it is flushed once all its groups are visible. */
  freeze(generation: Generation): void {
    if (this.#flushing) this.#isFlushLate = true;
    this.frozen.push(generation);
    this.#publishView();
  }

  /** The log takes no more: a new one is worked for, and writing is suspended until there is one. */
  replaceLog(error: StorageError): void {
    if (this.#stopped) return;
    this.#isLogLost = true;
    this.#retries.suspend(this.#logReplacement, error);
    this.#parts.onSuspension(error);
    this.consider();
  }

  /** Starts whatever is due and not running. */
  consider(): void {
    if (this.#stopped) return;
    this.#considerLog();
    this.#considerFlush();
    // A move is an edit of the manifest, which can fail like any other: whoever called must not be told.
    if (!this.#isManifestTorn()) this.#attempt(() => this.#compaction.consider());
    if (!this.#stopped) this.#considerManifestSync();
    this.#considerBlockage();
    this.wakeWaiters();
  }

  /** Runs a job behind compactions, once; `done` gets its result if it gives one. */
  submitSpare(job: Job, done: (result: JobResult) => void): void {
    if (this.#stopped) return;
    this.#parts.executor.submit('compact', job, (outcome) => {
      if (outcome.ok && !this.#stopped) done(outcome.result);
    });
  }

  /** Runs a job in the lane of flushes; if it fails, another one that is made then. */
  submitShort(makeJob: () => Job, done: (result: JobResult) => void): void {
    if (!this.#stopped) this.#submit({ lane: 'flush', makeJob, take: done });
  }

  /** From a thread that does not return to the event loop: takes over what has completed, and what that needs. */
  poll(): void {
    if (this.#stopped) return;
    this.#synchronously(() => {
      if (this.suspension !== null) this.#retries.runNow();
      this.#parts.executor.poll();
    });
  }

  /** Blocks this thread until the manifest is synced, if it was not, or else until a job has completed or time is up. */
  waitForProgress(timeoutMs: number): void {
    const { executor, versions } = this.#parts;
    this.#synchronously(() => {
      this.#retries.runNow();
      this.consider();
      // That may be all the caller waits for, and the next job to complete may be a long one.
      if (!isDurable(versions)) return;
      if (executor.pendingCount > 0) executor.wait(timeoutMs);
      // What has failed just now is tried again by the next call, until it succeeds, is suspended, or is given up.
      else if (this.suspension === null && !this.#retries.isWaiting)
        throw new BugError('Writers wait for background work, and there is none');
    });
  }

  /** Resolves when the condition holds, or when nothing will change any more. */
  async until(isDone: () => boolean): Promise<void> {
    this.consider();
    if (isDone() || this.#stopped) return;
    this.#hold ??= this.#parts.clock.hold?.();
    await new Promise<void>((wake) => this.#waiters.push({ isDone, wake }));
  }

  /** Something changed that somebody may wait for. */
  wakeWaiters(): void {
    const waiters = this.#waiters;
    if (waiters.length === 0) return;
    this.#waiters = waiters.filter(({ isDone }) => !this.#stopped && !isDone());
    for (const waiter of waiters) if (!this.#waiters.includes(waiter)) waiter.wake();
    if (this.#waiters.length > 0) return;
    this.#hold?.cancel();
    this.#hold = undefined;
  }

  /**
   * Changes the version without a job: readers see the new one from now on.
   * @throws StorageError what kept the manifest from taking the edit; if that was a full disk, a fresh manifest is written
   */
  log(edit: VersionEdit): void {
    const failure = this.#failureOf(() => this.#parts.versions.log(edit));
    this.#publishView();
    this.consider();
    if (failure !== null) throw this.#causeOf(failure);
  }

  /** Starts nothing more. Jobs under way are given up by closing the executor. */
  async stop(): Promise<void> {
    this.#halt();
    await this.#parts.executor.close();
    await this.#manifestSync;
    this.wakeWaiters();
  }

  #considerLog(): void {
    if (!this.#isLogLost || this.#retries.isPausing(this.#logReplacement)) return;
    const failure = this.#failureOf(() => {
      this.#isLogLost = !this.#parts.replaceLog();
    });
    if (failure === null && this.#isLogLost) return;
    if (failure === null) {
      this.#ended(this.#logReplacement);
      this.#parts.onProgress();
    } else if (failure.code === 'BUSY' || isLackOf(failure)) {
      // There may be memory for a memtable later, as there may be space.
      this.#retry(this.#logReplacement, failure, () => this.consider());
    } else {
      this.#giveUp(failure);
    }
  }

  #considerFlush(): void {
    const generation = this.frozen[0];
    if (this.#flushing || generation === undefined || generation.unpublishedGroupCount > 0) return;
    this.#flushing = true;
    const blocks = this.#isFlushLate ? 'plain' : 'compressed';
    this.#isFlushLate = this.frozen.length > 1;
    this.#submit({
      lane: 'flush',
      makeJob: () => flushJobOf(this.#parts, generation.memtable, { blocks }),
      take: (result, durationMs) => {
        // It may throw and be called again: until it has succeeded, the memtable must not be flushed once more.
        this.#takeFlush(generation, result as FlushResult, durationMs);
        this.#flushing = false;
      },
      isEssential: true,
    });
  }

  #takeFlush(generation: Generation, result: FlushResult, durationMs: number): void {
    const { versions, metrics, events, logAfter, obsolete } = this.#parts;
    const isLive = ({ keyspaceId }: { readonly keyspaceId: number }): boolean =>
      versions.current.keyspaces.has(keyspaceId);
    const live = result.tables.filter(isLive);
    const added = live.map(({ keyspaceId, table }) => ({
      keyspaceId,
      level: 0,
      table: tableMetadataOf(table),
    }));
    versions.log({
      tablesAdded: added,
      minimumLogNumber: logAfter(generation),
      lastSequence: Math.max(versions.current.lastSequence, generation.memtable.lastSequence),
    });
    // Not before: an edit that cannot be made is made again, with all of them.
    const dead = result.tables.filter((table) => !isLive(table));
    obsolete.discard(dead.map(({ table }) => table.fileNumber));
    this.frozen.shift();
    generation.hasUnloggedWrites = false;
    obsolete.retire({ release: () => this.#parts.onLogUnneeded(generation) });
    this.#publishView();
    const writtenBytes = added.reduce((sum, { table }) => sum + table.sizeBytes, 0);
    metrics.flushCount += 1;
    metrics.flushedBytes += writtenBytes;
    metrics.flushMs += durationMs;
    events.emit('flush', { tableCount: added.length, writtenBytes, durationMs });
  }

  #publishView(): void {
    const { current, versions, memtables } = this.#parts;
    current.swap(memtables(), versions.current);
  }

  /**
   * Runs a job, and again when it fails; `take` gets its result. Every attempt is a job of its own, whose outputs have new
   * numbers: what is left of a file that failed is never written or synced again.
   */
  #submit(submission: Submission): void {
    const { lane, take, giveUp, isEssential = false } = submission;
    const work: RetriedWork = { failureCount: 0, isEssential, mayUseReserve: lane === 'flush' };
    let lastError: Error | null = null;
    const done = (): void => {
      this.#ended(work);
      this.#progressed();
    };
    const failed = (error: Error): void => {
      lastError = error;
      if (this.#retry(work, error, run) === 'again') return;
      if (giveUp === undefined) {
        this.#giveUp(this.#causeOf(error));
        return;
      }
      // Everything else goes on.
      this.#parts.events.emit('backgroundError', { error, willRetry: false });
      giveUp(asStorageError(error));
      done();
    };
    const run = (): void => {
      if (lastError !== null && submission.endIfMoot?.()) {
        done();
        return;
      }
      const obstacle = (lastError && submission.obstacleAfter?.(lastError)) ?? null;
      if (obstacle !== null) {
        failed(obstacle);
        return;
      }
      this.#parts.executor.submit(lane, submission.makeJob(), (outcome) => {
        if (this.#stopped) return;
        // That may remove files, which must not happen once names may be lost.
        if (outcome.ok || !isOfNames(outcome.error)) submission.attemptEnded?.();
        if (outcome.ok) takeOver(outcome.result, outcome.durationMs);
        else if (isOfNames(outcome.error)) this.#loseNames(outcome.error);
        else failed(outcome.error);
      });
    };
    const takeOver = (result: JobResult, durationMs: number): void => {
      const damage = this.#failureOf(() => this.#openTables(result));
      if (damage !== null && !isLackOf(damage)) {
        // No edit names them yet, so they can be written again.
        this.#parts.obsolete.discard(tablesOf(result).map(({ fileNumber }) => fileNumber));
        failed(damage);
        return;
      }
      const failure = damage ?? this.#failureOf(() => take(result, durationMs));
      if (failure !== null && this.#isPassing(failure)) {
        this.#retry(work, failure, () => takeOver(result, durationMs));
        this.#considerManifestSync();
      } else if (failure !== null) {
        this.#giveUp(failure);
      } else {
        done();
      }
    };
    run();
  }

  /** Opens what a job has written, before an edit names it. */
  #openTables(result: JobResult): void {
    for (const table of tablesOf(result)) this.#parts.tables.adoptSync(table);
  }

  #progressed(): void {
    if (this.#stopped) return;
    this.#publishView();
    this.consider();
    this.#parts.onProgress();
  }

  /** Arranges for another attempt, if that can help. */
  #retry(work: RetriedWork, error: Error, again: () => void): 'again' | 'given up' {
    const { events, hasWaitingWrites, onSuspension, onOverdue } = this.#parts;
    const wasSuspended = this.#retries.suspension !== null;
    const cause = this.#causeOf(error);
    if (isStorageError(cause) && cause.code === 'NO_SPACE' && work.mayUseReserve !== false)
      this.#parts.onDiskFull();
    // Whoever needs a file may have one of a table that nobody reads just now.
    if (isStorageError(cause) && cause.code === 'TOO_MANY_FILES')
      this.#parts.tables.files.giveBack();
    const decision = this.#retries.failed(work, cause, again);
    if (decision === 'given up') return decision;
    if (!wasSuspended) events.emit('backgroundError', { error, willRetry: true });
    if (!wasSuspended && this.#retries.suspension !== null) onSuspension(this.#retries.suspension);
    if (this.#retries.suspendedMs >= SUSPENSION_MS_MAX && hasWaitingWrites()) onOverdue();
    this.wakeWaiters();
    return decision;
  }

  #ended(work: RetriedWork): void {
    if (this.#retries.ended(work)) this.#parts.onSuspension(this.suspension);
  }

  /** Whoever waits for what was given up is told at once: the next attempt is far away. */
  #considerBlockage(): void {
    if (this.#stopped) return;
    const { onSuspension, onOverdue, onProgress, hasWaitingWrites } = this.#parts;
    const before = this.#compaction.blockage;
    this.#compaction.considerBlockage();
    const { blockage } = this.#compaction;
    if (blockage === before) return;
    if (this.#retries.suspension === null) onSuspension(blockage);
    if (blockage === null) onProgress();
    else if (hasWaitingWrites()) onOverdue();
  }

  /** A job could not sync the directory: what others make durable meanwhile may be lost with its own files. */
  #loseNames(error: StorageError): void {
    this.#parts.versions.refuse(error);
    this.#giveUp(error);
  }

  #giveUp(error: Error): void {
    this.#parts.events.emit('backgroundError', { error, willRetry: false });
    this.#fail(error);
  }

  /** What the action threw, if that was an expected failure. */
  #failureOf(action: () => void): StorageError | null {
    try {
      action();
      return null;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      return error;
    }
  }

  #attempt(action: () => void): void {
    const failure = this.#failureOf(action);
    if (failure === null) return;
    if (this.#isPassing(failure)) this.#retry(this.#repair, failure, () => this.consider());
    else this.#giveUp(failure);
  }

  /** A torn manifest refuses edits until it is replaced, which is as passing as what tore it. */
  #isPassing(error: StorageError): boolean {
    return isLackOf(error) || this.#isManifestTorn();
  }

  #isManifestTorn(): boolean {
    return isLackOf(this.#parts.versions.failure);
  }

  /** The lack behind a refusal. */
  #causeOf(error: Error): Error {
    const { failure } = this.#parts.versions;
    return isLackOf(failure) && !isLackOf(error) ? failure : error;
  }

  #fail(error: Error): void {
    this.#halt();
    this.#parts.onFailure(asStorageError(error));
    this.wakeWaiters();
  }

  #halt(): void {
    this.#stopped = true;
    this.#retries.cancelAll();
    this.#compaction.stop();
  }

  /** Syncs the manifest in the background; files that this makes obsolete are then removed. */
  #considerManifestSync(): void {
    const { versions, obsolete } = this.#parts;
    if (this.#manifestSync !== null || this.#isSynchronous) return;
    const isTorn = this.#isManifestTorn();
    if (isDurable(versions) && !isTorn) {
      obsolete.collect();
      return;
    }
    const isPausing = this.#retries.isPausing(this.#repair);
    if (isTorn && isPausing) return;
    const call = this.#parts.watch.begin('syncData', versions.manifestPath);
    // One that has only grown goes on being used until there can be another.
    const syncing = versions.needsRotation && !isPausing ? versions.rotate() : versions.sync();
    const durable = syncing.finally(() => this.#parts.watch.end(call));
    this.#manifestSync = durable.then(
      () => {
        this.#manifestSync = null;
        if (this.#stopped) return;
        this.#ended(this.#repair);
        obsolete.collect();
        this.#progressed();
      },
      (error) => {
        this.#manifestSync = null;
        if (this.#stopped) return;
        if (isLackOf(error)) {
          this.#retry(this.#repair, error, () => this.consider());
          // What is not torn can be synced meanwhile, and somebody may wait for that.
          this.#considerManifestSync();
        } else {
          this.#giveUp(error);
        }
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
    this.#considerLog();
    this.wakeWaiters();
  }
}

function asStorageError(error: Error): StorageError {
  if (isStorageError(error)) return error;
  const message = `Cannot go on with background work: ${error.message}`;
  return new StorageError('INTERNAL', message, { cause: error });
}

/** The tables that a job wrote. */
function tablesOf(result: JobResult): readonly TableOutput[] {
  if (result.kind === 'flush') return result.tables.map(({ table }) => table);
  return result.kind === 'compact' ? result.tables : [];
}

/** Whether a sync of the directory failed, which no other number of a file makes up for. */
function isOfNames(error: Error): error is StorageError {
  return isStorageError(error) && error.code === 'DURABILITY_UNKNOWN';
}

function isDurable(versions: VersionSet): boolean {
  return versions.durableEditCount === versions.editCount;
}
