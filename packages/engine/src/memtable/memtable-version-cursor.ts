// A cursor over everything a frozen memtable holds of one keyspace: what a flush writes to a table.

import { assert, CursorStatus } from '@varve/base';
import { CurrentEntry, type CursorSource } from './current-entry.js';
import { RadixPath } from './radix/path.js';
import type { RadixTree } from './radix/tree.js';
import {
  entryOffsetOf,
  newestVersion,
  olderVersion,
  relativeSequenceOf,
} from './radix/version-chain.js';
import { ReadAhead } from './read-ahead.js';

/**
 * Walks forward over all versions of all keys, the newest version of a key first. Requires: the memtable is frozen. Has
 * the fields of an `EntryCursor`, but only the moves a flush needs.
 */
export class MemtableVersionCursor extends CurrentEntry {
  readonly #tree: RadixTree;
  readonly #keyspaceId: number;
  /** Stands at the key of the version that was not read yet. */
  readonly #path = new RadixPath();
  readonly #batch = new ReadAhead();
  /** The current entry in the batch. */
  #index = 0;
  /** The version to read next, or 0 if the newest of the key at the path is. */
  #nextVersion = 0;

  /** Made by `Memtable.versions()`. */
  constructor(source: CursorSource) {
    super(source);
    this.#tree = source.tree;
    this.#keyspaceId = source.keyspaceId;
  }

  /** Moves to the newest version of the first key. Always `READY`. */
  first(): number {
    this.#path.first(this.#tree.words, this.#tree.rootSlotOf(this.#keyspaceId));
    this.#nextVersion = 0;
    this.#batch.restart();
    return this.#fill();
  }

  /** Moves to the next older version of the key, or to the next key. Always `READY`. Requires: `valid`. */
  next(): number {
    assert(this.valid, 'a version cursor without a current entry cannot step');
    const index = this.#index + 1;
    if (index < this.#batch.count) return this.#showAt(index);
    this.#batch.goOn();
    return this.#fill();
  }

  /** Reads a batch and shows its first entry. */
  #fill(): number {
    const words = this.#tree.words;
    const path = this.#path;
    const batch = this.#batch;
    while (path.slot !== 0 && !batch.isFull) {
      const version = this.#nextVersion === 0 ? newestVersion(words, path.slot) : this.#nextVersion;
      batch.add(entryOffsetOf(words, version), relativeSequenceOf(words, version));
      this.#nextVersion = olderVersion(words, path.slot, version);
      if (this.#nextVersion === 0) path.next(words);
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
