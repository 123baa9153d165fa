// The fields of the current entry, as every cursor of a memtable shows them: see EntryCursor in @varve/base.

import { decodeEntry, EntrySlots } from './entry-format.js';
import type { RadixTree } from './radix/tree.js';

/** Where a cursor of a memtable reads. */
export interface CursorSource {
  readonly tree: RadixTree;
  readonly arenaBytes: Uint8Array;
  readonly keyspaceId: number;
  /** The sequence that relative sequences start from. */
  readonly firstSequence: number;
}

/** One entry of the arena, shown without copying it. */
export class CurrentEntry {
  valid = false;
  readonly keyBytes: Uint8Array;
  keyOffset = 0;
  keyLength = 0;
  readonly valueBytes: Uint8Array;
  valueOffset = 0;
  valueLength = 0;
  sequence = 0;
  kind = 0;
  readonly #firstSequence: number;
  readonly #slots = new EntrySlots();

  constructor(source: CursorSource) {
    this.keyBytes = source.arenaBytes;
    this.valueBytes = source.arenaBytes;
    this.#firstSequence = source.firstSequence;
  }

  /** Shows the entry at `entryOffset` of the arena. */
  protected show(entryOffset: number, relativeSequence: number): void {
    const slots = this.#slots;
    decodeEntry(this.keyBytes, entryOffset, slots);
    this.valid = true;
    this.keyOffset = slots.keyStart;
    this.keyLength = slots.keyEnd - slots.keyStart;
    this.valueOffset = slots.valueStart;
    this.valueLength = slots.valueEnd - slots.valueStart;
    this.sequence = this.#firstSequence + relativeSequence;
    this.kind = slots.kind;
  }
}
