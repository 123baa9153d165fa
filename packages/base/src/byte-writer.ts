// Encodes metadata into a buffer that grows: the twin of ByteReader.
//
// For headers, footers and edits. The paths taken per entry write their integers in place.

import { assert } from './assert.js';
import { writeU16, writeU32, writeU53, writeU64 } from './fixed-int.js';
import { encodeText } from './text.js';
import { varintLength, writeVarint } from './varint.js';

const INITIAL_CAPACITY_BYTES = 256;

/**
 * Appends fields one after the other. A value outside its field's range is a bug and throws
 * `BugError`.
 */
export class ByteWriter {
  #target = new Uint8Array(INITIAL_CAPACITY_BYTES);
  #length = 0;

  /** How many bytes have been written. */
  get length(): number {
    return this.#length;
  }

  /** Writes 1 byte. */
  u8(value: number): void {
    assertUnsigned(value, 0xff);
    const offset = this.#take(1);
    this.#target[offset] = value;
  }

  /** Writes 2 bytes, little-endian. */
  u16(value: number): void {
    assertUnsigned(value, 0xffff);
    const offset = this.#take(2);
    writeU16(this.#target, offset, value);
  }

  /** Writes 4 bytes, little-endian. */
  u32(value: number): void {
    assertUnsigned(value, 0xffff_ffff);
    const offset = this.#take(4);
    writeU32(this.#target, offset, value);
  }

  /** Writes a safe integer into 8 bytes, little-endian. */
  u53(value: number): void {
    assertUnsigned(value, Number.MAX_SAFE_INTEGER);
    const offset = this.#take(8);
    writeU53(this.#target, offset, value);
  }

  /** Writes a bigint into 8 bytes, little-endian. */
  u64(value: bigint): void {
    assert(value >= 0n && value < 1n << 64n, 'ByteWriter: value outside its field');
    const offset = this.#take(8);
    writeU64(this.#target, offset, value);
  }

  /** Writes a safe integer as a varint of 1 to 8 bytes. */
  varint(value: number): void {
    assertUnsigned(value, Number.MAX_SAFE_INTEGER);
    const offset = this.#take(varintLength(value));
    writeVarint(this.#target, offset, value);
  }

  /** Writes bytes as they stand, without their length. */
  bytes(source: Uint8Array): void {
    const offset = this.#take(source.length);
    this.#target.set(source, offset);
  }

  /** Writes UTF-8 without its length, and gives how many bytes it took. */
  text(text: string): number {
    const encoded = encodeText(text);
    this.bytes(encoded);
    return encoded.length;
  }

  /**
   * Replaces 4 bytes written before, such as a length that was not known yet. Requires: they lie
   * before `length`.
   */
  patchU32(offset: number, value: number): void {
    assert(offset >= 0 && offset + 4 <= this.#length, 'ByteWriter: patch outside what is written');
    assertUnsigned(value, 0xffff_ffff);
    writeU32(this.#target, offset, value);
  }

  /** Gives a copy of everything written. */
  toBytes(): Uint8Array {
    return this.#target.slice(0, this.#length);
  }

  /** Makes room for `length` more bytes and gives where they start. */
  #take(length: number): number {
    const offset = this.#length;
    this.#length += length;
    if (this.#length > this.#target.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#target.length * 2));
      grown.set(this.#target.subarray(0, offset));
      this.#target = grown;
    }
    return offset;
  }
}

function assertUnsigned(value: number, maximum: number): void {
  assert(
    Number.isSafeInteger(value) && value >= 0 && value <= maximum,
    'ByteWriter: value outside its field',
  );
}
