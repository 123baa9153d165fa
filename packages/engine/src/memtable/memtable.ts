// The newest writes, in memory and in order: an arena that holds the entries and an index that finds them.
//
// One thread writes: it encodes entries into `arena`, logs them and then calls `insert()` in the order of their
// sequences. Once nothing will be inserted any more, `image()` freezes the memtable, and any number of threads read it:
// reading writes nothing to shared memory.
//
// The memtable does not know when it is full. Who writes compares `usedBytes` with its own limit, and the arena says
// whether the next group fits; the index grows by itself.

import { assert, EntryKind } from '@varve/base';
import type { CursorSource } from './current-entry.js';
import { EntryArena } from './entry-arena.js';
import { decodeEntry, EntrySlots } from './entry-format.js';
import { MemtableCursor } from './memtable-cursor.js';
import type { MemtableImage } from './memtable-image.js';
import { MemtableVersionCursor } from './memtable-version-cursor.js';
import { indexSizeBytesFor } from './radix/memory.js';
import { RadixTree } from './radix/tree.js';
import { entryOffsetOf, visibleVersion } from './radix/version-chain.js';

/** Sequences are stored relative to the first, in 31 bits. */
const RELATIVE_SEQUENCE_MAX = 2 ** 31 - 1;

/** The index of entries with values of 100 bytes takes about a fifth of the arena. */
const ARENA_BYTES_PER_INDEX_BYTE = 4;

/** How a memtable is made. */
export interface MemtableOptions {
  /** Size of the arena, in bytes: at most 2^31 - 1. Memory is used only as it is filled. */
  readonly arenaSizeBytes: number;
  /** No entry has a lower sequence. */
  readonly firstSequence: number;
  /** First size of the index, in bytes; it doubles by copying when full. Default: a quarter of the arena. */
  readonly indexSizeBytes?: number;
}

/** A sorted run in memory that takes inserts. */
export class Memtable {
  /** Where entries are encoded before they are inserted. */
  readonly arena: EntryArena;
  readonly #tree: RadixTree;
  readonly #entry = new EntrySlots();
  #firstSequence: number;
  #lastSequence: number;
  #entryCount: number;
  #tombstoneCount: number;
  #isFrozen: boolean;

