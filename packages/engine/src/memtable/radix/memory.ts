// The array that holds a radix tree, and who gets which words of it.
//
// Words are handed out from the start up. A node that was replaced by a larger one goes to the free list of its kind and
// is used again. Records of versions are small and never freed: they are cut from slabs, so that they do not shift nodes
// off the cache lines. Nothing is zeroed in advance, so clearing all costs nothing.
//
// The array has a fixed size, because a growable shared buffer is many times slower to read; when it is full its content
// moves to one twice as large. `prepareInsert()` does that once, before an insert begins, so that `words` does not
// change under the insert's hands.

import { assert } from '@varve/base';
import { NODE_256, NODE_CAPACITIES, NODE_WORD_COUNTS, SAMPLE_KEY_WORD } from './layout.js';

const WORD_SIZE_BYTES = 4;
const CACHE_LINE_WORD_COUNT = 16;

/** Words that are never handed out, so that 0 can mean "nothing". The first two stay 0: an empty slot. */
const RESERVED_WORD_COUNT = CACHE_LINE_WORD_COUNT;

/** Size of the block that holds the slot of one keyspace's root. */
const ROOT_WORD_COUNT = CACHE_LINE_WORD_COUNT;

/** Records of versions are cut from blocks of this size. */
const SLAB_WORD_COUNT = 8 * CACHE_LINE_WORD_COUNT;

/** The most words one insert can take: a root, two slabs, a node that is split and the largest one that is grown. */
const INSERT_WORD_COUNT_MAX =
  ROOT_WORD_COUNT + 2 * SLAB_WORD_COUNT + 2 * NODE_WORD_COUNTS[NODE_256];

/** What an insert takes of it on average, with room to spare: a record, and its share of nodes. */
const INSERT_WORD_COUNT = 32;

/** Smallest size of the array: one insert fits. */
const INDEX_SIZE_BYTES_MIN = (RESERVED_WORD_COUNT + INSERT_WORD_COUNT_MAX) * WORD_SIZE_BYTES;

/** Largest size of the array. Words then fit in 31 bits with room to spare. */
const INDEX_SIZE_BYTES_MAX = 2 ** 31;

/** The size nearest to `wantedSizeBytes` that the array can have. */
export function indexSizeBytesFor(wantedSizeBytes: number): number {
  const wholeWords = Math.ceil(wantedSizeBytes / WORD_SIZE_BYTES) * WORD_SIZE_BYTES;
  return Math.min(Math.max(wholeWords, INDEX_SIZE_BYTES_MIN), INDEX_SIZE_BYTES_MAX);
}

/** Owns the array of a radix tree. */
export class RadixMemory {
  /** The array. Another object after {@link prepareInsert}: readers fetch it anew for every operation. */
  words: Int32Array<SharedArrayBuffer>;
  #usedWordCount: number;
  /** First free node of each kind, the next in its second word; 0 ends the list. */
  readonly #freeNodes = NODE_CAPACITIES.map(() => 0);
  #slabNext = 0;
  #slabEnd = 0;

  /** Takes `buffer`, whose first `usedSizeBytes` hold a tree, if they are not 0. */
  constructor(buffer: SharedArrayBuffer, usedSizeBytes: number) {
    assert(buffer.byteLength >= INDEX_SIZE_BYTES_MIN, 'index buffer is too small');
    assert(buffer.byteLength % WORD_SIZE_BYTES === 0, 'index buffer must hold whole words');
    this.words = new Int32Array(buffer);
    this.#usedWordCount = Math.max(usedSizeBytes / WORD_SIZE_BYTES, RESERVED_WORD_COUNT);
  }

  /** Bytes handed out, free nodes included. */
  get usedSizeBytes(): number {
    return this.#usedWordCount * WORD_SIZE_BYTES;
  }

  /** Forgets all that was handed out; keeps the array. */
  clear(): void {
    this.#usedWordCount = RESERVED_WORD_COUNT;
    this.#freeNodes.fill(0);
    this.#slabNext = 0;
    this.#slabEnd = 0;
  }

  /**
   * Makes room for what so many inserts take usually. Throws `RangeError`, with nothing changed, when there is no memory.
   */
  reserve(insertCount: number): void {
    const wantedWordCount = INSERT_WORD_COUNT_MAX + insertCount * INSERT_WORD_COUNT;
    while (
      this.words.length - this.#usedWordCount < wantedWordCount &&
      this.words.byteLength < INDEX_SIZE_BYTES_MAX
    ) {
      this.#grow();
    }
  }

  /** Makes room for one insert: `words` stays the same until the next call. Throws as `reserve`. */
  prepareInsert(): void {
    if (this.words.length - this.#usedWordCount < INSERT_WORD_COUNT_MAX) this.#grow();
  }

  /** Hands out an empty slot for a root. */
  allocateRoot(): number {
    const slot = this.#take(ROOT_WORD_COUNT);
    this.words[slot] = 0;
    return slot;
  }

  /** Hands out a record of a version; its words hold anything. */
  allocateRecord(wordCount: number): number {
    if (this.#slabEnd - this.#slabNext < wordCount) {
      this.#slabNext = this.#take(SLAB_WORD_COUNT);
      this.#slabEnd = this.#slabNext + SLAB_WORD_COUNT;
    }
    const record = this.#slabNext;
    this.#slabNext = record + wordCount;
    return record;
  }

  /** Hands out a node of `kind`, all its words 0. */
  allocateNode(kind: number): number {
    const wordCount = NODE_WORD_COUNTS[kind];
    let node = this.#freeNodes[kind];
    if (node === 0) node = this.#take(wordCount);
    else this.#freeNodes[kind] = this.words[node + SAMPLE_KEY_WORD];
    const end = node + wordCount;
    for (let word = node; word < end; word++) this.words[word] = 0;
    return node;
  }

  /** Takes back a node of `kind` that nothing refers to any more. */
  freeNode(kind: number, node: number): void {
    this.words[node + SAMPLE_KEY_WORD] = this.#freeNodes[kind];
    this.#freeNodes[kind] = node;
  }

  #take(wordCount: number): number {
    const start = this.#usedWordCount;
    this.#usedWordCount = start + wordCount;
    return start;
  }

  #grow(): void {
    const sizeBytes = Math.min(this.words.byteLength * 2, INDEX_SIZE_BYTES_MAX);
    assert(sizeBytes > this.words.byteLength, 'index is full: freeze the memtable before that');
    const larger = new Int32Array(new SharedArrayBuffer(sizeBytes));
    larger.set(this.words.subarray(0, this.#usedWordCount));
    this.words = larger;
  }
}
