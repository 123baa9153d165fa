// Writes tuples into a buffer that grows. See tuple-format.ts for the bytes.

import { copyBytes } from '@varve/base';
import { describeType } from './encoding.js';
import { allocateBuffer, isBytes, lengthOf, utf8SizeBound, writeUtf8 } from './native-bytes.js';
import {
  BIGINT_ZERO,
  ESCAPE,
  ESCAPED_BYTE_SHIFT,
  NUMBER_SIZE_BYTES,
  TUPLE_BIGINT_SIZE_BYTES_MAX,
  TUPLE_DEPTH_MAX,
  TupleTag,
  writeOrderedNumber,
} from './tuple-format.js';

const INITIAL_SIZE_BYTES = 256;

/** A writer that has grown past this size is not used again. */
const KEPT_SIZE_BYTES_MAX = 65_536;

/** Holds one tuple at a time. */
export class TupleWriter {
  #bytes: Uint8Array = allocateBuffer(INITIAL_SIZE_BYTES);
  #length = 0;

  /** Size of the tuple in bytes. */
  get length(): number {
    return this.#length;
  }

  /** Whether the memory held is small enough to keep for the next tuple. */
  get isReusable(): boolean {
    return this.#bytes.length <= KEPT_SIZE_BYTES_MAX;
  }

  /**
   * Replaces what is held by `elements`. Throws TypeError or RangeError for an element that has no
   * bytes.
   */
  write(elements: readonly unknown[]): void {
    this.#length = 0;
    this.#elements(elements, 0);
  }

  /** Copies the tuple to `target` and gives the offset after it. */
  copyTo(target: Uint8Array, offset: number): number {
    copyBytes(this.#bytes, 0, this.#length, target, offset);
    return offset + this.#length;
  }

  /**
   * Writes elements inside `depth` arrays. Each is read from its array once: it may be a getter.
   */
  #elements(elements: readonly unknown[], depth: number): void {
    const count = elements.length;
    for (let index = 0; index < count; index++) this.#element(elements[index], depth);
  }

  #element(element: unknown, depth: number): void {
    if (typeof element === 'string') this.#string(element);
    else if (typeof element === 'number') this.#number(TupleTag.number, element);
    else if (element === null) this.#byte(TupleTag.null);
    else if (typeof element === 'boolean') this.#byte(element ? TupleTag.true : TupleTag.false);
    else if (typeof element === 'bigint') this.#bigint(element);
    else if (isBytes(element)) this.#binary(element);
    else if (element instanceof Date) this.#number(TupleTag.date, element.getTime());
    else if (Array.isArray(element)) this.#array(element, depth);
    else {
      throw new TypeError(
        `Cannot encode as tuple: an element has the type ${describeType(element)}`,
      );
    }
  }

  #array(elements: readonly unknown[], depth: number): void {
    if (depth === TUPLE_DEPTH_MAX) {
      throw new RangeError(`Cannot encode as tuple: nested more than ${TUPLE_DEPTH_MAX} deep`);
    }
    this.#byte(TupleTag.array);
    this.#elements(elements, depth + 1);
    this.#byte(TupleTag.end);
  }

  #number(tag: number, value: number): void {
    if (Number.isNaN(value)) {
      throw new RangeError(
        'Cannot encode as tuple: NaN and an invalid Date have no place in an order',
      );
    }
    this.#byte(tag);
    this.#reserve(NUMBER_SIZE_BYTES);
    writeOrderedNumber(value, this.#bytes, this.#length);
    this.#length += NUMBER_SIZE_BYTES;
  }

  #bigint(value: bigint): void {
    const isNegative = value < 0n;
    const digits = value === 0n ? '' : (isNegative ? -value : value).toString(16);
    const size = Math.ceil(digits.length / 2);
    if (size > TUPLE_BIGINT_SIZE_BYTES_MAX) {
      throw new RangeError('Cannot encode as tuple: a bigint has more than 512 bits');
    }
    this.#byte(TupleTag.bigint);
    this.#byte(isNegative ? BIGINT_ZERO - size : BIGINT_ZERO + size);
    const padded = digits.padStart(2 * size, '0');
    for (let index = 0; index < size; index++) {
      const byte = Number.parseInt(padded.slice(2 * index, 2 * index + 2), 16);
      this.#byte(isNegative ? byte ^ 0xff : byte);
    }
  }

  #string(text: string): void {
    this.#byte(TupleTag.string);
    this.#reserve(utf8SizeBound(text));
    const start = this.#length;
    this.#length = writeUtf8(text, this.#bytes, start);
    this.#escapeFrom(start);
    this.#byte(TupleTag.end);
  }

  #binary(bytes: Uint8Array): void {
    const size = lengthOf(bytes);
    this.#byte(TupleTag.bytes);
    this.#reserve(size);
    copyBytes(bytes, 0, size, this.#bytes, this.#length);
    const start = this.#length;
    this.#length += size;
    this.#escapeFrom(start);
    this.#byte(TupleTag.end);
  }

  /** Escapes the bytes from `start` on in place, last one first. */
  #escapeFrom(start: number): void {
    let escapedCount = 0;
    for (let offset = start; offset < this.#length; offset++) {
      if (this.#bytes[offset] <= ESCAPE) escapedCount++;
    }
    if (escapedCount === 0) return;
    this.#reserve(escapedCount);
    let source = this.#length - 1;
    this.#length += escapedCount;
    for (let target = this.#length - 1; target > source; source--) {
      const byte = this.#bytes[source];
      const isEscaped = byte <= ESCAPE;
      this.#bytes[target--] = isEscaped ? byte + ESCAPED_BYTE_SHIFT : byte;
      if (isEscaped) this.#bytes[target--] = ESCAPE;
    }
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  #reserve(sizeBytes: number): void {
    const needed = this.#length + sizeBytes;
    if (needed <= this.#bytes.length) return;
    const larger = allocateBuffer(Math.max(needed, 2 * this.#bytes.length));
    copyBytes(this.#bytes, 0, this.#length, larger, 0);
    this.#bytes = larger;
  }
}
