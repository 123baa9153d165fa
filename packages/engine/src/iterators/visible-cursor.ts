/**
 * What a reader sees of a sorted run of versions: for each user key its newest version at or below one sequence
 * number, tombstones hidden, between two bounds.
 *
 * Walking forward the inner cursor rests on the entry that is shown, so nothing is copied but the key (to recognise its
 * older versions). Walking backward the versions of a key arrive oldest first, so the newest visible one is known only
 * when the inner cursor has left the key: the entry shown is a copy, and the inner cursor rests before it. That is
 * LevelDB's scheme (db/db_iter.cc). Turning around seeks again at the current key.
 *
 * One move may skip any number of entries. For readers who share their thread it can pause after every so many
 * (`pauseEvery`): it answers YIELD, and `resume()` goes on.
 */
import { CursorStatus, compareBytes, copyBytes, type EntryCursor, EntryKind } from '@varve/base';

/** A half-open range of user keys: `lower <= key < upper`; `null` is unbounded. */
export interface KeyBounds {
  readonly lower: Uint8Array | null;
  readonly upper: Uint8Array | null;
}

/** What is to be seen of a run. */
export interface Visibility {
  /** Versions above it are invisible. */
  readonly sequence: number;
  readonly bounds: KeyBounds;
  /**
   * `'one'` promises that no two entries of the run are versions of one key: then a walk forward need not remember keys, which
   * is a fifth of its cost.
   */
  readonly versionsPerKey: 'one' | 'any';
}

const EMPTY = new Uint8Array(0);
const INITIAL_KEY_CAPACITY_BYTES = 64;

export class VisibleCursor {
  /** Beside READY and PENDING: the move has paused, and goes on with `resume()`. Only after `pauseEvery`. */
  static readonly YIELD = 2;

  valid = false;
  keyBytes: Uint8Array = EMPTY;
  keyOffset = 0;
  keyLength = 0;
  valueBytes: Uint8Array = EMPTY;
  valueOffset = 0;
  valueLength = 0;

  readonly #inner: EntryCursor;
  readonly #sequence: number;
  readonly #lower: Uint8Array | null;
  readonly #upper: Uint8Array | null;
  readonly #remembersKeys: boolean;
  #forward = true;
  /** The user key shown last (forward), or being gathered (backward). */
  #savedKey = new Uint8Array(INITIAL_KEY_CAPACITY_BYTES);
  #savedKeyLength = -1;
  #savedValue = EMPTY;
  #savedValueLength = 0;
  /** Backward: whether the newest visible version gathered so far is a value. */
  #live = false;
  /** Entries skipped between two pauses; 0: it never pauses. */
  #pauseInterval = 0;
  #skippedCount = 0;
  #isPaused = false;

  constructor(inner: EntryCursor, { sequence, bounds, versionsPerKey }: Visibility) {
    this.#inner = inner;
    this.#sequence = sequence;
    this.#lower = bounds.lower;
    this.#upper = bounds.upper;
    this.#remembersKeys = versionsPerKey === 'any';
  }

  /** From now on moves answer YIELD each time that `entryCount` more entries were passed over, in one move or in several. */
  pauseEvery(entryCount: number): void {
    this.#pauseInterval = entryCount;
  }

