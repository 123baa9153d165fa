// Reads tuples. See tuple-format.ts for the bytes.
//
// A tuple has one form only: bytes that `TupleWriter` would not make are refused, also where they
// could be understood, so that two keys which differ are never the same tuple. No recursion: arrays
// that are not finished stand on a stack.

import { undecodable } from './encoding.js';
import { copyOut, readUtf8 } from './native-bytes.js';
import {
  BIGINT_ZERO,
  DATE_MS_MAX,
  ESCAPE,
  ESCAPED_BYTE_SHIFT,
  NUMBER_SIZE_BYTES,
  readOrderedNumber,
  TUPLE_BIGINT_SIZE_BYTES_MAX,
  TUPLE_DEPTH_MAX,
  TupleTag,
} from './tuple-format.js';

/** What a tuple can hold. */
export type TupleElement =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly TupleElement[];

/** Reads one tuple. */
export class TupleReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  /** Reads `bytes[start, end)`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** Gives the elements. Throws `CORRUPTION` where these are not the bytes of a tuple. O(bytes). */
  read(): TupleElement[] {
    const outer: TupleElement[][] = [];
    let elements: TupleElement[] = [];
    while (this.#offset < this.#end) {
      const tag = this.#byte();
      if (tag === TupleTag.array) {
        if (outer.length === TUPLE_DEPTH_MAX) this.#fail('arrays are nested too deep');
        outer.push(elements);
        elements = [];
      } else if (tag === TupleTag.end) {
        const inner = elements;
        elements = outer.pop() ?? this.#fail('an array ends that has not begun');
        elements.push(inner);
      } else {
        elements.push(this.#scalar(tag));
      }
    }
    if (outer.length > 0) this.#fail('an array does not end');
    return elements;
  }

  #scalar(tag: number): TupleElement {
    switch (tag) {
      case TupleTag.null:
        return null;
      case TupleTag.false:
        return false;
      case TupleTag.true:
        return true;
      case TupleTag.number:
        return this.#number();
      case TupleTag.bigint:
        return this.#bigint();
      case TupleTag.date:
        return this.#date();
      case TupleTag.string:
        return this.#string();
      case TupleTag.bytes:
        return this.#binary();
      default:
        return this.#fail(`there is no type with the tag ${tag}`);
    }
  }

  #number(): number {
    this.#expect(NUMBER_SIZE_BYTES);
    const value = readOrderedNumber(this.#bytes, this.#offset);
    if (Number.isNaN(value) || Object.is(value, -0)) this.#fail('a number is NaN or -0');
    this.#offset += NUMBER_SIZE_BYTES;
    return value;
  }

  #date(): Date {
    const ms = this.#number();
    if (!Number.isInteger(ms) || Math.abs(ms) > DATE_MS_MAX) this.#fail('a date is out of range');
    return new Date(ms);
  }

  #bigint(): bigint {
    const distance = this.#byte() - BIGINT_ZERO;
    const size = Math.abs(distance);
    if (size > TUPLE_BIGINT_SIZE_BYTES_MAX) this.#fail('a bigint is too large');
    if (size === 0) return 0n;
    this.#expect(size);
    const flip = distance < 0 ? 0xff : 0x00;
    let digits = '0x';
    for (let index = 0; index < size; index++) {
      const byte = this.#byte() ^ flip;
      if (index === 0 && byte === 0) this.#fail('a bigint is longer than it needs to be');
      digits += byte.toString(16).padStart(2, '0');
    }
    return distance < 0 ? -BigInt(digits) : BigInt(digits);
  }

  #string(): string {
    const { bytes, start, end } = this.#unescaped();
    return readUtf8(bytes, start, end) ?? this.#fail('a string is not valid UTF-8');
  }

  #binary(): Uint8Array {
    const { bytes, start, end } = this.#unescaped();
    return bytes === this.#bytes ? copyOut(bytes, start, end) : bytes;
  }

  /**
   * Steps over the body of a string or of bytes and gives it without escapes: in place if there are
   * none.
   */
  #unescaped(): { bytes: Uint8Array; start: number; end: number } {
    const start = this.#offset;
    let escapedCount = 0;
    let byte = this.#byte();
    while (byte !== TupleTag.end) {
      if (byte === ESCAPE) {
        const escaped = this.#byte() - ESCAPED_BYTE_SHIFT;
        if (escaped < 0 || escaped > ESCAPE) this.#fail('a byte is escaped that needs no escape');
        escapedCount++;
      }
      byte = this.#byte();
    }
    const end = this.#offset - 1;
    if (escapedCount === 0) return { bytes: this.#bytes, start, end };
    const bytes = new Uint8Array(end - start - escapedCount);
    let source = start;
    for (let target = 0; target < bytes.length; target++) {
      const next = this.#bytes[source++];
      bytes[target] = next === ESCAPE ? this.#bytes[source++] - ESCAPED_BYTE_SHIFT : next;
    }
    return { bytes, start: 0, end: bytes.length };
  }

  #byte(): number {
    this.#expect(1);
    return this.#bytes[this.#offset++];
  }

  #expect(sizeBytes: number): void {
    if (sizeBytes > this.#end - this.#offset) this.#fail('the bytes end too early');
  }

  #fail(reason: string): never {
    throw undecodable('tuple', reason);
  }
}
