/**
 * Carries closed groups from encoded to visible, in order:
 *
 *   append to the log  ->  (sync, if the group asks for it)  ->  index in the memtable  ->  visible
 *
 * Groups become visible strictly in sequence order, so a group waits for those before it. One asynchronous sync runs at
 * a time; everything appended meanwhile shares the next one. A synchronous caller does not wait for it: it syncs through
 * its own file description and so completes the groups before it too.
 *
 * A log that was replaced while not yet durable is synced before any newer one: what survives is always a prefix.
 * After a failed append or sync nothing is retried: the groups concerned fail, and the database stops writing. Groups
 * appended before a failed append are whole in the log, so they are synced and acknowledged as usual. An append that
 * failed because the disk is full costs the log, not the database: nothing goes behind what may be left of the record,
 * and writes are refused until `resume` gives a new log.
 */
import { assert, type Clock, isStorageError, StorageError, type Timer } from '@varve/base';
import { RECORD_HEADER_SIZE_BYTES } from '../log/index.js';
import type { WalWriter } from '../wal/index.js';
import type { CommitGroup } from './commit-group.js';
import { RANK_ALWAYS, RANK_INTERVAL, RANK_NONE } from './durability.js';
import type { Generation } from './generation.js';
import { GroupQueue } from './group-queue.js';

/** Told when a call to the file system begins and ends: it may take long. */
export interface CallWatch<Call = unknown> {
  begin(operation: 'write' | 'syncData', file: string): Call;
  end(call: Call): void;
}

export interface GroupCommitterOptions {
  readonly clock: Clock;
  readonly watch: CallWatch;
  readonly syncIntervalMs: number;
  /** All entries up to this sequence are in the memtables now. */
  readonly onVisible: (sequence: number) => void;
  /** A generation that is no longer written to has no group under way any more. */
  readonly onQuiet: (generation: Generation) => void;
  /** The disk had no space for the log: writes are refused until `resume`. */
  readonly onLogLost: (error: StorageError) => void;
  /** Writing has become impossible. */
  readonly onFailure: (error: StorageError) => void;
}

/** A log that has been idle this long gets a marker that attests what is durable. */
const MARKER_DELAY_MS = 10;

/** How long acknowledgements may keep the event loop from other work. */
const TURN_LIMIT_MS = 5;

/** Acknowledged groups between two looks at the clock; a power of two. */
const GROUPS_PER_CLOCK_READ = 64;

export class GroupCommitter {
  readonly #options: GroupCommitterOptions;
  /** Appended groups that are not visible yet, oldest first. */
  readonly #appended = new GroupQueue();
  /** A group that was used before. One is enough: seldom is more than one at a time being filled. */
  #freeGroup: CommitGroup | undefined;
  /** Replaced logs that may hold bytes that are not durable, oldest first. */
  #olderLogs: WalWriter[] = [];
  #log: WalWriter;
  #generation: Generation;
  /** The asynchronous sync under way, and what follows it. Never rejects. */
  #syncing: Promise<void> | null = null;
  #failure: StorageError | null = null;
  /** What is said to whoever writes while there is no log. */
  #suspension: StorageError | null = null;
  /** Whether the log is closed, because its entries are in tables and it takes no more. */
  #isLogForgotten = false;
  #intervalTimer: Timer | null = null;
  /** The newest group with durability `'interval'`. */
  #intervalEnd: LogPlace | null = null;
  /** What has to be synced now, because the interval is over. */
  #due: LogPlace | null = null;
  #markerTimer: Timer | null = null;
  #syncCount = 0;
  #unlogged = false;
  #acknowledgedCount = 0;
  #turnStartMs = 0;
  /** The newest acknowledgement that was put off to a later turn. */
  #latePromise: Promise<void> | null = null;
  #closed = false;

  constructor(generation: Generation, options: GroupCommitterOptions) {
    this.#generation = generation;
    this.#log = generation.log;
    this.#options = options;
  }

  /** Whether an asynchronous sync is under way. */
  get syncing(): boolean {
    return this.#syncing !== null;
  }

  /** Resolves when every group appended so far is acknowledged or has failed, and the sync under way, if any, has ended. */
  async settled(): Promise<void> {
    const last = this.#appended.last?.promise ?? this.#latePromise;
    await Promise.allSettled([last]);
    await this.#syncing;
  }