  first(): number {
    this.#startForward();
    const lower = this.#lower;
    return this.#findForward(
      lower === null ? this.#inner.first() : this.#inner.seek(lower, 0, lower.length),
    );
  }

  last(): number {
    this.#startBackward();
    const upper = this.#upper;
    return this.#findBackward(
      upper === null ? this.#inner.last() : this.#inner.seekBackward(upper, 0, upper.length),
    );
  }

  /** To the first visible key at or after the target, never before the lower bound. */
  seek(key: Uint8Array, start: number, end: number): number {
    const lower = this.#lower;
    if (lower !== null && compareBytes(key, start, end, lower, 0, lower.length) <= 0) {
      return this.first();
    }
    this.#startForward();
    return this.#findForward(this.#inner.seek(key, start, end));
  }

  /** To the last visible key before the target, never at or after the upper bound. */
  seekBackward(key: Uint8Array, start: number, end: number): number {
    const upper = this.#upper;
    if (upper !== null && compareBytes(key, start, end, upper, 0, upper.length) >= 0) {
      return this.last();
    }
    this.#startBackward();
    return this.#findBackward(this.#inner.seekBackward(key, start, end));
  }

  /** Requires: `valid`. */
  next(): number {
    this.valid = false;
    if (this.#forward) return this.#findForward(this.#inner.next());
    // The shown entry is the saved copy, so its key is already in place to be skipped.
    this.#forward = true;
    return this.#findForward(this.#inner.seek(this.#savedKey, 0, this.#savedKeyLength));
  }

  /** Requires: `valid`. */
  previous(): number {
    if (this.#forward) {
      this.#saveKey(this.keyBytes, this.keyOffset, this.keyLength);
      const target = this.#savedKey.slice(0, this.#savedKeyLength);
      this.#startBackward();
      return this.#findBackward(this.#inner.seekBackward(target, 0, target.length));
    }
    this.#startBackward();
    return this.#findBackward(CursorStatus.READY);
  }

  /** After PENDING: resolves when the missing block is in memory. */
  load(): Promise<void> {
    return this.#inner.load();
  }

  /** Goes on with the move that was PENDING, or has paused. */
  resume(): number {
    const status = this.#isPaused ? CursorStatus.READY : this.#inner.resume();
    this.#isPaused = false;
    return this.#forward ? this.#findForward(status) : this.#findBackward(status);
  }

  close(): void {
    this.valid = false;
    this.#inner.close();
  }

  /** A move that fails leaves no entry: whoever catches the error must not go on behind what could not be read. */
  #startForward(): void {
    this.valid = false;
    this.#forward = true;
    this.#isPaused = false;
    this.#savedKeyLength = -1;
  }

  #startBackward(): void {
    this.valid = false;
    this.#forward = false;
    this.#isPaused = false;
    this.#savedKeyLength = -1;
    this.#live = false;
  }

  #findForward(firstStatus: number): number {
    const inner = this.#inner;
    let status = firstStatus;
    while (status === CursorStatus.READY) {
      if (!inner.valid || this.#atOrPastUpper()) return this.#end();
      if (inner.sequence <= this.#sequence && !this.#isSavedKey()) {
        if (this.#remembersKeys) this.#saveKey(inner.keyBytes, inner.keyOffset, inner.keyLength);
        else this.#savedKeyLength = -1;
        if (inner.kind !== EntryKind.delete) return this.#exposeInner();
      }
      status = this.#passOver(inner.next());
    }
    return status;
  }

  #findBackward(firstStatus: number): number {
    const inner = this.#inner;
    let status = firstStatus;
    while (status === CursorStatus.READY) {
      if (!inner.valid || this.#belowLower()) return this.#live ? this.#exposeSaved() : this.#end();
      if (this.#savedKeyLength >= 0 && !this.#isSavedKey()) {
        if (this.#live) return this.#exposeSaved();
        this.#savedKeyLength = -1;
      }
      if (inner.sequence <= this.#sequence) this.#gather();
      status = inner.previous();
      // A value that was gathered is about to be shown: a plain walk is not to pause at all.
      if (!this.#live) status = this.#passOver(status);
    }
    return status;
  }

  /** Counts an entry that the inner cursor has left with this status, without showing it: the same, or YIELD. */
  #passOver(status: number): number {
    if (this.#pauseInterval === 0 || status !== CursorStatus.READY) return status;
    this.#skippedCount += 1;
    if (this.#skippedCount < this.#pauseInterval) return status;
    this.#skippedCount = 0;
    this.#isPaused = true;
    return VisibleCursor.YIELD;
  }

  /** Backward: the inner entry is the newest visible version of its key so far. */
  #gather(): void {
    const inner = this.#inner;
    if (this.#savedKeyLength < 0) this.#saveKey(inner.keyBytes, inner.keyOffset, inner.keyLength);
    this.#live = inner.kind !== EntryKind.delete;
    if (!this.#live) return;
    const length = inner.valueLength;
    if (this.#savedValue.length < length) this.#savedValue = new Uint8Array(length * 2);
    copyBytes(inner.valueBytes, inner.valueOffset, inner.valueOffset + length, this.#savedValue, 0);
    this.#savedValueLength = length;
  }

  #isSavedKey(): boolean {
    const length = this.#savedKeyLength;
    const inner = this.#inner;
    if (inner.keyLength !== length) return false;
    const bytes = inner.keyBytes;
    const offset = inner.keyOffset;
    const saved = this.#savedKey;
    // From the end: neighbours in key order differ in their last bytes first.
    for (let index = length - 1; index >= 0; index--) {
      if (bytes[offset + index] !== saved[index]) return false;
    }
    return true;
  }

  #saveKey(bytes: Uint8Array, offset: number, length: number): void {
    if (this.#savedKey.length < length) this.#savedKey = new Uint8Array(length * 2);
    copyBytes(bytes, offset, offset + length, this.#savedKey, 0);
    this.#savedKeyLength = length;
  }

  #atOrPastUpper(): boolean {
    const upper = this.#upper;
    if (upper === null) return false;
    const inner = this.#inner;
    const end = inner.keyOffset + inner.keyLength;
    return compareBytes(inner.keyBytes, inner.keyOffset, end, upper, 0, upper.length) >= 0;
  }

  #belowLower(): boolean {
    const lower = this.#lower;
    if (lower === null) return false;
    const inner = this.#inner;
    const end = inner.keyOffset + inner.keyLength;
    return compareBytes(inner.keyBytes, inner.keyOffset, end, lower, 0, lower.length) < 0;
  }

  #end(): number {
    this.valid = false;
    return CursorStatus.READY;
  }

  #exposeInner(): number {
    const inner = this.#inner;
    this.valid = true;
    this.keyBytes = inner.keyBytes;
    this.keyOffset = inner.keyOffset;
    this.keyLength = inner.keyLength;
    this.valueBytes = inner.valueBytes;
    this.valueOffset = inner.valueOffset;
    this.valueLength = inner.valueLength;
    return CursorStatus.READY;
  }

  #exposeSaved(): number {
    this.valid = true;
    this.keyBytes = this.#savedKey;
    this.keyOffset = 0;
    this.keyLength = this.#savedKeyLength;
    this.valueBytes = this.#savedValue;
    this.valueOffset = 0;
    this.valueLength = this.#savedValueLength;
    return CursorStatus.READY;
  }
}
