// Integers of fixed width, little-endian, read and written byte by byte at any offset.
//
// No DataView: it would be one more object per buffer, and these shifts compile to plain loads.
// Offsets must lie inside the buffer; this is not checked here. 64-bit fields come in two forms:
// u53 for numbers that JavaScript can hold exactly, u64 for checksums.

const TWO_TO_32 = 0x1_0000_0000;

/** The largest upper half of a safe integer: 2^53 - 1 has 21 bits above its lower 32. */
const U53_HIGH_MAX = 0x1f_ffff;

/** Reads 2 bytes. */
export function readU16(bytes: Uint8Array, offset: number): number {
  return bytes[offset] | (bytes[offset + 1] << 8);
}

/** Writes 2 bytes. Requires: `0 <= value < 2^16`. */
export function writeU16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
}

/** Reads 4 bytes as an unsigned number. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset] |
      (bytes[offset + 1] << 8) |
      (bytes[offset + 2] << 16) |
      (bytes[offset + 3] << 24)) >>>
    0
  );
}

/**
 * Writes 4 bytes. Requires: `0 <= value < 2^32`; a signed 32-bit number is written as its unsigned
 * twin.
 */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

/**
 * Reads 8 bytes whose top 11 bits are zero; gives -1 if they are not, since no safe integer has
 * them set.
 */
export function readU53(bytes: Uint8Array, offset: number): number {
  const high = readU32(bytes, offset + 4);
  return high > U53_HIGH_MAX ? -1 : high * TWO_TO_32 + readU32(bytes, offset);
}

/** Writes 8 bytes. Requires: `value` is a safe integer, not negative. */
export function writeU53(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, value >>> 0);
  writeU32(bytes, offset + 4, Math.floor(value / TWO_TO_32));
}

/** Reads 8 bytes as an unsigned bigint. Allocates it: for checksums, not for fields of entries. */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  return (BigInt(readU32(bytes, offset + 4)) << 32n) | BigInt(readU32(bytes, offset));
}

/** Writes 8 bytes. Requires: `0n <= value < 2n ** 64n`. */
export function writeU64(bytes: Uint8Array, offset: number, value: bigint): void {
  writeU32(bytes, offset, Number(value & 0xffff_ffffn));
  writeU32(bytes, offset + 4, Number(value >> 32n));
}
