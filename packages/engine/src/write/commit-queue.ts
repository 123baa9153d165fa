/**
 * The front of the write path: encodes writes into the open group, and closes the group when its turn comes.
 *
 * All asynchronous writes of one turn of the event loop join one group; it is closed in a microtask, or, while a sync
 * is running, when that sync ends. A synchronous write joins the open group and closes it at once. When the memtable is
 * full the group is closed early and the generation replaced; when that has to wait for a flush, asynchronous writes
 * wait as encoded bytes (bounded: beyond the bound the caller's thread waits), synchronous ones wait where they are.
 */
import {
  type Clock,
  isStorageError,
  MAX_SEQUENCE,
  memoryErrorOf,
  StorageError,
  type Timer,
  writeVarint,
} from '@varve/base';
import { RECORD_HEADER_SIZE_BYTES } from '../log/index.js';
import { PAYLOAD_HEADER_SIZE_BYTES, writePayloadHeader } from '../memtable/index.js';
import { CommitGroup } from './commit-group.js';
import { type BatchOperation, EncodedBatch, encodeApart } from './encoded-batch.js';
import { EntryEncoder, type EntryFormat } from './entry-encoder.js';
import type { Generation } from './generation.js';
import { GroupCommitter, type GroupCommitterOptions } from './group-committer.js';
import { WaitingWrites, type WriteBoundary } from './waiting-writes.js';

/** What the queue needs from the database around it. */
export interface WriteHost {
  /** Whether a full memtable may be replaced now. */
  canRotate(): boolean;
  /** Blocks this thread until `canRotate()`. */
  waitForRoom(): void;
  /** Takes over background work that has completed, for callers who never return to the event loop. */
  poll(): void;
  /** Freezes the current generation and gives the next, with room for at least this many bytes. */
  rotate(minimumArenaBytes: number): Generation;
}

export interface CommitQueueOptions extends GroupCommitterOptions {
  readonly host: WriteHost;
  /** Sequence of the last entry written before. */
  readonly lastSequence: number;
  /** A memtable is full when its index has this many bytes. */
  readonly indexLimitBytes: number;
  /** How long a write waits for room before it is BUSY; may be infinite. */
  readonly writeTimeoutMs: number;
}

const GROUP_HEADER_SIZE_BYTES = RECORD_HEADER_SIZE_BYTES + PAYLOAD_HEADER_SIZE_BYTES;
/** A power of two. */
const GROUP_ALIGNMENT_BYTES = 8;
/** Alignment, group header and the widest entry count. */
const GROUP_OVERHEAD_BYTES = GROUP_ALIGNMENT_BYTES + GROUP_HEADER_SIZE_BYTES + 8;

/** No group begins beyond it: far more entries than a group can have remain. */
const SEQUENCE_LIMIT = MAX_SEQUENCE - 2 ** 32;

/** Synchronous writes between two looks at background work; a power of two. */
const SYNC_CALLS_PER_POLL = 256;

interface WaitingPlace {
  readonly rank: number;
  readonly place?: 'first' | 'last';
}

export class CommitQueue {
  readonly #host: WriteHost;
  readonly #encoder = new EntryEncoder();
  readonly #committer: GroupCommitter;
  readonly #waiting: WaitingWrites;
  readonly #indexLimitBytes: number;
  readonly #writeTimeoutMs: number;
  readonly #clock: Clock;
  #generation: Generation;
  #open: CommitGroup | null = null;
  #nextSequence: number;
  /** Nobody else is given the sequences up to it, also if nothing comes of those who have them. */
  #boundarySequence = 0;
  #turnScheduled = false;
  #syncCallCount = 0;
  #isEncoding = false;
  #expiry: Timer | null = null;
  /** A caller is blocked until there is room. */
  #isBlocked = false;

