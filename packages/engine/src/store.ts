/**
 * The open database below its typed surface: wires nouns and verbs together and owns their life.
 *
 * It is the host of the write path (what happens when a memtable is full), of the read path (what is visible now), and of
 * background work (what a finished job changes). Keys and values pass through it only as encodings and bytes.
 */
import { type Clock, isStorageError, StorageError } from '@varve/base';
import type { FileSystem } from '@varve/vfs';
import { Background } from './background.js';
import { isLackOf } from './background-retries.js';
import { ObsoleteFiles } from './collect/index.js';
import type { DatabaseState, DatabaseStatus } from './database-state.js';
import { type DatabaseDirectory, logFileName, RESERVE_FILE_NAME } from './directory/index.js';
import { DiskWatch } from './disk-watch.js';
import { doAll } from './do-all.js';
import { EventHub, type StallReason } from './events.js';
import { type Executor, makeExecutor, type WorkerEntry } from './executor/index.js';
import { withMemory } from './host-memory.js';
import { LogReplacement } from './log-replacement.js';
import { LogSupply } from './log-supply.js';
import type { VersionSet } from './manifest/index.js';
import { Memtable } from './memtable/index.js';
import { Metrics } from './metrics.js';
import { logAllocationOf, type ResolvedOptions } from './options.js';
import { closeQuietly, finishQuietly } from './quiet-logs.js';
import { PointReader, type RangeHost } from './read/index.js';
import type { RecoveredState, RecoverySummary } from './recover/index.js';
import { SnapshotSupply } from './snapshot-supply.js';
import { SpaceReserve } from './space-reserve.js';
import { StallMeter } from './stall-meter.js';
import type { TableStore } from './tables/index.js';
import { CurrentView, OpenHandles, SnapshotList } from './view/index.js';
import { type WalEnd, WalWriter } from './wal/index.js';
import {
  busyError,
  CommitQueue,
  Generation,
  suspensionError,
  type WriteHost,
} from './write/index.js';

/** At close, a memtable with less than this is left in its log: replaying that takes a few milliseconds. */
const CLOSE_FLUSH_LIMIT_BYTES = 1024 * 1024;

/** What a store is made of, besides its options. */
export interface StoreParts {
  readonly recovered: RecoveredState;
  /** What background threads run; null when none are wanted. */
  readonly workerEntry: WorkerEntry | null;
}

export class Store implements WriteHost, RangeHost {
  readonly options: ResolvedOptions;
  readonly directory: DatabaseDirectory;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  readonly current: CurrentView;
  readonly handles = new OpenHandles();
  readonly snapshots = new SnapshotList();
  readonly snapshotSupply = new SnapshotSupply(this);
  readonly events = new EventHub();
  readonly metrics = new Metrics();
  readonly points: PointReader;
  readonly recovery: RecoverySummary;
  /** Absent in a read-only database. */
  readonly #writing: WritingParts | null;
  readonly #stalls: StallMeter;
  readonly #watch: DiskWatch;
  readonly #clock: Clock;
  readonly #fileSystem: FileSystem;
  readonly #workerEntry: WorkerEntry | null;
  #status: DatabaseStatus = 'open';
  #toldState: DatabaseState;
  #started = false;
  #failure: StorageError | null = null;
  #closing: Promise<void> | null = null;
  #spareMemtable: Memtable | null = null;

