// Decodes metadata from bytes that may be damaged, or were chosen by an enemy.
//
// Every read checks what remains before it touches or allocates anything, so a length field cannot
// make it do work that the bytes present do not justify, and the only error it throws is CORRUPTION
// with file and offset. It is for headers, footers and edits: the paths taken per entry read their
// integers in place.

import { assert } from './assert.js';
import type { CorruptionPlace } from './errors.js';
import { StorageError } from './errors.js';
import { readU16, readU32, readU53, readU64 } from './fixed-int.js';
import { decodeText } from './text.js';
import { readVarint, varintLength } from './varint.js';

const U32_SIZE_BYTES = 4;
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Where bytes came from, for the error that says they are damaged. */
export interface DecodeContext {
  /** Path or name of the file. */
  readonly file: string;
  /** The structure that is decoded. */
  readonly where: CorruptionPlace;
  /** Position in the file of the first byte of the buffer. Default: 0. */
  readonly baseOffset?: number;
}

/** Reads fields one after the other; each throws `CORRUPTION` if it is not there or not valid. */
export class ByteReader {
  /** Where in the buffer the next field starts. */
  offset: number;
  readonly #source: Uint8Array;
  readonly #end: number;
  readonly #context: DecodeContext;

  /** Reads `source[start, end)`, by default all of it. Requires: the range lies inside `source`. */
  constructor(source: Uint8Array, context: DecodeContext, start = 0, end = source.length) {
    assert(
      start >= 0 && start <= end && end <= source.length,
      'ByteReader: range outside its buffer',
    );
    this.offset = start;
    this.#source = source;
    this.#end = end;
    this.#context = context;
  }

  /** How many bytes have not been read. */
  get remaining(): number {
    return this.#end - this.offset;
  }

  /** Reads 1 byte. */
  u8(): number {
    return this.#source[this.#take(1)];
  }

  /** Reads 2 bytes, little-endian. */
  u16(): number {
    return readU16(this.#source, this.#take(2));
  }

  /** Reads 4 bytes, little-endian, unsigned. */
  u32(): number {
    return readU32(this.#source, this.#take(4));
  }

  /** Reads 8 bytes, little-endian, that must be a safe integer. */
  u53(): number {
    const value = readU53(this.#source, this.#take(8));
    if (value < 0) this.offset -= 8;
    return value >= 0 ? value : this.fail('number above 2^53 - 1');
  }

  /** Reads 8 bytes, little-endian, as a bigint. */
  u64(): bigint {
    return readU64(this.#source, this.#take(8));
  }

  /** Reads a varint of at most 53 bits in its shortest form. */
  varint(): number {
    const value = readVarint(this.#source, this.offset, this.#end);
    if (value < 0) this.fail('varint cut short, too large or not in its shortest form');
    this.offset += varintLength(value);
    return value;
  }

  /** Reads `length` bytes where they lie: what it gives shares its memory with the source. */
  view(length: number): Uint8Array {
    const start = this.#take(length);
    return this.#source.subarray(start, start + length);
  }

  /** Reads `length` bytes into a new buffer. */
  bytes(length: number): Uint8Array {
    const start = this.#take(length);
    const copy = new Uint8Array(length);
    copy.set(this.#source.subarray(start, start + length));
    return copy;
  }

  /**
   * Reads `count` times 4 bytes, little-endian, unsigned: where they lie, if that is at a multiple of 4 in their memory,
   * else as a copy. Mostly O(1): a table has thousands of them, and is opened by code that is seldom run and so not fast.
   */
  u32s(count: number): Uint32Array {
    const bytes = this.view(count * U32_SIZE_BYTES);
    if (!IS_LITTLE_ENDIAN) {
      return Uint32Array.from({ length: count }, (_, index) =>
        readU32(bytes, index * U32_SIZE_BYTES),
      );
    }
    const { buffer, byteOffset } = bytes.byteOffset % U32_SIZE_BYTES === 0 ? bytes : bytes.slice();
    return new Uint32Array(buffer, byteOffset, count);
  }

  /** Reads `length` bytes of strict UTF-8. */
  text(length: number): string {
    const text = decodeText(this.bytes(length));
    if (text === undefined) this.offset -= length;
    return text ?? this.fail('text is not valid UTF-8');
  }

  /** Throws `CORRUPTION` unless everything has been read. */
  expectEnd(): void {
    if (this.remaining !== 0) this.fail(`${this.remaining} bytes too many`);
  }

  /**
   * Throws `CORRUPTION` at the current position: for values that are well-formed but make no sense.
   */
  fail(reason: string): never {
    const { file, where } = this.#context;
    const offset = (this.#context.baseOffset ?? 0) + this.offset;
    const message = `Cannot decode ${where} at offset ${offset} of ${file}: ${reason}`;
    throw new StorageError('CORRUPTION', message, { file, where, offset });
  }

  /** Steps over `length` bytes and gives where they start. */
  #take(length: number): number {
    assert(
      Number.isSafeInteger(length) && length >= 0,
      'ByteReader: length must be a whole number',
    );
    if (length > this.remaining) {
      this.fail(`${length} bytes expected, ${this.remaining} left`);
    }
    const start = this.offset;
    this.offset += length;
    return start;
  }
}