  constructor(generation: Generation, options: CommitQueueOptions) {
    this.#generation = generation;
    this.#host = options.host;
    this.#indexLimitBytes = options.indexLimitBytes;
    this.#writeTimeoutMs = options.writeTimeoutMs;
    this.#clock = options.clock;
    this.#waiting = new WaitingWrites({
      clock: options.clock,
      takeBoundary: () => {
        this.#boundarySequence = this.lastSequence;
        return this.#boundarySequence;
      },
    });
    this.#nextSequence = options.lastSequence + 1;
    this.#committer = new GroupCommitter(generation, {
      ...options,
      onLogLost: (error) => {
        this.#failOpenGroup();
        options.onLogLost(error);
      },
    });
    this.#committer.onSynced = () => this.#closeTurn();
  }

  get generation(): Generation {
    return this.#generation;
  }

  get committer(): GroupCommitter {
    return this.#committer;
  }

  /** Sequence of the newest entry given out. */
  get lastSequence(): number {
    return this.#nextSequence - 1;
  }

  /** Where the writes end that have been issued so far: said when `drain()` has ended, at the latest. */
  boundary(): WriteBoundary {
    return this.#waiting.boundary();
  }

  /** Whether writes were made that are in no log: they are lost unless flushed. */
  get hasUnloggedWrites(): boolean {
    return this.#committer.hasUnloggedWrites;
  }

  /** Writes that wait because no memtable has room. */
  get waitingCount(): number {
    return this.#waiting.count;
  }

  putSync<K, V>(format: EntryFormat<K, V>, key: K, value: V, rank: number): void {
    const offset = this.#beginSync(this.#encoder.putBound(format, key, value));
    const target = this.#generation.arenaBuffer;
    const end = this.#encoder.put(format, target, offset + 1, key, value);
    this.#addSingle(offset, end, rank);
    this.#closeSync();
  }

  delSync<K, V>(format: EntryFormat<K, V>, key: K, rank: number): void {
    const offset = this.#beginSync(this.#encoder.deleteBound(format, key));
    const end = this.#encoder.del(format, this.#generation.arenaBuffer, offset + 1, key);
    this.#addSingle(offset, end, rank);
    this.#closeSync();
  }

  /**
   * An empty batch makes every write issued before visible.
   * @param formatOf how the entry of an operation is written
   */
  batchSync<O extends BatchOperation>(
    operations: readonly O[],
    formatOf: (operation: O) => EntryFormat<unknown, unknown>,
    rank: number,
  ): void {
    if (operations.length === 0) {
      if (this.#isEncoding) throw writeInsideEncoding();
      if (this.#waiting.count > 0) this.#admitAllSync();
      this.#closeSync();
      return;
    }
    const offset = this.#beginSync(0);
    if (!this.#encodeBatch(operations, formatOf, offset, rank)) {
      const apart = encodeApart(this.#encoder, operations, formatOf);
      this.#beginSync(apart.length);
      this.#addApart(apart, rank);
    }
    this.#closeSync();
  }

  put<K, V>(format: EntryFormat<K, V>, key: K, value: V, rank: number): Promise<void> {
    const bound = this.#encoder.putBound(format, key, value);
    const offset = this.#begin(bound);
    if (offset < 0) {
      const apart = new EncodedBatch(1);
      const start = apart.add(bound);
      apart.close(this.#encoder.put(format, apart.bytes, start, key, value));
      return this.#wait(apart, { rank });
    }
    const target = this.#generation.arenaBuffer;
    const end = this.#encoder.put(format, target, offset + 1, key, value);
    return this.#addSingle(offset, end, rank).promise;
  }

  del<K, V>(format: EntryFormat<K, V>, key: K, rank: number): Promise<void> {
    const bound = this.#encoder.deleteBound(format, key);
    const offset = this.#begin(bound);
    if (offset < 0) {
      const apart = new EncodedBatch(1);
      const start = apart.add(bound);
      apart.close(this.#encoder.del(format, apart.bytes, start, key));
      return this.#wait(apart, { rank });
    }
    const end = this.#encoder.del(format, this.#generation.arenaBuffer, offset + 1, key);
    return this.#addSingle(offset, end, rank).promise;
  }

  /** An empty batch is done when every write issued before is. */
  batch<O extends BatchOperation>(
    operations: readonly O[],
    formatOf: (operation: O) => EntryFormat<unknown, unknown>,
    rank: number,
  ): Promise<void> {
    if (operations.length === 0) return this.drain();
    const offset = this.#begin(0);
    if (offset >= 0 && this.#encodeBatch(operations, formatOf, offset, rank)) {
      return this.#open!.promise;
    }
    const apart = encodeApart(this.#encoder, operations, formatOf);
    if (this.#begin(apart.length) < 0) return this.#wait(apart, { rank });
    return this.#addApart(apart, rank).promise;
  }

  /** As `batch`, of at least one operation, but ahead of what waits for room. Await it before the next. */
  batchFirst<O extends BatchOperation>(
    operations: readonly O[],
    formatOf: (operation: O) => EntryFormat<unknown, unknown>,
    rank: number,
  ): Promise<void> {
    if (this.#waiting.count === 0) return this.batch(operations, formatOf, rank);
    // Looking after background work could let in what waits.
    if (this.#committer.refusal !== null) throw this.#committer.refusal;
    const apart = encodeApart(this.#encoder, operations, formatOf);
    return this.#wait(apart, { rank, place: 'first' });
  }

  /**
   * Makes everything visible that has been let in, durable if asked: until this turn ends, nobody but the caller lets in more.
   * @throws StorageError when nothing can be written
   */
  publishSync(): void {
    this.#assertWriting();
    // Looking after background work may let in what waits.
    do this.#closeSync();
    while (this.#open !== null);
  }

  /** Resolves when every write issued before is acknowledged or has failed. Later ones are not waited for. */
  async drain(): Promise<void> {
    if (this.#waiting.count > 0) await this.#waiting.settled();
    // If the last one that waited was refused, those before it may be here.
    const open = this.#open;
    await Promise.allSettled([open?.entryCount ? open.promise : undefined]);
    await this.#committer.settled();
  }

  /** The log takes no more: writes are refused until `resume`, except those that wait for room already. */
  suspend(error: StorageError): void {
    this.#committer.suspend(error);
  }

  /** There is a new generation, and a log for it: writes are taken again. */
  resume(generation: Generation): void {
    this.#generation = generation;
    this.#committer.resume(generation);
  }

  /** Stops the timers, and tells whoever waits all the same. Requires: nothing can be written any more. */
  close(error: StorageError): void {
    this.#expiry?.cancel();
    this.#waiting.failAll(error);
    this.#committer.close();
  }

  /** Whoever waits for room is told that there will be none soon. */
  rejectWaiting(error: StorageError): void {
    this.#waiting.failAll(error);
  }

  /** Nothing more can be written: whoever waits is told, and so is whoever writes from now on. */
  fail(error: StorageError): void {
    this.#committer.refuse(error);
    this.#waiting.failAll(error);
  }

  /** The host can rotate again: lets waiting writes in. */
  admitWaiting(): void {
    if (this.#isBlocked || this.#committer.isSuspended) return;
    while (this.#waiting.count > 0) {
      const { batch, rank } = this.#waiting.first;
      try {
        if (!this.#hasRoom(batch.length) && !this.#rotate(batch.length)) return;
        const group = this.#addApart(batch, rank);
        this.#waiting.shift().follow(group.promise);
      } catch (error) {
        if (!isStorageError(error)) throw error;
        if (this.#committer.isSuspended) return;
        // No memory for this one: nothing has changed, and others may fit.
        if (error.code === 'BUSY') this.#waiting.shift().fail(error);
        else this.fail(error);
      }
    }
  }

  /** Freezes the current generation if it holds anything, so that it can be flushed. False when that has to wait. */
  rotateIfUsed(): boolean {
    this.#assertWriting();
    if (this.#generation.memtable.entryCount === 0 && !this.#open?.entryCount) return true;
    if (!this.#rotate(0)) return false;
    this.#committer.advance();
    return true;
  }

  #hasRoom(boundBytes: number): boolean {
    const { memtable } = this.#generation;
    return (
      memtable.arena.freeBytes >= boundBytes + GROUP_OVERHEAD_BYTES &&
      memtable.indexUsedBytes < this.#indexLimitBytes
    );
  }

  /** Gives where the batch goes, in an open group with room; -1 when the write has to wait. */
  #begin(boundBytes: number): number {
    this.#assertWriting();
    if (this.#isEncoding) throw writeInsideEncoding();
    if (this.#waiting.count > 0) {
      if (this.#waiting.isFull) this.#admitAllSync();
      else return -1;
    }
    if (!this.#hasRoom(boundBytes) && !this.#rotate(boundBytes)) return -1;
    return this.#position();
  }

  #beginSync(boundBytes: number): number {
    this.#assertWriting();
    if (this.#isEncoding) throw writeInsideEncoding();
    if (this.#waiting.count > 0) this.#admitAllSync();
    while (!this.#hasRoom(boundBytes) && !this.#rotate(boundBytes)) this.#waitForRoom();
    return this.#position();
  }

  /**
   * Blocks until the generation can be replaced. What is under way is completed first: a flush may wait for it. Nothing
   * is let in meanwhile: it would fill and freeze a generation that nobody completes while this thread is blocked.
   */
  #waitForRoom(): void {
    const wasBlocked = this.#isBlocked;
    this.#isBlocked = true;
    try {
      this.#closeSync();
      this.#host.waitForRoom();
    } finally {
      this.#isBlocked = wasBlocked;
    }
  }

  #position(): number {
    if (this.#open === null) this.#openGroup();
    return this.#generation.memtable.arena.usedBytes;
  }

  #assertWriting(): void {
    if (this.#committer.refusal === null) return;
    // Whoever never returns to the event loop gets to know that there is a log again only from here.
    if (this.#committer.isSuspended) this.#host.poll();
    const { refusal } = this.#committer;
    if (refusal !== null) throw refusal;
  }

  /** Its writes are in no log, and will be in none. */
  #failOpenGroup(): void {
    const { refusal } = this.#committer;
    if (refusal !== null) this.#open?.fail(refusal);
    this.#open = null;
  }

  /** A group is closed in this turn even if its first write turns out to be none: nobody else would close it. */
  #openGroup(): void {
    this.#assertWriting();
    if (this.#nextSequence > SEQUENCE_LIMIT) throw sequencesUsedUp();
    const { arena } = this.#generation.memtable;
    // Hashing a record that does not start at a multiple of 8 takes about twice as long.
    arena.reserve(-arena.usedBytes & (GROUP_ALIGNMENT_BYTES - 1));
    const group = this.#committer.takeFreeGroup() ?? new CommitGroup();
    group.start(this.#generation, arena.reserve(GROUP_HEADER_SIZE_BYTES), this.#nextSequence);
    this.#open = group;
    this.#scheduleTurn();
  }

  #admitAllSync(): void {
    this.admitWaiting();
    while (this.#waiting.count > 0) {
      this.#waitForRoom();
      // Letting them in may have shown that the next log cannot be had: they go on waiting, this caller is told.
      this.#assertWriting();
      this.admitWaiting();
    }
  }

  /** Takes over a batch of one entry that was encoded at `offset + 1`. */
  #addSingle(offset: number, end: number, rank: number): CommitGroup {
    const group = this.#open!;
    const { memtable, arenaBuffer } = this.#generation;
    arenaBuffer[offset] = 1;
    memtable.arena.reserve(end - offset);
    group.addEntry(offset + 1);
    group.batchCount += 1;
    this.#nextSequence += 1;
    if (rank > group.rank) group.rank = rank;
    return group;
  }

  /**
   * Encodes a batch in place. False, with nothing changed, when the arena has no room for it.
   * An error of an operation also leaves nothing of the batch behind.
   */
  #encodeBatch<O extends BatchOperation>(
    operations: readonly O[],
    formatOf: (operation: O) => EntryFormat<unknown, unknown>,
    offset: number,
    rank: number,
  ): boolean {
    const group = this.#open!;
    const { arena } = this.#generation.memtable;
    const entryCountBefore = group.entryCount;
    // Encoding runs code of the caller, which might change the array, or write to the database.
    const count = operations.length;
    let end = writeVarint(this.#generation.arenaBuffer, offset, count);
    let fits = false;
    this.#isEncoding = true;
    try {
      end = this.#encodeOperations(operations, formatOf, count, end);
      fits = end >= 0;
    } finally {
      this.#isEncoding = false;
      if (!fits) group.entryCount = entryCountBefore;
    }
    if (!fits) return false;
    arena.reserve(end - offset);
    group.batchCount += 1;
    this.#nextSequence += count;
    if (rank > group.rank) group.rank = rank;
    return true;
  }

  /** Gives the offset after the last operation, or -1 when the arena is too small. */
  #encodeOperations<O extends BatchOperation>(
    operations: readonly O[],
    formatOf: (operation: O) => EntryFormat<unknown, unknown>,
    count: number,
    offset: number,
  ): number {
    const group = this.#open!;
    const encoder = this.#encoder;
    const target = this.#generation.arenaBuffer;
    let end = offset;
    for (let index = 0; index < count; index++) {
      const operation = operations[index];
      const format = formatOf(operation);
      const { key, value } = operation;
      group.addEntry(end);
      if (operation.type === 'put') {
        if (end + encoder.putBound(format, key, value) > target.length) return -1;
        end = encoder.put(format, target, end, key, value);
      } else {
        if (end + encoder.deleteBound(format, key) > target.length) return -1;
        end = encoder.del(format, target, end, key);
      }
    }
    return end;
  }

  #addApart(batch: EncodedBatch, rank: number): CommitGroup {
    const offset = this.#position();
    const group = this.#open!;
    const { memtable, arenaBuffer } = this.#generation;
    arenaBuffer.set(batch.bytes.subarray(0, batch.length), offset);
    memtable.arena.reserve(batch.length);
    for (const entryOffset of batch.entryOffsets) group.addEntry(offset + entryOffset);
    group.batchCount += 1;
    this.#nextSequence += batch.entryOffsets.length;
    if (rank > group.rank) group.rank = rank;
    return group;
  }

  #wait(batch: EncodedBatch, { rank, place = 'last' }: WaitingPlace): Promise<void> {
    const waiting =
      place === 'first' ? this.#waiting.addFirst(batch, rank) : this.#waiting.add(batch, rank);
    this.#armExpiry(this.#writeTimeoutMs);
    return waiting;
  }

  #armExpiry(delayMs: number): void {
    if (delayMs === Number.POSITIVE_INFINITY) return;
    this.#expiry ??= this.#clock.delay(delayMs, () => {
      this.#expiry = null;
      const nowMs = this.#clock.monotonicMs();
      this.#waiting.expire(nowMs - this.#writeTimeoutMs, () => busyError(this.#writeTimeoutMs));
      const { count, oldestSinceMs } = this.#waiting;
      if (count > 0) this.#armExpiry(oldestSinceMs + this.#writeTimeoutMs - nowMs);
    });
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    queueMicrotask(this.#runTurn);
  }

  readonly #runTurn = (): void => {
    this.#turnScheduled = false;
    if (!this.#committer.syncing) this.#closeTurn();
  };

  #closeTurn(): void {
    try {
      this.#closeGroup();
    } catch {
      // The group's promise carries the error to those who wait for it. What was appended before it goes on, also in this
      // turn, to the log before: nobody else would see to it.
    }
    this.#committer.advance();
  }

  #closeSync(): void {
    this.#closeGroup();
    this.#committer.advanceSync();
    this.#syncCallCount = (this.#syncCallCount + 1) & (SYNC_CALLS_PER_POLL - 1);
    if (this.#syncCallCount === 0) this.#host.poll();
  }

  #closeGroup(): void {
    const group = this.#open;
    if (group === null) return;
    // Half of a batch would be in it.
    if (this.#isEncoding) throw writeInsideEncoding();
    this.#open = null;
    const { arena } = group.generation.memtable;
    if (group.entryCount === 0) {
      arena.release(group.recordOffset);
      return;
    }
    this.#reserveIndex(group);
    const payloadOffset = group.recordOffset + RECORD_HEADER_SIZE_BYTES;
    writePayloadHeader(arena.bytes, payloadOffset, group.firstSequence, group.batchCount);
    this.#committer.append(group);
  }

  /** Before the group is logged: after that it has to be applied. */
  #reserveIndex(group: CommitGroup): void {
    const { memtable } = group.generation;
    try {
      memtable.reserveIndex(group.entryCount);
    } catch (cause) {
      const error = memoryErrorOf(cause, 'write') as Error;
      memtable.arena.release(group.recordOffset);
      this.#nextSequence = Math.max(group.firstSequence, this.#boundarySequence + 1);
      group.fail(error);
      throw error;
    }
  }

  /** Replaces the generation. False when the host cannot: the write has to wait. */
  #rotate(minimumArenaBytes: number): boolean {
    if (!this.#host.canRotate()) return false;
    this.#closeGroup();
    this.#generation = this.#host.rotate(minimumArenaBytes + GROUP_OVERHEAD_BYTES);
    this.#committer.switchTo(this.#generation);
    return true;
  }
}

/** A write has waited for room for as long as it may. Nothing of it was written. */
export function busyError(timeoutMs: number): StorageError {
  const message = `Cannot write: background work has not made room within ${timeoutMs} ms; write less at once`;
  return new StorageError('BUSY', message);
}

function writeInsideEncoding(): StorageError {
  return new StorageError('BUSY', 'Cannot write from inside an encoding that encodes a batch');
}

function sequencesUsedUp(): StorageError {
  return new StorageError('INTERNAL', 'Cannot write: the sequence numbers are used up');
}
