/**
 * Encodes one entry straight into its final place: the arena that is both log record and memtable.
 *
 * The header of an entry holds lengths that are known only once key and value are encoded. So room is left for
 * headers as wide as those of the entry before (entries of one load are alike), key and value are written behind it, and
 * in the rare case that the guess was wrong they are moved by a byte or two.
 */
import {
  EntryKind,
  MAX_KEY_SIZE_BYTES,
  MAX_VALUE_SIZE_BYTES,
  StorageError,
  varintLength,
} from '@varve/base';
import { writeEntryHeader } from '../memtable/index.js';

/** The part of an encoding that writing needs. */
export interface ValueWriter<T> {
  /** At least as many bytes as `write` will need. */
  sizeBound(value: T): number;
  /** Writes the value at `offset` and gives the offset after it. */
  write(value: T, target: Buffer, offset: number): number;
}

/** How the keys and values of one keyspace are written. */
export interface EntryFormat<K, V> {
  readonly keyspaceId: number;
  readonly key: ValueWriter<K>;
  readonly value: ValueWriter<V>;
}

/** The longest header: kind, and three varints of at most five bytes. */
const HEADER_SIZE_BOUND_BYTES = 16;

/** A string takes at most three bytes per character, and a bound assumes that it does. */
const BOUND_PER_SIZE = 3;

/** Whatever has a larger bound is too large for certain, and is refused before memory is taken for it. */
const KEY_BOUND_MAX = BOUND_PER_SIZE * MAX_KEY_SIZE_BYTES;

/** As `KEY_BOUND_MAX`; no string has a larger bound than this, and other values have exact ones. */
const VALUE_BOUND_MAX = 1.75 * MAX_VALUE_SIZE_BYTES;

export class EntryEncoder {
  #keyLengthWidth = 1;
  #valueLengthWidth = 1;

  /** Bytes that must be free for `put`. */
  putBound<K, V>(format: EntryFormat<K, V>, key: K, value: V): number {
    const keyBound = this.deleteBound(format, key);
    const valueBound = format.value.sizeBound(value);
    if (valueBound > VALUE_BOUND_MAX) checkedValueLength(valueBound);
    return keyBound + valueBound;
  }

  /** Bytes that must be free for `del`. */
  deleteBound<K, V>(format: EntryFormat<K, V>, key: K): number {
    const keyBound = format.key.sizeBound(key);
    if (keyBound > KEY_BOUND_MAX) checkedKeyLength(keyBound);
    return HEADER_SIZE_BOUND_BYTES + keyBound;
  }

  /**
   * Writes a put at `offset` and gives the offset after it. Requires: `putBound` bytes are free.
   * @throws StorageError KEY_TOO_LARGE, VALUE_TOO_LARGE; TypeError from an encoding
   */
  put<K, V>(format: EntryFormat<K, V>, target: Buffer, offset: number, key: K, value: V): number {
    const widthsStart = offset + 1 + varintLength(format.keyspaceId);
    const keyStart = widthsStart + this.#keyLengthWidth + this.#valueLengthWidth;
    const keyEnd = format.key.write(key, target, keyStart);
    const keyLength = checkedKeyLength(keyEnd - keyStart);
    const valueEnd = format.value.write(value, target, keyEnd);
    const valueLength = checkedValueLength(valueEnd - keyEnd);
    this.#keyLengthWidth = varintLength(keyLength);
    this.#valueLengthWidth = varintLength(valueLength);
    const place = widthsStart + this.#keyLengthWidth + this.#valueLengthWidth;
    if (place !== keyStart) target.copyWithin(place, keyStart, valueEnd);
    writeEntryHeader(target, offset, EntryKind.put, format.keyspaceId, keyLength, valueLength);
    return place + keyLength + valueLength;
  }

  /**
   * Writes a delete at `offset` and gives the offset after it. Requires: `deleteBound` bytes are free.
   * @throws StorageError KEY_TOO_LARGE; TypeError from the encoding
   */
  del<K, V>(format: EntryFormat<K, V>, target: Buffer, offset: number, key: K): number {
    const widthStart = offset + 1 + varintLength(format.keyspaceId);
    const keyStart = widthStart + this.#keyLengthWidth;
    const keyEnd = format.key.write(key, target, keyStart);
    const keyLength = checkedKeyLength(keyEnd - keyStart);
    this.#keyLengthWidth = varintLength(keyLength);
    const place = widthStart + this.#keyLengthWidth;
    if (place !== keyStart) target.copyWithin(place, keyStart, keyEnd);
    writeEntryHeader(target, offset, EntryKind.delete, format.keyspaceId, keyLength, 0);
    return place + keyLength;
  }
}

function checkedKeyLength(length: number): number {
  if (length <= MAX_KEY_SIZE_BYTES) return length;
  throw new StorageError(
    'KEY_TOO_LARGE',
    `Cannot write a key of ${length} bytes: the limit is ${MAX_KEY_SIZE_BYTES}`,
  );
}

function checkedValueLength(length: number): number {
  if (length <= MAX_VALUE_SIZE_BYTES) return length;
  throw new StorageError(
    'VALUE_TOO_LARGE',
    `Cannot write a value of ${length} bytes: the limit is ${MAX_VALUE_SIZE_BYTES}`,
  );
}