  /** Makes an empty memtable from options, or one like {@link fromImage}. */
  constructor(source: MemtableOptions | MemtableImage) {
    this.#isFrozen = 'arenaBuffer' in source;
    const image = 'arenaBuffer' in source ? source : emptyImage(source);
    this.arena = new EntryArena(image.arenaBuffer, image.arenaUsedBytes);
    this.#tree = new RadixTree({
      arenaBytes: this.arena.bytes,
      buffer: image.indexBuffer,
      usedSizeBytes: image.indexUsedBytes,
      roots: image.roots,
    });
    this.#firstSequence = image.firstSequence;
    this.#lastSequence = image.lastSequence;
    this.#entryCount = image.entryCount;
    this.#tombstoneCount = image.tombstoneCount;
  }

  /** Opens the image of a memtable, from this thread or another. It is frozen. O(keyspaces): the memory is shared. */
  static fromImage(image: MemtableImage): Memtable {
    return new Memtable(image);
  }

  /** No entry has a lower sequence. */
  get firstSequence(): number {
    return this.#firstSequence;
  }

  /** The sequence of the newest entry; one less than `firstSequence` while there is none. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** How many entries were inserted, all versions and deletes counted. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** How many of the entries are deletes. */
  get tombstoneCount(): number {
    return this.#tombstoneCount;
  }

  /** Bytes of the index in use. */
  get indexUsedBytes(): number {
    return this.#tree.usedSizeBytes;
  }

  /** Bytes in use by entries and index together: what to compare with a limit. */
  get usedBytes(): number {
    return this.arena.usedBytes + this.#tree.usedSizeBytes;
  }

  /** Bytes allocated for entries and index; those never used may not be backed by memory yet. */
  get memoryBytes(): number {
    return this.arena.capacityBytes + this.#tree.words.byteLength;
  }

  /** Ids of the keyspaces that have entries, in the order of their first. */
  keyspaceIds(): number[] {
    return this.#tree.roots.map(([keyspaceId]) => keyspaceId);
  }

  /**
   * Makes room in the index for so many entries, as far as can be said: before they are logged, because there is no way back
   * after that. Throws `RangeError` when there is no memory; then nothing has changed.
   */
  reserveIndex(entryCount: number): void {
    this.#tree.reserve(entryCount);
  }

  /**
   * Makes the entry that starts at `entryOffset` of the arena findable. Requires: the entry is complete and will not
   * change; sequences ascend from `firstSequence`, over less than 2^31; the memtable is not frozen. O(key length).
   */
  insert(entryOffset: number, sequence: number): void {
    const relativeSequence = sequence - this.#firstSequence;
    assert(!this.#isFrozen, 'a frozen memtable takes no inserts');
    assert(sequence > this.#lastSequence, 'sequences must ascend');
    assert(relativeSequence <= RELATIVE_SEQUENCE_MAX, 'sequence too far from the first');
    const entry = this.#entry;
    decodeEntry(this.arena.bytes, entryOffset, entry);
    if (entry.kind !== EntryKind.put) {
      assert(entry.kind === EntryKind.delete, 'only puts and deletes can be inserted');
      this.#tombstoneCount++;
    }
    this.#tree.insert(entryOffset, entry, relativeSequence);
    this.#entryCount++;
    this.#lastSequence = sequence;
  }

  /**
   * Arena offset of the newest entry of exactly `key[start, end)` with at most `sequence`, which may be a delete; -1 if
   * there is none. `decodeEntry()` reads it. O(key length).
   */
  find(keyspaceId: number, key: Uint8Array, start: number, end: number, sequence: number): number {
    if (this.#entryCount === 0) return -1;
    const slot = this.#tree.find(keyspaceId, key, start, end);
    if (slot === 0) return -1;
    const words = this.#tree.words;
    const version = visibleVersion(words, slot, this.#relativeLimit(sequence));
    return version === 0 ? -1 : entryOffsetOf(words, version);
  }

  /**
   * A cursor over a keyspace as it was at `sequence`, or as it is now if that is in the future: see
   * {@link MemtableCursor}. Stands nowhere at first.
   */
  cursor(keyspaceId: number, sequence: number): MemtableCursor {
    const limit = this.#relativeLimit(Math.min(sequence, this.#lastSequence));
    return new MemtableCursor(this.#cursorSource(keyspaceId), limit);
  }

  /** A forward cursor over all versions in a keyspace: see {@link MemtableVersionCursor}. Stands nowhere at first. */
  versions(keyspaceId: number): MemtableVersionCursor {
    return new MemtableVersionCursor(this.#cursorSource(keyspaceId));
  }

  /** Freezes the memtable and describes it for {@link fromImage}. O(keyspaces): the memory is shared. */
  image(): MemtableImage {
    this.#isFrozen = true;
    return {
      arenaBuffer: this.arena.buffer,
      arenaUsedBytes: this.arena.usedBytes,
      indexBuffer: this.#tree.words.buffer,
      indexUsedBytes: this.#tree.usedSizeBytes,
      roots: this.#tree.roots,
      firstSequence: this.#firstSequence,
      lastSequence: this.#lastSequence,
      entryCount: this.#entryCount,
      tombstoneCount: this.#tombstoneCount,
    };
  }

  /**
   * Empties the memtable, keeping its memory, whose pages need not be asked from the system again, for entries from
   * `firstSequence` on. Requires: no cursor and no image of it is in use, in any thread. O(1).
   */
  reset(firstSequence: number): void {
    this.arena.release(0);
    this.#tree.clear();
    this.#firstSequence = firstSequence;
    this.#lastSequence = firstSequence - 1;
    this.#entryCount = 0;
    this.#tombstoneCount = 0;
    this.#isFrozen = false;
  }

  #relativeLimit(sequence: number): number {
    return Math.max(-1, Math.min(sequence - this.#firstSequence, RELATIVE_SEQUENCE_MAX));
  }

  #cursorSource(keyspaceId: number): CursorSource {
    return {
      tree: this.#tree,
      arenaBytes: this.arena.bytes,
      keyspaceId,
      firstSequence: this.#firstSequence,
    };
  }
}

/** The image of a memtable without entries, in memory of its own. */
function emptyImage(options: MemtableOptions): MemtableImage {
  const { arenaSizeBytes, firstSequence } = options;
  const wanted = options.indexSizeBytes ?? arenaSizeBytes / ARENA_BYTES_PER_INDEX_BYTE;
  return {
    arenaBuffer: new SharedArrayBuffer(arenaSizeBytes),
    arenaUsedBytes: 0,
    indexBuffer: new SharedArrayBuffer(indexSizeBytesFor(wanted)),
    indexUsedBytes: 0,
    roots: [],
    firstSequence,
    lastSequence: firstSequence - 1,
    entryCount: 0,
    tombstoneCount: 0,
  };
}
