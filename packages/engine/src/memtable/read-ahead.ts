// The next few entries of a cursor, found ahead of time.
//
// Neighbours in key order are strangers in the arena, so every step of a cursor would wait for memory twice: for the node
// and then for the entry. A processor can wait for many places at once, but only if it is told of them without a
// dependence between them. So a cursor walks the index a few keys ahead, then touches all their entries in one loop; when
// it shows them one by one, they are in the cache.
//
// How far ahead grows with every batch that is used up, so that a seek which looks at one entry pays for one.

import { assert, EntryKind } from '@varve/base';

const BATCH_SIZE_MAX = 32;
const GROWTH_FACTOR = 4;

/** A batch of entries, in the order in which the cursor walks. */
export class ReadAhead {
  /** How many entries the batch has. */
  count = 0;
  readonly #entryOffsets: number[] = [];
  readonly #relativeSequences: number[] = [];
  #targetCount = 1;

  /** Whether the batch has as many entries as are worth having. */
  get isFull(): boolean {
    return this.count >= this.#targetCount;
  }

  /** Arena offset of an entry. */
  entryOffsetAt(index: number): number {
    return this.#entryOffsets[index];
  }

  /** Sequence of an entry, relative to the first of the memtable. */
  relativeSequenceAt(index: number): number {
    return this.#relativeSequences[index];
  }

  /** Starts a batch of one entry: the cursor jumped. */
  restart(): void {
    this.#targetCount = 1;
    this.count = 0;
  }

  /** Starts a longer batch: the cursor has walked through the last. */
  goOn(): void {
    this.#targetCount = Math.min(this.#targetCount * GROWTH_FACTOR, BATCH_SIZE_MAX);
    this.count = 0;
  }

  /** Adds the entry that comes next. */
  add(entryOffset: number, relativeSequence: number): void {
    this.#entryOffsets[this.count] = entryOffset;
    this.#relativeSequences[this.count] = relativeSequence;
    this.count++;
  }

  /** Brings all entries of the batch into the cache. Requires: each is a put or a delete. */
  touch(arenaBytes: Uint8Array): void {
    let kinds = 0;
    for (let index = 0; index < this.count; index++) kinds |= arenaBytes[this.#entryOffsets[index]];
    // Also what keeps the compiler from dropping the loads.
    assert((kinds & ~(EntryKind.put | EntryKind.delete)) === 0, 'the index leads to no entry');
  }
}
