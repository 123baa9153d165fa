// Integers of variable width: LEB128 of at most 53 bits.
//
//   +---+----------+     +---+-----------+
//   | 1 | bits 0-6 | ... | 0 | last bits |     1 to 8 bytes, low bits first
//   +---+----------+     +---+-----------+
//
// Every value has exactly one encoding, the shortest: a last byte of zero is refused. So
// `varintLength(value)` is also how many bytes a value took when it was read, and reading need not
// return two numbers.

/** The most bytes a varint can take: 53 bits in groups of 7. */
export const VARINT_SIZE_BYTES_MAX = 8;

/**
 * Values below this have at most 31 bits, so that bitwise operators, which are 32-bit and signed,
 * are exact.
 */
const BITWISE_LIMIT = 0x8000_0000;

/** How many of the 7 bits in the eighth byte can be set: 53 - 7 * 7. */
const LAST_BYTE_MAX = 0x0f;

/**
 * How many bytes {@link writeVarint} takes for `value`. Requires: `value` is a safe integer, not
 * negative.
 */
export function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  if (value < 0x8_0000_0000) return 5;
  if (value < 0x400_0000_0000) return 6;
  return value < 0x2_0000_0000_0000 ? 7 : 8;
}

/**
 * Writes `value` at `offset` and gives the offset after it. Requires: `value` is a safe integer,
 * not negative, and {@link varintLength} bytes are free.
 */
export function writeVarint(bytes: Uint8Array, offset: number, value: number): number {
  let rest = value;
  let position = offset;
  while (rest >= BITWISE_LIMIT) {
    bytes[position++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    bytes[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[position++] = rest;
  return position;
}

/**
 * Reads the varint at `offset`; it ended {@link varintLength} bytes later. Gives -1 if there is
 * none before `end`: cut short, above 2^53 - 1, or longer than it need be. A hot caller tests the
 * one-byte case itself first.
 */
export function readVarint(bytes: Uint8Array, offset: number, end: number): number {
  let value = 0;
  let scale = 1;
  for (let index = 0; index < VARINT_SIZE_BYTES_MAX && offset + index < end; index++) {
    const byte = bytes[offset + index];
    if (index === VARINT_SIZE_BYTES_MAX - 1 && byte > LAST_BYTE_MAX) return -1;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return byte === 0 && index > 0 ? -1 : value;
    scale *= 0x80;
  }
  return -1;
}
