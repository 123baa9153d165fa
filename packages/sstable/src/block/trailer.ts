// What follows the content of every block in a table file.
//
//   +----------------+-----------+--------------------+--------------+
//   | stored content | codec (1) | content length (4) | checksum (8) |
//   +----------------+-----------+--------------------+--------------+
//
//   codec           how the content was compressed: see compression.ts
//   content length  of the content once decompressed
//   checksum        XXH64 of everything before it in the block
//
// The checksum is seeded with the table's identifier and the block's position in the file, so a
// block that was written to the wrong place, or left over from another table, fails like a damaged
// one.

import {
  type CorruptionPlace,
  checksum64,
  readU32,
  readU64,
  StorageError,
  type StorageErrorDetails,
  writeU32,
  writeU64,
} from '@varve/base';

const CODEC_SIZE_BYTES = 1;
const CONTENT_LENGTH_SIZE_BYTES = 4;
export const CHECKSUM_SIZE_BYTES = 8;

/** How much longer a stored block is than its stored content. */
export const TRAILER_SIZE_BYTES =
  CODEC_SIZE_BYTES + CONTENT_LENGTH_SIZE_BYTES + CHECKSUM_SIZE_BYTES;

/**
 * The first 64-bit prime of xxHash: odd, so that multiplying by it maps positions to seeds one to
 * one.
 */
const SEED_MULTIPLIER = 0x9e37_79b1_85eb_ca87n;

/** Where a stored block is, for the error that says it is damaged. */
export interface BlockPlace {
  readonly file: string;
  readonly where: CorruptionPlace;
  /** Position of the block in the file. */
  readonly offset: number;
}

/** Gives the error of a block that is not what was written. */
export function blockDamage(
  place: BlockPlace,
  reason: string,
  details: StorageErrorDetails = {},
): StorageError {
  const message = `Cannot read block at offset ${place.offset} of ${place.file}: ${reason}`;
  return new StorageError('CORRUPTION', message, { ...details, ...place });
}

/** Gives the error of a block that a newer version wrote: it has something unknown to this one. */
export function blockUnsupported(place: BlockPlace, what: string): StorageError {
  const { file, offset } = place;
  const message = `Cannot read block at offset ${offset} of ${file}: ${what} is unknown`;
  return new StorageError('UNSUPPORTED_FORMAT', message, { file, offset });
}

/** Gives the part of every checksum seed that one table has in common. */
export function tableSeed(tableId: Uint8Array): bigint {
  return readU64(tableId, 0);
}

/** Gives the checksum seed of what starts at `offset` of the file: a block, or the footer. */
export function placeSeed(seed: bigint, offset: number): bigint {
  return BigInt.asUintN(64, (seed ^ BigInt(offset)) * SEED_MULTIPLIER);
}

/**
 * Writes the trailer at `end`, behind the stored content `bytes[start, end)`, and gives where the
 * block ends. Requires: `TRAILER_SIZE_BYTES` free bytes at `end`.
 */
export function writeTrailer(
  bytes: Uint8Array,
  start: number,
  end: number,
  codec: number,
  contentLength: number,
  seed: bigint,
): number {
  bytes[end] = codec;
  writeU32(bytes, end + CODEC_SIZE_BYTES, contentLength);
  const checksumOffset = end + CODEC_SIZE_BYTES + CONTENT_LENGTH_SIZE_BYTES;
  writeU64(bytes, checksumOffset, checksum64(bytes, start, checksumOffset, seed));
  return checksumOffset + CHECKSUM_SIZE_BYTES;
}

/** Throws `CORRUPTION` unless the block `stored[start, end)` is what was written at this place. */
export function checkTrailer(
  stored: Uint8Array,
  start: number,
  end: number,
  seed: bigint,
  place: BlockPlace,
): void {
  const checksumOffset = end - CHECKSUM_SIZE_BYTES;
  if (checksumOffset - start < CODEC_SIZE_BYTES + CONTENT_LENGTH_SIZE_BYTES) {
    throw blockDamage(place, `${end - start} bytes cannot hold a block`);
  }
  const expected = readU64(stored, checksumOffset);
  const actual = checksum64(stored, start, checksumOffset, seed);
  if (expected !== actual) {
    throw blockDamage(place, 'checksum mismatch', {
      expected: expected.toString(16),
      actual: actual.toString(16),
    });
  }
}

/** The codec of a block that ends at `end`. Requires: its trailer was checked. */
export function storedCodec(stored: Uint8Array, end: number): number {
  return stored[end - TRAILER_SIZE_BYTES];
}

/** The content length of a block that ends at `end`. Requires: its trailer was checked. */
export function storedContentLength(stored: Uint8Array, end: number): number {
  return readU32(stored, end - TRAILER_SIZE_BYTES + CODEC_SIZE_BYTES);
}