  /** What is said to whoever writes; null while writes are taken. */
  get refusal(): StorageError | null {
    return this.#failure ?? this.#suspension;
  }

  /** Whether the log takes no more, and a new one is waited for. */
  get isSuspended(): boolean {
    return this.#failure === null && this.#suspension !== null;
  }

  /** Whether any group was not put into the log. */
  get hasUnloggedWrites(): boolean {
    return this.#unlogged;
  }

  /** Syncs of logs done so far. */
  get syncCount(): number {
    return this.#syncCount;
  }

  /** A group object to be filled: one that was used before, if there is one. */
  takeFreeGroup(): CommitGroup | undefined {
    const group = this.#freeGroup;
    this.#freeGroup = undefined;
    return group;
  }

  /** From now on groups belong to `generation`; the log before it is synced before its own. */
  switchTo(generation: Generation): void {
    const old = this.#generation;
    if (this.#log.isDurable) generation.log.confirmPredecessor();
    else this.#olderLogs.push(this.#log);
    this.#generation = generation;
    this.#log = generation.log;
    if (old.unpublishedGroupCount === 0) this.#options.onQuiet(old);
  }

  /** A log that takes no more and whose entries are durable in tables: it need not be synced any more. Oldest first. */
  forget(log: WalWriter): void {
    if (this.#olderLogs[0] === log) this.#dropOldestLog();
    if (log !== this.#log) return;
    this.#isLogForgotten = true;
    this.#intervalEnd = null;
    this.#due = null;
  }

  /** The log takes no more, because of this: writes are refused until `resume`. */
  suspend(error: StorageError): void {
    if (this.refusal !== null) return;
    this.#suspension = suspensionError(error);
    this.#options.onLogLost(error);
  }

  /** Groups go into a new generation again. Requires: the log before it was forgotten, so nothing of it is under way. */
  resume(generation: Generation): void {
    assert(this.#isLogForgotten && this.#appended.count === 0, 'the lost log is needed no more');
    this.#suspension = null;
    this.#isLogForgotten = false;
    this.#generation = generation;
    this.#log = generation.log;
  }

  /** Appends a closed group. Throws, and fails the group, when that is impossible. */
  append(group: CommitGroup): void {
    this.#assertWriting(group);
    if (group.rank !== RANK_NONE) {
      try {
        const { arena } = group.generation.memtable;
        const payloadLength = arena.usedBytes - group.recordOffset - RECORD_HEADER_SIZE_BYTES;
        this.#appendRecord(group, arena.bytes, payloadLength);
      } catch (error) {
        group.generation.memtable.arena.release(group.recordOffset);
        throw this.#lose(error as StorageError, [group]);
      }
      group.logEnd = group.generation.log.positionBytes;
      if (group.rank === RANK_INTERVAL) this.#armInterval(group);
    } else {
      this.#unlogged = true;
      group.generation.hasUnloggedWrites = true;
    }
    group.generation.unpublishedGroupCount += 1;
    this.#appended.push(group);
  }

  /** Writes that are not awaited and need no sync are not watched: a look at the clock would cost them a share. */
  #appendRecord(group: CommitGroup, bytes: Uint8Array, payloadLength: number): void {
    const { log } = group.generation;
    if (!group.isAwaited && group.rank < RANK_ALWAYS) {
      log.appendBatchSync(bytes, group.recordOffset, payloadLength);
      return;
    }
    const { watch } = this.#options;
    const call = watch.begin('write', log.path);
    try {
      log.appendBatchSync(bytes, group.recordOffset, payloadLength);
    } finally {
      watch.end(call);
    }
  }

  #syncRecords(log: WalWriter): void {
    const { watch } = this.#options;
    const call = watch.begin('syncData', log.path);
    try {
      log.syncSync();
    } finally {
      watch.end(call);
    }
  }

  /** Publishes what may be published and starts a sync for the rest. */
  advance(): void {
    if (this.#publishReady() !== null) return;
    if (this.#syncing !== null) return;
    if (this.#appended.count > 0 || this.#isSyncDue()) this.#startSync();
  }

  /** Publishes every appended group, syncing on this thread as needed. */
  advanceSync(): void {
    this.#publishReadySync();
    while (this.#appended.count > 0) {
      const log = this.#olderLogs[0] ?? this.#log;
      this.#syncCount += 1;
      try {
        this.#syncRecords(log);
      } catch (error) {
        throw this.#fail(error as StorageError, this.#appended.takeAll());
      }
      this.#dropDurableLogs();
      this.#publishReadySync();
    }
    this.#armMarker();
  }

  /**
   * Makes everything appended so far durable, whatever durability it asked for; also after a failure, which says nothing of
   * what the logs hold.
   *
   * @throws StorageError DURABILITY_UNKNOWN if this or an earlier sync of one of the logs failed
   */
  syncAllSync(): void {
    if (this.#isLogForgotten) return;
    while (this.#olderLogs.length > 0) {
      this.#olderLogs[0].syncSync();
      this.#dropOldestLog();
    }
    this.#log.syncSync();
    this.#publishReadySync();
  }

  /** Nothing more may be written, because of what happened elsewhere. What is appended is still acknowledged. */
  refuse(error: StorageError): void {
    this.#failure ??= failureError(error);
  }

  /** Stops the timers. */
  close(): void {
    this.#closed = true;
    this.#intervalTimer?.cancel();
    this.#markerTimer?.cancel();
  }

  #assertWriting(group: CommitGroup): void {
    const { refusal } = this;
    if (refusal === null) return;
    group.fail(refusal);
    throw refusal;
  }

  /** Gives what kept a group from being published; then nothing can be written any more, nor is anything left to publish. */
  #publishReady(): StorageError | null {
    const appended = this.#appended;
    while (appended.count > 0 && this.#isSatisfied(appended.first)) {
      const group = appended.shift();
      const error = this.#apply(group);
      if (error !== null) return this.#fail(error, [group, ...appended.takeAll()]);
      this.#publish(group);
    }
    return null;
  }

  #publishReadySync(): void {
    const error = this.#publishReady();
    if (error !== null) throw error;
  }

  /**
   * Inserts what is in the log. Room was made before, as far as could be said: should it not do, the group stays invisible,
   * its memtable is never flushed, and the next opening takes all of it from the log.
   */
  #apply({
    generation,
    entryOffsets,
    firstSequence,
    entryCount,
  }: CommitGroup): StorageError | null {
    const { memtable } = generation;
    try {
      for (let index = 0; index < entryCount; index++) {
        memtable.insert(entryOffsets[index], firstSequence + index);
      }
      return null;
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const message = 'Cannot apply a write that is in the log: there is no memory for it';
      return new StorageError('DURABILITY_UNKNOWN', message, { cause });
    }
  }

  #isSatisfied(group: CommitGroup): boolean {
    if (group.rank < RANK_ALWAYS) return true;
    const { log } = group.generation;
    if (log.durableBytes < group.logEnd) return false;
    return this.#olderLogs.length === 0 || this.#olderLogs[0] === log;
  }

