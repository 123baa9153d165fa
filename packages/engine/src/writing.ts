/**
 * The side of an open database that writes: what a write meets when the memtable is full, what a finished job changes, and how
 * all of it ends. A database that was opened with `readOnly` has none.
 */
import { isStorageError, type StorageError } from '@varve/base';
import { Background } from './background.js';
import type { ObsoleteFiles } from './collect/index.js';
import type { Executor } from './executor/index.js';
import { Generations } from './generations.js';
import { LogReplacement } from './log-replacement.js';
import type { LogSupply } from './log-supply.js';
import type { Memtable } from './memtable/index.js';
import { logAllocationOf } from './options.js';
import { closeLog, finishQuietly } from './quiet-logs.js';
import type { SpaceReserve } from './space-reserve.js';
import { StallMeter } from './stall-meter.js';
import type { WalWriter } from './wal/index.js';
import { CommitQueue, Generation, type WriteHost } from './write/index.js';
import { WriteRoom } from './write-room.js';
import type { WritingHost } from './writing-host.js';
import {
  makeHostExecutor,
  makeLogSupply,
  makeObsoleteFiles,
  makeReserve,
} from './writing-parts.js';

/** At close, a memtable with less than this is left in its log: replaying that takes a few milliseconds. */
const CLOSE_FLUSH_LIMIT_BYTES = 1024 * 1024;

/** What the first generation is made of. */
export interface WritingStart {
  readonly memtable: Memtable;
  readonly log: WalWriter;
  readonly lastSequence: number;
}

export class Writing implements WriteHost {
  readonly background: Background;
  readonly queue: CommitQueue;
  readonly #host: WritingHost;
  readonly #executor: Executor;
  readonly #obsolete: ObsoleteFiles;
  readonly #supply: LogSupply;
  readonly #replacement: LogReplacement;
  readonly #reserve: SpaceReserve;
  readonly #generations: Generations;
  readonly #room: WriteRoom;
  #isStarted = false;

  /** Starts nothing: see {@link Writing.start}. */
  constructor(host: WritingHost, { memtable, log, lastSequence }: WritingStart) {
    this.#host = host;
    const generation = new Generation(log.logId, memtable, log);
    this.#executor = makeHostExecutor(host);
    this.#obsolete = makeObsoleteFiles(host, () => this.background);
    this.background = this.#makeBackground();
    this.#supply = makeLogSupply(host, { obsolete: this.#obsolete, background: this.background });
    this.queue = this.#makeQueue(generation, lastSequence);
    this.#replacement = this.#makeReplacement();
    this.#reserve = makeReserve(host, this.background);
    this.#generations = this.#makeGenerations(generation);
    this.#room = this.#makeRoom();
  }

  /** 0 while background work runs on this thread. */
  get threadCount(): number {
    return this.#executor.threadCount;
  }

  /** Begins background work; called once the database is handed out. */
  start(): void {
    this.#isStarted = true;
    this.#supply.prepare();
    this.background.consider();
    this.#reserve.ensure();
  }

  canRotate(): boolean {
    return this.#room.isThere();
  }

  waitForRoom(): void {
    this.#room.wait();
  }

  poll(): void {
    this.background.poll();
  }

  /** Gives up the files that no version names any more. */
  collect(): void {
    this.#obsolete.collect();
  }

  rotate(minimumArenaBytes: number): Generation {
    return this.#generations.rotate(minimumArenaBytes);
  }

