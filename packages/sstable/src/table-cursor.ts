// Walks the entries of one table in either direction.
//
// Inside a block a step reads the next elements of the columns and sets integer fields: no call
// into the block source, no allocation. Between blocks the source fills the cursor's own buffer; if
// it answers PENDING, the cursor remembers where in the block it was going to land, and lands there
// in resume().

import { assert, CursorStatus, type EntryCursor, readU32 } from '@varve/base';
import { BlockBuffer, type BlockSource, type Direction } from './block-source.js';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  endWidth,
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAGS_OFFSET,
  kindWidth,
  sequenceWidth,
} from './data-block/format.js';
import {
  entryCountOf,
  keyEndsOffset,
  keysOffset,
  kindsOffset,
  lowerBound,
  readEnd,
  readWideNumber,
  sequencesOffset,
  startAt,
  valueEndsOffset,
  valuesOffset,
} from './data-block/reader.js';
import type { TableReader } from './table-reader.js';

/** Where in a block a move ends. */
const Landing = {
  first: 0,
  last: 1,
  /** The first entry whose key is the target or after it, perhaps in the next block. */
  atTarget: 2,
  /** The last entry whose key is before the target, perhaps in the block before. */
  beforeTarget: 3,
} as const;

/** No block is loaded, or none is waited for. */
const NONE = -1;

/**
 * A cursor over one table, blocks coming from any source. The reader must stay open; it is not
 * closed.
 */
export class TableCursor implements EntryCursor {
  valid = false;
  keyBytes: Uint8Array;
  keyOffset = 0;
  keyLength = 0;
  valueBytes: Uint8Array;
  valueOffset = 0;
  valueLength = 0;
  sequence = 0;
  kind = 0;
  #reader: TableReader;
  #source: BlockSource;
  readonly #buffer = new BlockBuffer();
  #closed = false;
  /** The block in the buffer, and where its columns start. */
  #blockIndex = NONE;
  #entryCount = 0;
  #entryIndex = 0;
  #endWidth = 0;
  /** Not 0 if all keys, or values, are as long as the first. */
  #equalKeys = 0;
  #equalValues = 0;
  #sequenceWidth = 0;
  #kindWidth = 0;
  #keyEnds = 0;
  #valueEnds = 0;
  #sequences = 0;
  #kinds = 0;
  #keys = 0;
  #values = 0;
  #baseSequence = 0;
  /** The move that waits for a block. */
  #pendingBlockIndex = NONE;
  #pendingLanding = 0;
  /**
   * The key that `seek()` or `seekBackward()` was given: the caller's bytes, or a copy while
   * waiting.
   */
  #target: Uint8Array;
  #targetStart = 0;
  #targetEnd = 0;

  /** Starts before the first entry, with `valid` false. */
  constructor(reader: TableReader, source: BlockSource) {
    this.#reader = reader;
    this.#source = source;
    this.keyBytes = this.#buffer.bytes;
    this.valueBytes = this.#buffer.bytes;
    this.#target = this.#buffer.bytes;
  }