  #publish(group: CommitGroup): void {
    const { generation, firstSequence, entryCount } = group;
    generation.unpublishedGroupCount -= 1;
    this.#options.onVisible(firstSequence + entryCount - 1);
    this.#acknowledge(group);
    const isComplete = generation !== this.#generation || this.#suspension !== null;
    if (isComplete && generation.unpublishedGroupCount === 0) this.#options.onQuiet(generation);
  }

  /**
   * Tells those who wait. A loop of awaited writes that need no sync would never leave the microtask queue, and timers,
   * sockets and finished background work would starve: so every few milliseconds the answer comes in a new turn.
   */
  #acknowledge(group: CommitGroup): void {
    this.#acknowledgedCount = (this.#acknowledgedCount + 1) & (GROUPS_PER_CLOCK_READ - 1);
    if (this.#acknowledgedCount === 0 && group.isAwaited && this.#turnIsOver()) {
      this.#latePromise = group.promise;
      this.#options.clock.soon(() => {
        this.#turnStartMs = this.#options.clock.monotonicMs();
        group.succeed();
      });
      return;
    }
    group.succeed();
    this.#freeGroup = group;
  }

  #turnIsOver(): boolean {
    return this.#options.clock.monotonicMs() - this.#turnStartMs >= TURN_LIMIT_MS;
  }

  #startSync(): void {
    const log = this.#olderLogs[0] ?? this.#log;
    this.#syncCount += 1;
    const { watch } = this.#options;
    const call = watch.begin('syncData', log.path);
    this.#syncing = log.sync().then(
      () => {
        watch.end(call);
        this.#afterSync();
      },
      (error) => {
        watch.end(call);
        this.#afterFailedSync(error);
      },
    );
  }

  /** After a failed append, too: what was appended before it is good once it is synced. */
  #afterSync(): void {
    this.#syncing = null;
    this.#dropDurableLogs();
    this.#armMarker();
    this.advance();
    this.onSynced();
  }

  /** Set by the queue: a sync has ended, well or badly, and a group may have gathered while it ran. */
  onSynced: () => void = () => {};

  #afterFailedSync(error: StorageError): void {
    this.#syncing = null;
    this.#due = null;
    this.#fail(error, this.#appended.takeAll());
    this.onSynced();
  }

  #dropDurableLogs(): void {
    while (this.#olderLogs.length > 0 && this.#olderLogs[0].isDurable) this.#dropOldestLog();
  }

  /** What came before the next log is durable now, so that one may be synced. */
  #dropOldestLog(): void {
    this.#olderLogs.shift();
    (this.#olderLogs[0] ?? this.#log).confirmPredecessor();
  }

  /** An append failed, and with it these groups. */
  #lose(error: StorageError, groups: readonly CommitGroup[]): StorageError {
    if (error.code !== 'NO_SPACE') return this.#fail(error, groups);
    for (const group of groups) group.fail(error);
    this.suspend(error);
    return error;
  }

  #fail(error: StorageError, groups: readonly CommitGroup[]): StorageError {
    for (const group of groups) group.fail(error);
    if (this.#failure === null) {
      this.#failure = failureError(error);
      this.#options.onFailure(error);
    }
    return error;
  }

  #armInterval({ generation: { log }, logEnd: endBytes }: CommitGroup): void {
    this.#intervalEnd = { log, endBytes };
    if (this.#intervalTimer !== null || this.#closed) return;
    this.#intervalTimer = this.#options.clock.delay(this.#options.syncIntervalMs, () => {
      this.#intervalTimer = null;
      this.#due = this.#intervalEnd;
      this.advance();
    });
  }

  /** Logs are synced oldest first, and a sync under way may have begun too early, so it can take several. */
  #isSyncDue(): boolean {
    const due = this.#due;
    if (due === null) return false;
    const isNeeded = due.log === this.#log || this.#olderLogs.includes(due.log);
    if (isNeeded && due.log.durableBytes < due.endBytes) return true;
    this.#due = null;
    return false;
  }

  #armMarker(): void {
    if (this.#markerTimer !== null || this.#closed || this.refusal !== null) return;
    const log = this.#log;
    const position = log.positionBytes;
    this.#markerTimer = this.#options.clock.delay(MARKER_DELAY_MS, () => {
      this.#markerTimer = null;
      if (this.refusal !== null || log !== this.#log) return;
      if (log.positionBytes === position) this.#appendMarker(log);
      else if (log.isDurable) this.#armMarker();
    });
  }

  #appendMarker(log: WalWriter): void {
    try {
      log.appendMarkerSync();
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#lose(error, []);
    }
  }
}

/** A position in a log. */
interface LogPlace {
  readonly log: WalWriter;
  readonly endBytes: number;
}

/** What is said to whoever writes while something is lacking that may be there again, or background work fails. */
export function suspensionError(cause: StorageError): StorageError {
  const { code } = cause;
  if (code === 'NO_SPACE' || code === 'TOO_MANY_FILES') {
    const message = `Cannot write for now (${cause.message}); make room: writing goes on by itself within a second`;
    return new StorageError(code, message, { cause, retryable: true });
  }
  const message = `Cannot write for now (${cause.message}): the memtable is full and cannot be written to tables, or those cannot be merged; this is tried again by itself`;
  // It is the database that tries again, so what a disk refuses now may be done when the same write comes later.
  return new StorageError('READ_ONLY', message, {
    cause,
    retryable: code === 'IO' || code === 'BUSY',
  });
}

/** What is said to whoever writes after a failure. */
function failureError(cause: StorageError): StorageError {
  return new StorageError(
    'READ_ONLY',
    `Cannot write: an earlier failure has stopped writing (${cause.message}); close the database and open it again`,
    { cause },
  );
}