  /** Writes every memtable to tables, durably. */
  async flush(): Promise<void> {
    await this.queue.drain();
    // The way to a new log is a flush of everything.
    if (this.#replacement.isDue) await this.#until(() => !this.#replacement.isDue);
    while (!this.#rotateIfUsed()) await this.#until(() => this.#room.stallReason === null);
    await this.#untilFlushed();
  }

  /** Compacts a range of a keyspace down to the bottom; writes that come meanwhile are not part of it. */
  async compact(range: {
    readonly keyspaceId: number;
    readonly smallest: Uint8Array;
    readonly largest: Uint8Array;
  }): Promise<void> {
    /** What ended it; undefined while it has not ended. */
    const end: { error?: StorageError | null } = {};
    const onDone = (error: StorageError | null): void => {
      end.error = error;
    };
    this.background.compaction.addManual({ ...range, onDone });
    await this.#until(() => end.error !== undefined);
    if (end.error) throw end.error;
    await this.#untilDurable();
  }

  /** Resolves when no background work is left. */
  async settle(): Promise<void> {
    await this.queue.drain();
    await this.#until(() => this.background.isIdle);
  }

  /** Writing has become impossible for good: whoever waits is told. */
  fail(error: StorageError): void {
    this.queue.fail(error);
    this.background.wakeWaiters();
  }

  /**
   * Acknowledges or fails what is under way, then leaves the log closed and durable.
   *
   * @param knownFailure what had failed before anybody asked for this, and was told then
   * @throws StorageError what kept something that was acknowledged from becoming durable, unless it was known
   */
  async close(knownFailure: StorageError | null): Promise<void> {
    const { queue, background } = this;
    this.#rejectWaitingAtClose();
    await queue.drain();
    const error = await this.#flushAtClose(knownFailure);
    await background.stop();
    queue.close(this.#host.closedError());
    this.#host.watch.close();
    while (queue.committer.syncing) await queue.committer.settled();
    this.#closeLogs(knownFailure);
    // What is in the logs is durable all the same.
    if (error !== null && this.#mayLackUnlogged) throw error;
  }

  /** Whether writes that are in no log may be in no table either, or in one that no durable edit names. */
  get #mayLackUnlogged(): boolean {
    if (!this.queue.hasUnloggedWrites) return false;
    const { versions } = this.#host;
    const generations = [this.#generations.active, ...this.background.frozen];
    const isLacking = generations.some(({ hasUnloggedWrites }) => hasUnloggedWrites);
    return isLacking || versions.durableEditCount < versions.editCount;
  }

  /** Gives what kept the memtables from becoming tables, if that is news. */
  async #flushAtClose(knownFailure: StorageError | null): Promise<unknown> {
    const { permanentFailure } = this.#host;
    if (permanentFailure !== null) return knownFailure === null ? permanentFailure : null;
    if (!this.#isWorthFlushing()) return null;
    try {
      await this.flush();
      return null;
    } catch (error) {
      return error;
    }
  }

  #closeLogs(knownFailure: StorageError | null): void {
    const { committer } = this.queue;
    const { log } = this.#generations.active;
    try {
      this.#syncLogs(knownFailure);
      if (this.#host.permanentFailure === null && !committer.isSuspended) finishQuietly(log);
    } finally {
      // Not before: a retired log is needed until the edit that replaced it is durable, so it was synced with the others.
      this.#obsolete.releaseAll();
      for (const generation of this.background.frozen) this.#closeLog(generation.log);
      this.#closeLog(log);
    }
  }

  #syncLogs(knownFailure: StorageError | null): void {
    try {
      this.queue.committer.syncAllSync();
    } catch (error) {
      if (knownFailure === null || !isStorageError(error)) throw error;
      // Then it was told before that the logs may lack something.
      this.#host.events.emit('backgroundError', { error, willRetry: false });
    }
  }

  /** What is not synced by now is needed by nobody, or was refused when its sync failed. */
  #closeLog(log: WalWriter): 'closed' | 'failed' {
    const error = closeLog(log);
    if (error === null) return 'closed';
    this.#host.events.emit('backgroundError', { error, willRetry: false });
    return 'failed';
  }

  #isWorthFlushing(): boolean {
    // Without background work there is no other log to go on with; and nothing was written.
    if (!this.#isStarted) return false;
    const { usedBytes } = this.#generations.active.memtable.arena;
    return this.queue.hasUnloggedWrites || usedBytes > CLOSE_FLUSH_LIMIT_BYTES;
  }

  /** A database that closes does not wait for room on the disk. */
  #rejectWaitingAtClose(): void {
    if (!this.#host.isClosing || this.background.suspension === null) return;
    this.queue.rejectWaiting(this.#room.suspensionError());
  }

  /** @throws StorageError CLOSED when the database was closed meanwhile: its log is finished */
  #rotateIfUsed(): boolean {
    const { permanentFailure } = this.#host;
    if (this.background.isStopped && permanentFailure === null) throw this.#host.closedError();
    return this.queue.rotateIfUsed();
  }

  /** What is frozen now becomes tables, durably; what is frozen later is not waited for. */
  async #untilFlushed(): Promise<void> {
    const { frozen } = this.background;
    const newest = frozen.at(-1);
    await this.#until(() => newest === undefined || !frozen.includes(newest));
    await this.#untilDurable();
  }

  /** Every edit made so far is on disk. */
  async #untilDurable(): Promise<void> {
    const { versions } = this.#host;
    const { editCount } = versions;
    await this.#until(() => versions.durableEditCount >= editCount);
  }