  /**
   * Goes over to another table, to before its first entry: as a new cursor, without the cost of its buffer. Requires: not
   * closed.
   */
  retarget(reader: TableReader, source: BlockSource): void {
    assert(!this.#closed, 'TableCursor: the cursor is closed');
    this.#reader = reader;
    this.#source = source;
    this.#blockIndex = NONE;
    this.#pendingBlockIndex = NONE;
    this.valid = false;
  }

  first(): number {
    return this.#moveTo(0, Landing.first);
  }

  last(): number {
    return this.#moveTo(this.#reader.blockCount - 1, Landing.last);
  }

  seek(key: Uint8Array, start: number, end: number): number {
    const blockIndex = this.#reader.findBlock(key, start, end);
    this.#setTarget(key, start, end);
    return this.#moveTo(blockIndex, Landing.atTarget);
  }

  seekBackward(key: Uint8Array, start: number, end: number): number {
    const blockIndex = this.#reader.findBlock(key, start, end);
    if (blockIndex === this.#reader.blockCount) return this.last();
    this.#setTarget(key, start, end);
    return this.#moveTo(blockIndex, Landing.beforeTarget);
  }

  next(): number {
    assert(this.valid, 'TableCursor: next() without a current entry');
    const entryIndex = this.#entryIndex + 1;
    if (entryIndex === this.#entryCount) return this.#moveTo(this.#blockIndex + 1, Landing.first);
    this.#entryIndex = entryIndex;
    this.keyOffset += this.keyLength;
    this.valueOffset += this.valueLength;
    this.#readEntry(entryIndex);
    return CursorStatus.READY;
  }

  previous(): number {
    assert(this.valid, 'TableCursor: previous() without a current entry');
    if (this.#entryIndex === 0) return this.#moveTo(this.#blockIndex - 1, Landing.last);
    return this.#moveWithin(this.#entryIndex - 1);
  }

  async load(): Promise<void> {
    await this.#buffer.loading;
  }

  resume(): number {
    assert(this.#pendingBlockIndex !== NONE, 'TableCursor: resume() without a pending move');
    return this.#moveTo(this.#pendingBlockIndex, this.#pendingLanding);
  }

  close(): void {
    this.#closed = true;
    this.valid = false;
    // Whoever keeps a closed cursor does not keep a block.
    this.#buffer.release();
    this.keyBytes = this.#buffer.bytes;
    this.valueBytes = this.#buffer.bytes;
  }

  /** Moves into a block, or past an end of the table if there is no such block. */
  #moveTo(blockIndex: number, landing: number): number {
    assert(!this.#closed, 'TableCursor: the cursor is closed');
    this.valid = false;
    this.#pendingBlockIndex = NONE;
    if (blockIndex < 0 || blockIndex === this.#reader.blockCount) return CursorStatus.READY;
    if (blockIndex !== this.#blockIndex) {
      // Whatever the source does to the buffer, the block that was in it cannot be relied on.
      this.#blockIndex = NONE;
      const backward = landing === Landing.last || landing === Landing.beforeTarget;
      const direction: Direction = backward ? -1 : 1;
      const status = this.#source.fetch(this.#reader, blockIndex, this.#buffer, direction);
      if (status === CursorStatus.PENDING) return this.#wait(blockIndex, landing);
      this.#openBlock(blockIndex);
    } else this.#renameBlock();
    return this.#land(landing);
  }

  #wait(blockIndex: number, landing: number): number {
    this.#pendingBlockIndex = blockIndex;
    this.#pendingLanding = landing;
    // Whoever waits sees a failure; if nobody does any more, it must not end the process.
    this.#buffer.loading?.catch(() => undefined);
    if (landing === Landing.atTarget || landing === Landing.beforeTarget) {
      const target = this.#target.slice(this.#targetStart, this.#targetEnd);
      this.#setTarget(target, 0, target.length);
    }
    return CursorStatus.PENDING;
  }

  #land(landing: number): number {
    if (landing === Landing.first) return this.#moveWithin(0);
    if (landing === Landing.last) return this.#moveWithin(this.#entryCount - 1);
    const { bytes } = this.#buffer;
    const entryIndex = lowerBound(bytes, 0, this.#target, this.#targetStart, this.#targetEnd);
    if (landing === Landing.atTarget) {
      if (entryIndex < this.#entryCount) return this.#moveWithin(entryIndex);
      return this.#moveTo(this.#blockIndex + 1, Landing.first);
    }
    if (entryIndex > 0) return this.#moveWithin(entryIndex - 1);
    return this.#moveTo(this.#blockIndex - 1, Landing.last);
  }

  /** Makes an entry of the loaded block the current one. */
  #moveWithin(entryIndex: number): number {
    const bytes = this.keyBytes;
    const width = this.#endWidth;
    this.#entryIndex = entryIndex;
    const keyStart = startAt(bytes, this.#keyEnds, entryIndex, width, this.#equalKeys);
    const valueStart = startAt(bytes, this.#valueEnds, entryIndex, width, this.#equalValues);
    this.keyOffset = this.#keys + keyStart;
    this.valueOffset = this.#values + valueStart;
    this.#readEntry(entryIndex);
    this.valid = true;
    return CursorStatus.READY;
  }

  /** Sets the fields of an entry whose key and value start at `keyOffset` and `valueOffset`. */
  #readEntry(entryIndex: number): void {
    const bytes = this.keyBytes;
    const width = this.#endWidth;
    if (this.#equalKeys === 0) {
      const keyEnd = this.#keys + readEnd(bytes, this.#keyEnds + entryIndex * width, width);
      this.keyLength = keyEnd - this.keyOffset;
    }
    if (this.#equalValues === 0) {
      const valueEnd = this.#values + readEnd(bytes, this.#valueEnds + entryIndex * width, width);
      this.valueLength = valueEnd - this.valueOffset;
    }
    if (this.#sequenceWidth !== 0) this.sequence = this.#readSequence(entryIndex);
    if (this.#kindWidth !== 0) this.kind = bytes[this.#kinds + entryIndex];
  }

  #readSequence(entryIndex: number): number {
    const offset = this.#sequences + entryIndex * this.#sequenceWidth;
    const bytes = this.keyBytes;
    const difference =
      this.#sequenceWidth === 4 ? readU32(bytes, offset) : readWideNumber(bytes, offset);
    return this.#baseSequence + difference;
  }

  /**
   * Gives the block in the buffer as another object. At every entry, also into the block that is there: whoever goes back
   * in a walk may have handed out its copy of the block, changed since (OwnedBlock of the engine).
   */
  #renameBlock(): void {
    this.#buffer.rename();
    this.keyBytes = this.#buffer.bytes;
    this.valueBytes = this.#buffer.bytes;
  }

  /**
   * Notes where the columns of the block in the buffer are, and what all its entries have in
   * common.
   */
  #openBlock(blockIndex: number): void {
    this.#renameBlock();
    const bytes = this.keyBytes;
    const flags = bytes[FLAGS_OFFSET];
    this.#blockIndex = blockIndex;
    this.#entryCount = entryCountOf(bytes, 0);
    this.#endWidth = endWidth(flags);
    this.#sequenceWidth = sequenceWidth(flags);
    this.#kindWidth = kindWidth(flags);
    this.#equalKeys = flags & FLAG_EQUAL_KEY_LENGTHS;
    this.#equalValues = flags & FLAG_EQUAL_VALUE_LENGTHS;
    this.#keyEnds = keyEndsOffset(bytes, 0);
    this.#valueEnds = valueEndsOffset(bytes, 0);
    this.#sequences = sequencesOffset(bytes, 0);
    this.#kinds = kindsOffset(bytes, 0);
    this.#keys = keysOffset(bytes, 0);
    this.#values = valuesOffset(bytes, 0);
    this.#baseSequence = readWideNumber(bytes, BASE_SEQUENCE_OFFSET);
    this.sequence = this.#baseSequence;
    this.kind = bytes[COMMON_KIND_OFFSET];
    // Of all entries, where there is no more than one length.
    this.keyLength = readEnd(bytes, this.#keyEnds, this.#endWidth);
    this.valueLength = readEnd(bytes, this.#valueEnds, this.#endWidth);
  }

  #setTarget(bytes: Uint8Array, start: number, end: number): void {
    this.#target = bytes;
    this.#targetStart = start;
    this.#targetEnd = end;
  }
}
