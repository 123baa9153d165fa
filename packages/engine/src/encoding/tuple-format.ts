// The bytes of a tuple. See docs/format/tuple.md for the rules and a worked example.
//
// A tuple is its elements one after the other, with nothing before or after them. An element is a
// tag and, for most types, a body; the tags order the types, the bodies order values of one type,
// and no element's bytes begin another's, so unsigned bytes compare as the tuples do. Big-endian
// throughout.
//
//   null      01
//   false     02
//   true      03
//   number    04 | 8 bytes: IEEE 754 with the sign bit inverted, negative ones with all bits inverted
//   bigint    05 | 0x80 + n | n bytes of magnitude            when it is 0 or above; n is 0 for 0
//             05 | 0x80 - n | n bytes of magnitude, inverted  when it is below 0
//   Date      06 | 8 bytes: its milliseconds since 1970 as a number
//   string    07 | UTF-8, escaped | 00
//   bytes     08 | bytes, escaped | 00
//   array     09 | elements | 00
//
// Escaped: 00 becomes 01 01 and 01 becomes 01 02, so that 00 is always an end, and before
// everything else.

/** The first byte of every element, and the byte that ends the types of open length. */
export const TupleTag = {
  end: 0x00,
  null: 0x01,
  false: 0x02,
  true: 0x03,
  number: 0x04,
  bigint: 0x05,
  date: 0x06,
  string: 0x07,
  bytes: 0x08,
  array: 0x09,
} as const;

/** Stands before an escaped byte. */
export const ESCAPE = 0x01;

/** What is added to a byte that is escaped. */
export const ESCAPED_BYTE_SHIFT = 0x01;

/** Arrays inside arrays, at most. */
export const TUPLE_DEPTH_MAX = 32;

/** Bytes of magnitude of a bigint, at most: it is between -2^512 and 2^512. */
export const TUPLE_BIGINT_SIZE_BYTES_MAX = 64;

/** The byte that says a bigint is 0; its distance from there is the number of bytes that follow. */
export const BIGINT_ZERO = 0x80;

/** The farthest a Date can be from 1970. */
export const DATE_MS_MAX = 8.64e15;

/** Size of the body of a number or date. */
export const NUMBER_SIZE_BYTES = 8;

const numberView = new DataView(new ArrayBuffer(NUMBER_SIZE_BYTES));

/** Writes the body of a number at `offset`; -0 as 0. Requires: it is not NaN. */
export function writeOrderedNumber(value: number, target: Uint8Array, offset: number): void {
  numberView.setFloat64(0, value === 0 ? 0 : value);
  const flip = numberView.getUint8(0) >= 0x80 ? 0xff : 0x00;
  target[offset] = numberView.getUint8(0) ^ flip ^ (flip === 0 ? 0x80 : 0);
  for (let index = 1; index < NUMBER_SIZE_BYTES; index++) {
    target[offset + index] = numberView.getUint8(index) ^ flip;
  }
}

/**
 * Reads the body of a number at `offset`. Gives NaN, and -0, where bytes are none that
 * `writeOrderedNumber` makes.
 */
export function readOrderedNumber(bytes: Uint8Array, offset: number): number {
  const flip = bytes[offset] >= 0x80 ? 0x00 : 0xff;
  numberView.setUint8(0, bytes[offset] ^ flip ^ (flip === 0 ? 0x80 : 0));
  for (let index = 1; index < NUMBER_SIZE_BYTES; index++) {
    numberView.setUint8(index, bytes[offset + index] ^ flip);
  }
  return numberView.getFloat64(0);
}