  /**
   * Waits for background work to come to this.
   * @throws StorageError what made writing impossible; CLOSED when the database was closed before it came to this
   */
  async #until(isDone: () => boolean): Promise<void> {
    const { background } = this;
    const host = this.#host;
    await background.until(
      () => host.permanentFailure !== null || background.isBlocked || isDone(),
    );
    if (host.permanentFailure !== null) throw host.permanentFailure;
    if (background.isBlocked && !isDone()) throw this.#room.suspensionError();
    if (background.isStopped && !isDone()) throw host.closedError();
  }

  #makeBackground(): Background {
    const { options, directory, versions, tables, current, snapshots } = this.#host;
    const { events, metrics, watch } = this.#host;
    return new Background({
      executor: this.#executor,
      obsolete: this.#obsolete,
      directory: directory.path,
      databaseId: versions.databaseId,
      versions,
      tables,
      current,
      snapshots,
      options,
      events,
      metrics,
      clock: options.clock,
      watch,
      memtables: () => this.#generations.memtables(),
      logAfter: (generation) => this.#generations.logAfter(generation),
      onLogUnneeded: (generation) => this.#retireLog(generation),
      onProgress: () => this.#admitWaiting(),
      hasWaitingWrites: () => this.queue.waitingCount > 0,
      onDiskFull: () => this.#reserve.giveUp(),
      onOverdue: () => this.queue.rejectWaiting(this.#room.suspensionError()),
      replaceLog: () => this.#replacement.advance(),
      onSuspension: (error) => {
        this.#rejectWaitingAtClose();
        this.#host.tellState(error);
      },
      onFailure: (error) => this.#host.fail(error),
    });
  }

  /** Its entries are durable in tables. */
  #retireLog(generation: Generation): void {
    const { log } = generation;
    this.queue.committer.forget(log);
    const isIntact = log.failure === undefined;
    if (this.#closeLog(log) === 'failed' || !isIntact) this.#obsolete.forbidReuse(log.logId);
    this.#replacement.noteFlushed(generation);
  }

  #admitWaiting(): void {
    this.#host.snapshotSupply.tellOld();
    if (this.#host.permanentFailure === null && this.queue.waitingCount > 0) {
      this.queue.admitWaiting();
    }
  }

  #makeQueue(generation: Generation, lastSequence: number): CommitQueue {
    const { options, watch, current } = this.#host;
    return new CommitQueue(generation, {
      host: this,
      clock: options.clock,
      watch,
      writeTimeoutMs: options.writeTimeoutMs,
      lastSequence,
      syncIntervalMs: options.syncIntervalMs,
      indexLimitBytes: options.tuning.memtableSizeBytes,
      onVisible: (sequence) => {
        current.visibleSequence = sequence;
      },
      onQuiet: () => this.background.consider(),
      onLogLost: (error) => this.#generations.loseLog(error),
      onFailure: (error) => this.#host.fail(error),
    });
  }

  #makeReplacement(): LogReplacement {
    return new LogReplacement({
      supply: this.#supply,
      mayFreeze: () => this.background.stallReason === null,
      freeze: () => this.#generations.freezeLost(),
      checkSpace: () => this.#reserve.checkReturned(),
      resume: (logId) => this.#generations.resume(logId),
    });
  }

  #makeGenerations(active: Generation): Generations {
    const { options, directory, versions, tables, current, metrics, memtables } = this.#host;
    return new Generations(active, {
      fileSystem: options.fileSystem,
      directory,
      versions,
      tables,
      current,
      metrics,
      allocation: logAllocationOf(options),
      memtables,
      background: this.background,
      queue: this.queue,
      supply: this.#supply,
      replacement: this.#replacement,
      reserve: this.#reserve,
      fail: (error) => this.#host.fail(error),
    });
  }

  #makeRoom(): WriteRoom {
    const { options, events, metrics } = this.#host;
    return new WriteRoom({
      clock: options.clock,
      background: this.background,
      supply: this.#supply,
      queue: this.queue,
      stalls: new StallMeter(options.clock, events, metrics),
      writeTimeoutMs: options.writeTimeoutMs,
      failure: () => this.#host.permanentFailure,
    });
  }
}
