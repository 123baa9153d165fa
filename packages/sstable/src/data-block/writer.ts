// Collects the entries of one data block, column by column, and encodes them.
//
// One writer serves every block of a table: its buffers are reused, so an entry costs two copies
// and a few stores. The widths of the columns are only known once the block is complete, so entries
// are collected in the widest form first.

import { copyBytes, writeU16, writeU32, writeU53 } from '@varve/base';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  columnsSize,
  DATA_BLOCK_HEADER_SIZE_BYTES,
  ENTRY_COUNT_OFFSET,
  endWidth,
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAG_FINGERPRINTS,
  FLAG_KINDS,
  FLAGS_EQUAL_LENGTHS,
  FLAGS_OFFSET,
  fingerprintOf,
  flagsFor,
  keyEndCount,
  RESERVED_OFFSET,
  sequenceWidth,
  valueEndCount,
} from './format.js';

const ENTRY_CAPACITY = 256;
const SECTION_SIZE_BYTES = 16 * 1024;

/** A section that grew beyond this for a large entry is given back after its block. */
const RETAINED_SECTION_SIZE_BYTES_MAX = 1024 * 1024;

/** Indices into the range of sequences. */
const LOWEST = 0;
const HIGHEST = 1;

/** Builds data blocks, one after the other. */
export class DataBlockWriter {
  /** The keys of the block so far, end to end. */
  keys = new Uint8Array(SECTION_SIZE_BYTES);
  keysSizeBytes = 0;
  /** Where the last key starts in `keys`. */
  lastKeyStart = 0;
  /** The values of the block so far, end to end. */
  values = new Uint8Array(SECTION_SIZE_BYTES);
  valuesSizeBytes = 0;
  entryCount = 0;
  #fingerprints = new Uint8Array(ENTRY_CAPACITY);
  #keyEnds = new Uint32Array(ENTRY_CAPACITY);
  #valueEnds = new Uint32Array(ENTRY_CAPACITY);
  /** Float64, because a sequence has up to 53 bits. */
  #sequences = new Float64Array(ENTRY_CAPACITY);
  #kinds = new Uint8Array(ENTRY_CAPACITY);
  /** The bit with the number of every kind in the block. */
  #kindBits = 0;
  /** Of the first entry. */
  #keyLength = 0;
  #valueLength = 0;
  /** Those of the flags of equal lengths that hold. */
  #equalLengths = FLAGS_EQUAL_LENGTHS;
  /** An array and not two fields, so that storing a sequence never allocates a number. */
  readonly #sequenceRange = Float64Array.of(Infinity, -Infinity);

  /** Gives the encoded size of the block if one more entry were appended. */
  sizeWith(keyLength: number, valueLength: number, sequence: number, kind: number): number {
    const keysSizeBytes = this.keysSizeBytes + keyLength;
    const valuesSizeBytes = this.valuesSizeBytes + valueLength;
    const range = this.#sequenceRange;
    const lowest = Math.min(sequence, range[LOWEST]);
    const highest = Math.max(sequence, range[HIGHEST]);
    const kindBits = this.#kindBits | (1 << kind);
    const entryCount = this.entryCount + 1;
    const equalLengths = this.#equalLengthsWith(keyLength, valueLength);
    const flags = flagsFor(
      entryCount,
      keysSizeBytes,
      valuesSizeBytes,
      highest - lowest,
      kindBits,
      equalLengths,
    );
    const columnsSizeBytes = columnsSize(flags, entryCount);
    return DATA_BLOCK_HEADER_SIZE_BYTES + columnsSizeBytes + keysSizeBytes + valuesSizeBytes;
  }

