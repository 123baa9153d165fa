/**
 * The open database below its typed surface: wires nouns and verbs together and owns their life.
 *
 * It is the host of the read path (what is visible now), knows what can be done with the database at the moment, and has a
 * writing side unless it was opened with `readOnly`. Keys and values pass through it only as encodings and bytes.
 */
import { type Clock, StorageError } from '@varve/base';
import type { Background } from './background.js';
import type { DatabaseState, DatabaseStatus } from './database-state.js';
import type { DatabaseDirectory } from './directory/index.js';
import { DiskWatch } from './disk-watch.js';
import { doAll } from './do-all.js';
import { EventHub } from './events.js';
import type { WorkerEntry } from './executor/index.js';
import type { VersionSet } from './manifest/index.js';
import { MemtableSupply } from './memtable-supply.js';
import { Metrics } from './metrics.js';
import type { ResolvedOptions } from './options.js';
import { PointReader, type RangeHost } from './read/index.js';
import type { RecoveredState, RecoverySummary } from './recover/index.js';
import { SnapshotSupply } from './snapshot-supply.js';
import type { TableStore } from './tables/index.js';
import { CurrentView, OpenHandles, SnapshotList } from './view/index.js';
import type { CommitQueue } from './write/index.js';
import { Writing } from './writing.js';
import type { WritingHost } from './writing-host.js';

/** What a store is made of, besides its options. */
export interface StoreParts {
  readonly recovered: RecoveredState;
  /** What background threads run; null when none are wanted. */
  readonly workerEntry: WorkerEntry | null;
}

export class Store implements WritingHost, RangeHost {
  readonly options: ResolvedOptions;
  readonly workerEntry: WorkerEntry | null;
  readonly directory: DatabaseDirectory;
  readonly versions: VersionSet;
  readonly tables: TableStore;
  readonly current: CurrentView;
  readonly memtables: MemtableSupply;
  readonly handles = new OpenHandles((kind) => this.events.emit('lostHandle', { kind }));
  readonly snapshots = new SnapshotList();
  readonly snapshotSupply = new SnapshotSupply(this);
  readonly events = new EventHub();
  readonly metrics = new Metrics();
  readonly points: PointReader;
  readonly recovery: RecoverySummary;
  readonly watch: DiskWatch;
  /** Absent in a read-only database, and in one that is closed. */
  #writing: Writing | null;
  readonly #clock: Clock;
  #status: DatabaseStatus = 'open';
  #toldState: DatabaseState;
  #permanentFailure: StorageError | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: ResolvedOptions, { recovered: state, workerEntry }: StoreParts) {
    this.options = options;
    this.workerEntry = workerEntry;
    this.#clock = options.clock;
    this.directory = state.directory;
    this.versions = state.versions;
    this.tables = state.tables;
    this.recovery = state.summary;
    this.memtables = new MemtableSupply({
      arenaSizeBytes: options.tuning.memtableSizeBytes,
      spareCountMax: options.tuning.frozenMemtableCountMax,
    });
    this.watch = new DiskWatch({
      clock: this.#clock,
      slowMs: options.tuning.diskSlowMs,
      onSlow: (call) => this.events.emit('diskSlow', call),
    });
    this.current = new CurrentView({
      memtables: state.memtables,
      version: state.versions.current,
      visibleSequence: state.lastSequence,
      onMemtableUnused: (memtable) => this.memtables.giveBack(memtable),
      onReadersGone: () => this.snapshotSupply.collectSoon(),
    });
    this.points = new PointReader(this.current, this.tables);
    const { log, lastSequence, memtables } = state;
    this.#writing =
      log === null ? null : new Writing(this, { log, lastSequence, memtable: memtables[0] });
    this.#toldState = this.state;
  }

  get status(): DatabaseStatus {
    return this.#status;
  }

  get state(): DatabaseState {
    if (this.isClosing) return 'closed';
    if (this.#permanentFailure !== null) return 'failed';
    const isWritten = this.#writing !== null && this.#writing.background.suspension === null;
    return isWritten ? 'open' : 'readOnly';
  }

  get isClosing(): boolean {
    return this.#status === 'closing' || this.#status === 'closed';
  }

  /** What made writing impossible, for good or for now. */
  get failure(): StorageError | null {
    return this.#permanentFailure ?? this.#writing?.background.suspension ?? null;
  }

  get permanentFailure(): StorageError | null {
    return this.#permanentFailure;
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
    return this.#writing?.threadCount ?? 0;
  }

  assertReadable(): void {
    if (this.#status === 'open' || this.#status === 'failed') return;
    throw this.closedError();
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Gives up the files that nobody reads any more; at close they are left to the next open. */
  collect(): void {
    if (!this.isClosing) this.#writing?.collect();
  }

  yieldTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.soon(resolve));
  }

  /** Begins background work; called once the database is handed out. */
  start(): void {
    const { path, writableBy } = this.directory;
    // Later, so that whoever opened it can listen.
    if (writableBy === 'others') {
      this.#clock.soon(() => this.events.emit('unsafeDirectory', { path }));
    }
    this.#writing?.start();
  }

  /** Writes every memtable to tables, durably. */
  async flush(): Promise<void> {
    await this.#writable().flush();
  }

  /** Compacts a range of a keyspace down to the bottom; writes that come meanwhile are not part of it. */
  async compact(range: {
    readonly keyspaceId: number;
    readonly smallest: Uint8Array;
    readonly largest: Uint8Array;
  }): Promise<void> {
    await this.#writable().compact(range);
  }

  /** Resolves when no background work is left. */
  async settle(): Promise<void> {
    await this.#writable().settle();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  closedError(): StorageError {
    const { path } = this.directory;
    return new StorageError('CLOSED', `Cannot use the database in ${path}: it is closed`);
  }

  fail(error: StorageError): void {
    if (this.#permanentFailure !== null) return;
    this.#permanentFailure = error;
    if (this.#status === 'open') this.#status = 'failed';
    this.#writing?.fail(error);
    this.tellState(error);
  }

  tellState(error: StorageError | null): void {
    const { state } = this;
    if (state === this.#toldState) return;
    this.#toldState = state;
    this.events.emit('state', { state, error });
  }

  async #close(): Promise<void> {
    const knownFailure = this.#permanentFailure;
    this.#status = 'closing';
    this.tellState(null);
    // What failed first tells most: a log that is not durable is graver than the lock that was not given back after it.
    await doAll([
      () => this.handles.closeAll(),
      () => this.#writing?.close(knownFailure),
      () => this.tables.loader.stop(),
      () => {
        this.#status = 'closed';
        this.#releaseMemory();
        this.tables.closeAll();
      },
      () => this.versions.close(),
      () => this.directory.close(),
    ]);
  }

  /** Whoever still holds a closed database does not hold its memory. */
  #releaseMemory(): void {
    this.current.dispose();
    this.points.dispose();
    this.memtables.close();
    this.#writing = null;
  }

  #writable(): Writing {
    this.assertReadable();
    if (this.#writing !== null) return this.#writing;
    throw new StorageError(
      'READ_ONLY',
      `Cannot write to the database in ${this.directory.path}: it was opened with readOnly`,
    );
  }
}
