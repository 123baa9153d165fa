// What a table says about its entries as a whole, collected while they are written and, by
// verifyTable(), again while they are read back: the two must agree.
//
// The content hash covers every key, value, sequence and kind, in order, and is taken from the
// entries as they are handed over. The checksum of a block, in contrast, is taken once the block is
// encoded and compressed, so it cannot see what went wrong before.

import { assert, checksum64, EntryKind } from '@varve/base';

/** Counts and bounds of the entries of one table. */
export interface TableStatistics {
  /** How many entries there are, every version of a key and every tombstone counted. */
  readonly entryCount: number;
  /** How many of them are tombstones (kind `delete`). */
  readonly tombstoneCount: number;
  /** Total length of all keys. */
  readonly rawKeyBytes: number;
  /** Total length of all values. */
  readonly rawValueBytes: number;
  /** The first key. */
  readonly smallestKey: Uint8Array;
  /** The last key. */
  readonly largestKey: Uint8Array;
  readonly smallestSequence: number;
  readonly largestSequence: number;
  /** How many data blocks hold the entries. */
  readonly dataBlockCount: number;
  /**
   * 32-bit hash of every key, value, sequence and kind, in order; depends on where blocks are cut.
   */
  readonly contentHash: number;
}

/** The numbers of {@link TableStatistics}, in the order in which a difference is reported. */
export const STATISTIC_NUMBERS = [
  'entryCount',
  'tombstoneCount',
  'rawKeyBytes',
  'rawValueBytes',
  'smallestSequence',
  'largestSequence',
  'dataBlockCount',
  'contentHash',
] as const;

/** The keys of {@link TableStatistics}. */
export const STATISTIC_KEYS = ['smallestKey', 'largestKey'] as const;

/** An odd constant with its bits well spread: the golden ratio, as in xxHash. */
const HASH_MULTIPLIER = 0x9e37_79b1;
const HASH_ROTATION = 13;

/** Indices into the range of sequences. */
const SMALLEST = 0;
const LARGEST = 1;

/** Exact: a division by a power of two. */
const HIGH_WORD = 2 ** -32;

/** Collects {@link TableStatistics}. */
export class StatisticsCollector {
  #entryCount = 0;
  #tombstoneCount = 0;
  #rawKeyBytes = 0;
  #rawValueBytes = 0;
  #dataBlockCount = 0;
  #contentHash = 0;
  #smallestKey: Uint8Array = new Uint8Array(0);
  #largestKey: Uint8Array = new Uint8Array(0);
  /** An array and not two fields, so that storing a sequence never allocates a number. */
  readonly #sequenceRange = Float64Array.of(Infinity, -Infinity);

  get entryCount(): number {
    return this.#entryCount;
  }

  /** Takes in the next entry; `keyHash` is the `hashKey()` of its key. */
  addEntry(
    keyHash: number,
    keyLength: number,
    valueLength: number,
    sequence: number,
    kind: number,
  ): void {
    this.#entryCount++;
    if (kind === EntryKind.delete) this.#tombstoneCount++;
    this.#rawKeyBytes += keyLength;
    this.#rawValueBytes += valueLength;
    const range = this.#sequenceRange;
    if (sequence < range[SMALLEST]) range[SMALLEST] = sequence;
    if (sequence > range[LARGEST]) range[LARGEST] = sequence;
    // The bitwise operators of fold() take the low 32 bits of a sequence, the third fold the rest.
    let hash = fold(this.#contentHash, keyHash);
    hash = fold(hash, sequence);
    hash = fold(hash, Math.floor(sequence * HIGH_WORD) * 8 + kind);
    this.#contentHash = fold(hash, valueLength);
  }

  /**
   * Takes in a whole block, after its entries: its values, end to end, and its first and last key.
   * The keys are copied.
   */
  addBlock(
    values: Uint8Array,
    valuesStart: number,
    valuesEnd: number,
    firstKey: Uint8Array,
    lastKey: Uint8Array,
  ): void {
    const valuesHash = checksum64(values, valuesStart, valuesEnd, 0n);
    const hash = fold(this.#contentHash, Number(valuesHash & 0xffff_ffffn));
    this.#contentHash = fold(hash, Number(valuesHash >> 32n));
    if (this.#dataBlockCount === 0) this.#smallestKey = firstKey.slice();
    this.#largestKey = lastKey.slice();
    this.#dataBlockCount++;
  }

  /** Gives what was collected. Requires: at least one block. */
  finish(): TableStatistics {
    assert(this.#dataBlockCount > 0, 'StatisticsCollector: a table has at least one entry');
    return {
      entryCount: this.#entryCount,
      tombstoneCount: this.#tombstoneCount,
      rawKeyBytes: this.#rawKeyBytes,
      rawValueBytes: this.#rawValueBytes,
      smallestKey: this.#smallestKey,
      largestKey: this.#largestKey,
      smallestSequence: this.#sequenceRange[SMALLEST],
      largestSequence: this.#sequenceRange[LARGEST],
      dataBlockCount: this.#dataBlockCount,
      contentHash: this.#contentHash >>> 0,
    };
  }
}

/**
 * Folds `value` into `hash`: with either of the two fixed, the other maps to the result one to one.
 */
function fold(hash: number, value: number): number {
  const mixed = hash ^ value;
  return Math.imul((mixed << HASH_ROTATION) | (mixed >>> (32 - HASH_ROTATION)), HASH_MULTIPLIER);
}