  constructor(options: ResolvedOptions, { recovered: state, workerEntry }: StoreParts) {
    this.options = options;
    this.#workerEntry = workerEntry;
    this.#clock = options.clock;
    this.#fileSystem = options.fileSystem;
    this.directory = state.directory;
    this.versions = state.versions;
    this.tables = state.tables;
    this.recovery = state.summary;
    this.#watch = new DiskWatch({
      clock: this.#clock,
      slowMs: options.tuning.diskSlowMs,
      onSlow: (call) => this.events.emit('diskSlow', call),
    });
    this.#stalls = new StallMeter(this.#clock, this.events, this.metrics);
    this.current = new CurrentView({
      memtables: state.memtables,
      version: state.versions.current,
      visibleSequence: state.lastSequence,
      onMemtableUnused: (memtable) => this.#keepMemtable(memtable),
    });
    this.points = new PointReader(this.current, this.tables);
    this.#writing = state.log === null ? null : this.#startWriting(state, state.log);
    this.#toldState = this.state;
  }

  get status(): DatabaseStatus {
    return this.#status;
  }

  get state(): DatabaseState {
    if (this.#status === 'closing' || this.#status === 'closed') return 'closed';
    if (this.#failure !== null) return 'failed';
    const isWritten = this.#writing !== null && this.#writing.background.suspension === null;
    return isWritten ? 'open' : 'readOnly';
  }

  /** What made writing impossible, for good or for now. */
  get failure(): StorageError | null {
    return this.#failure ?? this.#writing?.background.suspension ?? null;
  }

  get background(): Background {
    return this.#writable().background;
  }

  /** The front of the write path. @throws StorageError CLOSED, READ_ONLY */
  get queue(): CommitQueue {
    return this.#writable().queue;
  }

  /** Syncs of logs since the database was opened. */
  get logSyncCount(): number {
    return this.#writing?.queue.committer.syncCount ?? 0;
  }

  /** 0 while background work runs on this thread. */
  get backgroundThreadCount(): number {
    return this.#writing?.executor.threadCount ?? 0;
  }

  assertReadable(): void {
    if (this.#status === 'open' || this.#status === 'failed') return;
    throw this.#closedError();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  yieldTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.soon(resolve));
  }

  canRotate(): boolean {
    let reason = this.#stallReason();
    if (reason !== null && this.#mayRefuse()) {
      // Whoever never returns to the event loop gets to know that there is room again only from here.
      this.poll();
      if (this.#failure !== null) throw this.#failure;
      reason = this.#stallReason();
      if (reason !== null && this.#mayRefuse()) throw this.#suspensionError();
    }
    this.#stalls.set(reason);
    return reason === null;
  }

  /** Writes that wait already are let in by others, who must not be told. */
  #mayRefuse(): boolean {
    const { background, queue } = this.#writing!;
    return background.suspension !== null && queue.waitingCount === 0;
  }

  #suspensionError(): StorageError {
    return suspensionError(this.#writing!.background.suspension!);
  }

  waitForRoom(): void {
    const { background } = this.#writable();
    const { writeTimeoutMs } = this.options;
    const startMs = this.monotonicMs();
    while (!this.canRotate()) {
      if (background.isBlocked) throw this.#suspensionError();
      const leftMs = startMs + writeTimeoutMs - this.monotonicMs();
      if (leftMs <= 0) throw busyError(writeTimeoutMs);
      background.waitForProgress(leftMs);
      if (this.#failure !== null) throw this.#failure;
    }
  }

  poll(): void {
    this.#writing?.background.poll();
  }

  rotate(minimumArenaBytes: number): Generation {
    const writing = this.#writing!;
    const old = writing.generation;
    // First what may fail without having changed anything.
    const memtable = this.#takeMemtable(minimumArenaBytes, writing.queue.lastSequence + 1);
    const log = this.#nextLog(writing);
    writing.generation = new Generation(log.logId, memtable, log);
    this.metrics.userBytes += old.memtable.arena.usedBytes;
    writing.background.freeze(old);
    writing.reserve.ensure();
    return writing.generation;
  }

  /** Writes every memtable to tables, durably. */
  async flush(): Promise<void> {
    await this.#flush(this.#writable());
  }

  async #flush(writing: WritingParts): Promise<void> {
    const { queue, replacement } = writing;
    await queue.drain();
    // The way to a new log is a flush of everything.
    if (replacement.isDue) await this.#until(() => !replacement.isDue);
    while (!this.#rotateIfUsed(writing)) await this.#until(() => this.#stallReason() === null);
    await this.#untilFlushed(writing.background);
  }

  /** @throws StorageError CLOSED when the database was closed meanwhile: its log is finished */
  #rotateIfUsed({ queue, background }: WritingParts): boolean {
    if (background.isStopped && this.#failure === null) throw this.#closedError();
    return queue.rotateIfUsed();
  }

  /** What is frozen now becomes tables, durably; what is frozen later is not waited for. */
  async #untilFlushed(background: Background): Promise<void> {
    const newest = background.frozen.at(-1);
    await this.#until(() => newest === undefined || !background.frozen.includes(newest));
    const { editCount } = this.versions;
    await this.#until(() => this.versions.durableEditCount >= editCount);
  }

  /** Compacts a range of a keyspace down to the bottom; writes that come meanwhile are not part of it. */
  async compact(range: {
    readonly keyspaceId: number;
    readonly smallest: Uint8Array;
    readonly largest: Uint8Array;
  }): Promise<void> {
    const { background } = this.#writable();
    const end: { error?: StorageError | null } = {};
    const onDone = (error: StorageError | null): void => void Object.assign(end, { error });
    background.compaction.addManual({ ...range, onDone });
    await this.#until(() => end.error !== undefined);
    if (end.error) throw end.error;
    const { editCount } = this.versions;
    await this.#until(() => this.versions.durableEditCount >= editCount);
  }

  /** Resolves when no background work is left. */
  async settle(): Promise<void> {
    const { background, queue } = this.#writable();
    await queue.drain();
    await this.#until(() => background.isIdle);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const writing = this.#writing;
    this.#status = 'closing';
    this.#tellState(null);
    this.handles.closeAll();
    // What failed first tells most: a log that is not durable is graver than the lock that was not given back after it.
    await doAll([
      async () => writing !== null && (await this.#closeWriting(writing)),
      () => this.tables.loader.stop(),
      () => {
        this.#status = 'closed';
        this.current.dispose();
        this.tables.closeAll();
      },
      () => this.versions.close(),
      () => this.directory.close(),
    ]);
  }

  /** Acknowledges or fails what is under way, then leaves the log closed and durable. */
  async #closeWriting(writing: WritingParts): Promise<void> {
    const { queue, background, obsolete } = writing;
    this.#failWaitingAtClose();
    await queue.drain();
    if (this.#failure === null && this.#isWorthFlushing(writing)) {
      await this.#flush(writing).catch(() => {
        // The log still has everything; what went wrong is known through the failure of the database.
      });
    }
    await background.stop();
    queue.close();
    this.#watch.close();
    while (queue.committer.syncing) await queue.committer.settled();
    const failure = this.#failure;
    try {
      if (failure === null) {
        queue.committer.syncAllSync();
        if (!queue.committer.isSuspended) finishQuietly(writing.generation.log);
      }
    } finally {
      // Not before: a retired log is needed until the edit that replaced it is durable, so it was synced with the others.
      obsolete.releaseAll();
      for (const generation of background.frozen) closeQuietly(generation.log);
      closeQuietly(writing.generation.log);
    }
  }

  #isWorthFlushing(writing: WritingParts): boolean {
    const { queue, generation } = writing;
    // Without background work there is no other log to go on with; and nothing was written.
    if (!this.#started) return false;
    return queue.hasUnloggedWrites || generation.memtable.arena.usedBytes > CLOSE_FLUSH_LIMIT_BYTES;
  }

  #writable(): WritingParts {
    this.assertReadable();
    if (this.#writing !== null) return this.#writing;
    throw new StorageError(
      'READ_ONLY',
      `Cannot write to the database in ${this.directory.path}: it was opened with readOnly`,
    );
  }

  /**
   * Waits for background work to come to this.
   * @throws StorageError what made writing impossible; CLOSED when the database was closed before it came to this
   */
  async #until(isDone: () => boolean): Promise<void> {
    const { background } = this.#writing!;
    await background.until(() => this.#failure !== null || background.isBlocked || isDone());
    if (this.#failure !== null) throw this.#failure;
    if (background.isBlocked && !isDone()) throw this.#suspensionError();
    if (background.isStopped && !isDone()) throw this.#closedError();
  }

  #closedError(): StorageError {
    const { path } = this.directory;
    return new StorageError('CLOSED', `Cannot use the database in ${path}: it is closed`);
  }

  #stallReason(): StallReason | null {
    const { background, supply } = this.#writing!;
    const reason = background.stallReason;
    if (reason !== null || supply.isReady) return reason;
    return 'log';
  }

  #startWriting(state: RecoveredState, log: WalWriter): WritingParts {
    const generation = new Generation(log.logId, state.memtables[0], log);
    const executor = this.#makeExecutor();
    const obsolete = new ObsoleteFiles({
      directory: this.directory.path,
      versions: this.versions,
      tables: this.tables,
      recycling: 'on',
      clock: this.#clock,
      remove: (paths, onFailed) =>
        background.submitShort({ kind: 'removeFiles', paths }, (result) => {
          if (result.kind === 'removeFiles') onFailed(result.failedPaths);
        }),
    });
    const background = this.#makeBackground(executor, obsolete);
    const supply = new LogSupply({
      directory: this.directory.path,
      databaseId: this.versions.databaseId,
      versions: this.versions,
      obsolete,
      preallocateBytes: 0,
      submit: (job, done) => background.submitShort(job, done),
      onPrepared: () => background.consider(),
    });
    const queue = new CommitQueue(generation, {
      host: this,
      clock: this.#clock,
      watch: this.#watch,
      writeTimeoutMs: this.options.writeTimeoutMs,
      lastSequence: state.lastSequence,
      syncIntervalMs: this.options.syncIntervalMs,
      indexLimitBytes: this.options.tuning.memtableSizeBytes,
      onVisible: (sequence) => {
        this.current.visibleSequence = sequence;
      },
      onQuiet: () => background.consider(),
      onLogLost: (error) => this.#loseLog(error),
      onFailure: (error) => this.#fail(error),
    });
    const replacement = new LogReplacement({
      supply,
      mayFreeze: () => background.stallReason === null,
      freeze: () => this.#freezeLost(),
      checkSpace: () => reserve.checkReturned(),
      resume: (logId) => this.#resume(logId),
    });
    const reserve = new SpaceReserve({
      fileSystem: this.#fileSystem,
      path: this.directory.pathOf(RESERVE_FILE_NAME),
      sizeBytes: this.options.reserveSizeBytes,
      isWorthIt: () => this.versions.current.tableBytes >= this.options.reserveFromBytes,
      submit: (job, done) =>
        background.submitSpare(job, (result) => {
          if (result.kind === 'reserveSpace') done(result.isReserved);
        }),
    });
    return { executor, obsolete, background, supply, queue, replacement, reserve, generation };
  }

  /** Begins background work; called once the database is handed out. */
  start(): void {
    this.#started = true;
    const { path, writableBy } = this.directory;
    // Later, so that whoever opened it can listen.
    if (writableBy === 'others') {
      this.#clock.soon(() => this.events.emit('unsafeDirectory', { path }));
    }
    this.#writing?.supply.prepare();
    this.#writing?.background.consider();
    this.#writing?.reserve.ensure();
  }

  #makeExecutor(): Executor {
    return makeExecutor({
      fileSystem: this.#fileSystem,
      clock: this.#clock,
      threadCount: this.options.backgroundThreads,
      entry: this.#workerEntry,
      onWaiting: (operation, waitedMs) => this.#watch.noteWaiting(operation, waitedMs),
      onThreadLost: (error) => this.events.emit('backgroundError', { error, willRetry: true }),
      onThreadsGivenUp: (error) => this.events.emit('threadsGivenUp', { error }),
    });
  }

  #makeBackground(executor: Executor, obsolete: ObsoleteFiles): Background {
    return new Background({
      executor,
      obsolete,
      directory: this.directory.path,
      databaseId: this.versions.databaseId,
      versions: this.versions,
      tables: this.tables,
      current: this.current,
      snapshots: this.snapshots,
      options: this.options,
      events: this.events,
      metrics: this.metrics,
      clock: this.#clock,
      watch: this.#watch,
      memtables: () => this.#memtables(),
      logAfter: (generation) => this.#logAfter(generation),
      onLogUnneeded: (generation) => {
        const { log } = generation;
        this.#writing!.queue.committer.forget(log);
        if (log.failure !== undefined) this.#writing!.obsolete.forbidReuse(log.logId);
        closeQuietly(log);
        this.#writing!.replacement.noteFlushed(generation);
      },
      onProgress: () => {
        this.snapshotSupply.tellOld();
        const { queue } = this.#writing!;
        if (this.#failure === null && queue.waitingCount > 0) queue.admitWaiting();
      },
      hasWaitingWrites: () => this.#writing!.queue.waitingCount > 0,
      onDiskFull: () => this.#writing!.reserve.giveUp(),
      onOverdue: () => this.#writing!.queue.rejectWaiting(this.#suspensionError()),
      replaceLog: () => this.#writing!.replacement.advance(),
      onSuspension: (error) => {
        this.#failWaitingAtClose();
        this.#tellState(error);
      },
      onFailure: (error) => this.#fail(error),
    });
  }

  /** A database that closes does not wait for room on the disk. */
  #failWaitingAtClose(): void {
    const { background, queue } = this.#writing!;
    if (this.#status !== 'closing' || background.suspension === null) return;
    if (queue.waitingCount > 0) this.#fail(this.#suspensionError());
  }

  #tellState(error: StorageError | null): void {
    const { state } = this;
    if (state === this.#toldState) return;
    this.#toldState = state;
    this.events.emit('state', { state, error });
  }

  #memtables(): Memtable[] {
    const { generation, background } = this.#writing!;
    const frozen = background.frozen.filter((one) => one !== generation);
    return [generation.memtable, ...frozen.map(({ memtable }) => memtable).reverse()];
  }

  #logAfter(generation: Generation): number {
    const { background, replacement, generation: active } = this.#writing!;
    const index = background.frozen.indexOf(generation);
    const next = background.frozen[index + 1];
    if (next !== undefined) return next.logNumber;
    return generation === active ? replacement.nextLogId! : active.logNumber;
  }

  /** Ends the current log and opens the one that was prepared. What fails for a lack costs the log, else the database. */
  #nextLog({ generation, supply, replacement, queue }: WritingParts): WalWriter {
    let logId: number | null = null;
    try {
      generation.log.finishSync();
      logId = supply.take();
      return this.#openLog(logId, generation.log.end);
    } catch (error) {
      if (!isStorageError(error)) throw error;
      if (!isLackOf(error)) {
        this.#fail(error);
      } else {
        replacement.begin(logId);
        queue.suspend(error);
      }
      throw error;
    }
  }

  /** The current log takes no more. */
  #loseLog(error: StorageError): void {
    const { background, replacement, reserve } = this.#writing!;
    if (error.code === 'NO_SPACE') reserve.giveUp();
    if (!replacement.isDue) replacement.begin(null);
    background.replaceLog(error);
  }

  /** The generation stays where it is, for readers and because there is none to take its place. */
  #freezeLost(): Generation {
    const { background, generation } = this.#writing!;
    background.freeze(generation);
    return generation;
  }

  /** Requires: the entries of the lost log are durable in tables. */
  #resume(logId: number): void {
    const writing = this.#writing!;
    const old = writing.generation;
    const memtable = this.#takeMemtable(0, writing.queue.lastSequence + 1);
    const log = this.#openLog(logId, { ...old.log.end, durable: true });
    writing.generation = new Generation(log.logId, memtable, log);
    this.metrics.userBytes += old.memtable.arena.usedBytes;
    writing.queue.resume(writing.generation);
    writing.reserve.ensure();
    this.current.swap(this.#memtables(), this.versions.current);
  }

  #openLog(logId: number, predecessor: WalEnd): WalWriter {
    return WalWriter.openSync(this.#fileSystem, {
      path: this.directory.pathOf(logFileName(logId)),
      logId,
      databaseId: this.versions.databaseId,
      allocation: logAllocationOf(this.options),
      predecessor,
    });
  }

  #takeMemtable(minimumArenaBytes: number, firstSequence: number): Memtable {
    const { memtableSizeBytes } = this.options.tuning;
    const spare = this.#spareMemtable;
    if (spare !== null && minimumArenaBytes <= spare.arena.capacityBytes) {
      this.#spareMemtable = null;
      spare.reset(firstSequence);
      return spare;
    }
    const arenaSizeBytes = Math.max(memtableSizeBytes, minimumArenaBytes);
    return withMemory(arenaSizeBytes, () => new Memtable({ arenaSizeBytes, firstSequence }));
  }

  /** Memory that was touched once is kept for the next memtable: fresh pages cost more than old ones. */
  #keepMemtable(memtable: Memtable): void {
    if (memtable.arena.capacityBytes !== this.options.tuning.memtableSizeBytes) return;
    this.#spareMemtable ??= memtable;
  }

  #fail(error: StorageError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    if (this.#status === 'open') this.#status = 'failed';
    this.#writing?.queue.fail(error);
    this.#writing?.background.wakeWaiters();
    this.#tellState(error);
  }
}

interface WritingParts {
  readonly executor: Executor;
  readonly obsolete: ObsoleteFiles;
  readonly background: Background;
  readonly supply: LogSupply;
  readonly queue: CommitQueue;
  readonly replacement: LogReplacement;
  readonly reserve: SpaceReserve;
  /** The memtable and log being written. */
  generation: Generation;
}
