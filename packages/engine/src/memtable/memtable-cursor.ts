// A cursor that sees one keyspace of a memtable as it was at a sequence: of each key the newest version up to there,
// deletes included. Keys written only later are skipped.
//
// It shows entries from a batch that was read ahead (read-ahead.ts), in the direction it walks. What it sees does not
// change, so a batch stays right while inserts go on. They do move positions inside nodes: when a batch is used up and
// the modification count of the tree has changed, the cursor first seeks its current key again, which is still there,
// because keys never leave.

import { assert, CursorStatus, type EntryCursor } from '@varve/base';
import { CurrentEntry, type CursorSource } from './current-entry.js';
import { RadixPath } from './radix/path.js';
import type { RadixTree } from './radix/tree.js';
import { entryOffsetOf, relativeSequenceOf, visibleVersion } from './radix/version-chain.js';
import { ReadAhead } from './read-ahead.js';

const FORWARD = 1;
const BACKWARD = -1;

/** Walks a memtable both ways. Every move is `READY` at once. */
export class MemtableCursor extends CurrentEntry implements EntryCursor {
  readonly #tree: RadixTree;
  readonly #keyspaceId: number;
  readonly #limit: number;
  /** Stands at the last entry of the batch, or past the end. */
  readonly #path = new RadixPath();
  readonly #batch = new ReadAhead();
  /** The way in which the batch was walked. */
  #direction = FORWARD;
  /** The current entry in the batch. */
  #index = 0;
  #modificationCount = 0;

  /** Shows versions with a relative sequence of at most `limit`. Made by `Memtable.cursor()`. */
  constructor(source: CursorSource, limit: number) {
    super(source);
    this.#tree = source.tree;
    this.#keyspaceId = source.keyspaceId;
    this.#limit = limit;
  }

  /** Moves to the first visible key. */
  first(): number {
    this.#path.first(this.#tree.words, this.#startOver());
    return this.#jump(FORWARD);
  }

  /** Moves to the last visible key. */
  last(): number {
    this.#path.last(this.#tree.words, this.#startOver());
    return this.#jump(BACKWARD);
  }

  /** Moves to the first visible key that is `key[start, end)` or after it. O(key length). */
  seek(key: Uint8Array, start: number, end: number): number {
    this.#seekPath(key, start, end);
    return this.#jump(FORWARD);
  }

  /** Moves to the last visible key before `key[start, end)`. O(key length). */
  seekBackward(key: Uint8Array, start: number, end: number): number {
    this.#seekPath(key, start, end);
    const words = this.#tree.words;
    if (this.#path.slot !== 0) this.#path.previous(words);
    else this.#path.last(words, this.#tree.rootSlotOf(this.#keyspaceId));
    return this.#jump(BACKWARD);
  }

  /** Moves to the next visible key. Requires: `valid`. */
  next(): number {
    return this.#step(FORWARD);
  }

  /** Moves to the visible key before. Requires: `valid`. */
  previous(): number {
    return this.#step(BACKWARD);
  }

  /** Never needed: no move is pending. */
  load(): Promise<void> {
    return Promise.resolve();
  }

  /** Never needed: no move is pending. */
  resume(): number {
    return CursorStatus.READY;
  }

  /** Holds nothing that must be released. */
  close(): void {
    this.valid = false;
  }

  /** Gives the slot of the root to start from. */
  #startOver(): number {
    this.#modificationCount = this.#tree.modificationCount;
    return this.#tree.rootSlotOf(this.#keyspaceId);
  }

  #seekPath(key: Uint8Array, start: number, end: number): void {
    this.#path.seek(this.#tree.words, this.#startOver(), this.keyBytes, key, start, end);
  }

  #step(direction: number): number {
    assert(this.valid, 'a memtable cursor without a current entry cannot step');
    const index = this.#index + direction * this.#direction;
    if (index < 0 || index >= this.#batch.count) return this.#leaveBatch(direction);
    return this.#showAt(index);
  }

  #leaveBatch(direction: number): number {
    const isTurning = direction !== this.#direction;
    if (isTurning || this.#modificationCount !== this.#tree.modificationCount) {
      this.#seekPath(this.keyBytes, this.keyOffset, this.keyOffset + this.keyLength);
    }
    this.#movePath(direction);
    if (isTurning) return this.#jump(direction);
    this.#batch.goOn();
    return this.#fill();
  }

  /** Shows what is at the path or after it, in `direction`. */
  #jump(direction: number): number {
    this.#direction = direction;
    this.#batch.restart();
    return this.#fill();
  }

  #movePath(direction: number): void {
    if (direction === FORWARD) this.#path.next(this.#tree.words);
    else this.#path.previous(this.#tree.words);
  }

  /** Reads a batch, from the path on, and shows its first entry. */
  #fill(): number {
    const words = this.#tree.words;
    const path = this.#path;
    const batch = this.#batch;
    while (path.slot !== 0) {
      const version = visibleVersion(words, path.slot, this.#limit);
      if (version !== 0) {
        batch.add(entryOffsetOf(words, version), relativeSequenceOf(words, version));
        if (batch.isFull) break;
      }
      this.#movePath(this.#direction);
    }
    if (batch.count === 0) {
      this.valid = false;
      return CursorStatus.READY;
    }
    batch.touch(this.keyBytes);
    return this.#showAt(0);
  }

  #showAt(index: number): number {
    this.#index = index;
    this.show(this.#batch.entryOffsetAt(index), this.#batch.relativeSequenceAt(index));
    return CursorStatus.READY;
  }
}