  /** Gives the encoded size of the block. */
  get sizeBytes(): number {
    const columnsSizeBytes = columnsSize(this.#flags(), this.entryCount);
    const sectionsSizeBytes = this.keysSizeBytes + this.valuesSizeBytes;
    return DATA_BLOCK_HEADER_SIZE_BYTES + columnsSizeBytes + sectionsSizeBytes;
  }

  /**
   * Appends an entry, with the `hashKey()` of its key. Requires: it is after all others in the order
   * of entries.
   */
  append(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
    sequence: number,
    kind: number,
    hash: number,
  ): void {
    const keyTarget = this.keysSizeBytes;
    const valueTarget = this.valuesSizeBytes;
    const keysSizeBytes = keyTarget + keyEnd - keyStart;
    const valuesSizeBytes = valueTarget + valueEnd - valueStart;
    const entryIndex = this.entryCount;
    if (keysSizeBytes > this.keys.length) this.keys = grown(this.keys, keyTarget, keysSizeBytes);
    if (valuesSizeBytes > this.values.length) {
      this.values = grown(this.values, valueTarget, valuesSizeBytes);
    }
    if (entryIndex === this.#kinds.length) this.#growColumns();
    copyBytes(keyBytes, keyStart, keyEnd, this.keys, keyTarget);
    copyBytes(valueBytes, valueStart, valueEnd, this.values, valueTarget);
    this.#fingerprints[entryIndex] = fingerprintOf(hash);
    this.#keyEnds[entryIndex] = keysSizeBytes;
    this.#valueEnds[entryIndex] = valuesSizeBytes;
    this.#sequences[entryIndex] = sequence;
    this.#kinds[entryIndex] = kind;
    this.#kindBits |= 1 << kind;
    this.#equalLengths = this.#equalLengthsWith(keyEnd - keyStart, valueEnd - valueStart);
    if (entryIndex === 0) {
      this.#keyLength = keyEnd - keyStart;
      this.#valueLength = valueEnd - valueStart;
    }
    const range = this.#sequenceRange;
    if (sequence < range[LOWEST]) range[LOWEST] = sequence;
    if (sequence > range[HIGHEST]) range[HIGHEST] = sequence;
    this.lastKeyStart = keyTarget;
    this.keysSizeBytes = keysSizeBytes;
    this.valuesSizeBytes = valuesSizeBytes;
    this.entryCount = entryIndex + 1;
  }

  /** Where the first key ends in `keys`. Requires: there is one. */
  get firstKeyEnd(): number {
    return this.#keyEnds[0];
  }

  /** The sequence of the last entry. Requires: there is one. */
  get lastSequence(): number {
    return this.#sequences[this.entryCount - 1];
  }

  /** Writes the block to `target`, which has `sizeBytes` of room at `offset`, and gives its end. */
  encode(target: Uint8Array, offset: number): number {
    const entryCount = this.entryCount;
    const flags = this.#flags();
    const commonKind = (flags & FLAG_KINDS) === 0 ? this.#kinds[0] : 0;
    writeU32(target, offset + ENTRY_COUNT_OFFSET, entryCount);
    target[offset + FLAGS_OFFSET] = flags;
    target[offset + COMMON_KIND_OFFSET] = commonKind;
    target[offset + RESERVED_OFFSET] = 0;
    target[offset + RESERVED_OFFSET + 1] = 0;
    writeU53(target, offset + BASE_SEQUENCE_OFFSET, this.#sequenceRange[LOWEST]);
    let end = offset + DATA_BLOCK_HEADER_SIZE_BYTES;
    if ((flags & FLAG_FINGERPRINTS) !== 0) {
      copyBytes(this.#fingerprints, 0, entryCount, target, end);
      end += entryCount;
    }
    const width = endWidth(flags);
    end = writeEnds(target, end, this.#keyEnds, keyEndCount(flags, entryCount), width);
    end = writeEnds(target, end, this.#valueEnds, valueEndCount(flags, entryCount), width);
    end = this.#writeSequences(target, end, sequenceWidth(flags));
    if ((flags & FLAG_KINDS) !== 0) {
      copyBytes(this.#kinds, 0, entryCount, target, end);
      end += entryCount;
    }
    copyBytes(this.keys, 0, this.keysSizeBytes, target, end);
    end += this.keysSizeBytes;
    copyBytes(this.values, 0, this.valuesSizeBytes, target, end);
    return end + this.valuesSizeBytes;
  }

  /** Starts the next block. */
  clear(): void {
    this.keysSizeBytes = 0;
    this.valuesSizeBytes = 0;
    this.lastKeyStart = 0;
    this.entryCount = 0;
    this.#kindBits = 0;
    this.#equalLengths = FLAGS_EQUAL_LENGTHS;
    this.#sequenceRange[LOWEST] = Infinity;
    this.#sequenceRange[HIGHEST] = -Infinity;
    if (this.values.length > RETAINED_SECTION_SIZE_BYTES_MAX) {
      this.values = new Uint8Array(SECTION_SIZE_BYTES);
    }
  }

  #flags(): number {
    const range = this.#sequenceRange;
    const sequenceSpan = this.entryCount === 0 ? 0 : range[HIGHEST] - range[LOWEST];
    const { entryCount, keysSizeBytes, valuesSizeBytes } = this;
    return flagsFor(
      entryCount,
      keysSizeBytes,
      valuesSizeBytes,
      sequenceSpan,
      this.#kindBits,
      this.#equalLengths,
    );
  }

  /** Which flags of equal lengths hold with one more entry. */
  #equalLengthsWith(keyLength: number, valueLength: number): number {
    if (this.entryCount === 0) return FLAGS_EQUAL_LENGTHS;
    let equalLengths = this.#equalLengths;
    if (keyLength !== this.#keyLength) equalLengths &= ~FLAG_EQUAL_KEY_LENGTHS;
    if (valueLength !== this.#valueLength) equalLengths &= ~FLAG_EQUAL_VALUE_LENGTHS;
    return equalLengths;
  }

  #writeSequences(target: Uint8Array, offset: number, width: number): number {
    if (width === 0) return offset;
    const lowest = this.#sequenceRange[LOWEST];
    let end = offset;
    for (let entryIndex = 0; entryIndex < this.entryCount; entryIndex++, end += width) {
      const difference = this.#sequences[entryIndex] - lowest;
      if (width === 4) writeU32(target, end, difference);
      else writeU53(target, end, difference);
    }
    return end;
  }

  #growColumns(): void {
    const capacity = this.#kinds.length * 2;
    this.#fingerprints = copyInto(new Uint8Array(capacity), this.#fingerprints);
    this.#keyEnds = copyInto(new Uint32Array(capacity), this.#keyEnds);
    this.#valueEnds = copyInto(new Uint32Array(capacity), this.#valueEnds);
    this.#sequences = copyInto(new Float64Array(capacity), this.#sequences);
    this.#kinds = copyInto(new Uint8Array(capacity), this.#kinds);
  }
}

function writeEnds(
  target: Uint8Array,
  offset: number,
  ends: Uint32Array,
  endCount: number,
  width: number,
): number {
  let end = offset;
  for (let entryIndex = 0; entryIndex < endCount; entryIndex++, end += width) {
    if (width === 2) writeU16(target, end, ends[entryIndex]);
    else writeU32(target, end, ends[entryIndex]);
  }
  return end;
}

/**
 * A copy of `bytes[0, used)` in a buffer of at least `neededSizeBytes`, with room to grow while
 * small.
 */
function grown(bytes: Uint8Array, used: number, neededSizeBytes: number): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(
    Math.max(neededSizeBytes, Math.min(bytes.length * 2, RETAINED_SECTION_SIZE_BYTES_MAX)),
  );
  target.set(bytes.subarray(0, used));
  return target;
}

function copyInto<Column extends Uint8Array | Uint32Array | Float64Array>(
  target: Column,
  source: Column,
): Column {
  target.set(source);
  return target;
}
