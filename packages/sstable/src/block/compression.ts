// Compressing and decompressing the content of data blocks.
//
// The codec is stored per block, not per table: a block that does not get smaller by an eighth is
// stored as it is, since reading it back without decompressing is worth more than the space. LZ4
// comes from a WebAssembly package whose memory grows and never shrinks, hence the cap on what is
// given to it.
//
// A block compressed with LZ4 starts with its content length (4 bytes), as that package writes it.
// The package allocates what those bytes say, so they are compared with the trusted length first.

import { readU32 } from '@varve/base';
import { lz4Compress, lz4Decompress } from './lz4-library.js';
import { type BlockPlace, blockDamage, blockUnsupported } from './trailer.js';

/** How the blocks of a table are compressed. `'lz4'`: fast, about half the size on text. */
export type BlockCodec = 'none' | 'lz4';

/** Codec numbers as stored. 2 is reserved for deflate. */
export const CODEC_NONE = 0;
export const CODEC_LZ4 = 1;

/** A block with more content is stored uncompressed. Part of the format: readers refuse others. */
export const COMPRESSED_CONTENT_SIZE_BYTES_MAX = 4 * 1024 * 1024;

/** One byte of LZ4 stands for at most 255 bytes of content. */
const LZ4_RATIO_MAX = 255;

const LZ4_LENGTH_SIZE_BYTES = 4;

/** How many bytes of content `storedLength` stored bytes can stand for, with any codec. */
export function contentLengthMax(storedLength: number): number {
  return Math.max(
    storedLength,
    Math.min(storedLength * LZ4_RATIO_MAX, COMPRESSED_CONTENT_SIZE_BYTES_MAX),
  );
}

/**
 * Compresses `bytes[start, end)` in place and gives the new end, or `end` when that would save less
 * than an eighth. Cost: about 2 µs per KiB.
 */
export function compressInPlace(bytes: Uint8Array, start: number, end: number): number {
  const contentLength = end - start;
  if (contentLength > COMPRESSED_CONTENT_SIZE_BYTES_MAX) return end;
  const limit = contentLength - (contentLength >>> 3);
  const length = lz4Compress(bytes, start, end, bytes, start, limit);
  return length < 0 ? end : start + length;
}

/**
 * Writes what `stored[start, end)` stands for to `target` at `targetOffset`: exactly
 * `contentLength` bytes, or it throws. Requires: the block's checksum was verified and `target` has
 * the room.
 */
export function decompressInto(
  codec: number,
  stored: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetOffset: number,
  contentLength: number,
  place: BlockPlace,
): void {
  if (codec === CODEC_NONE) {
    if (end - start !== contentLength) {
      throw blockDamage(place, 'content length does not match the block');
    }
    target.set(stored.subarray(start, end), targetOffset);
    return;
  }
  if (codec !== CODEC_LZ4) throw blockUnsupported(place, `codec ${codec}`);
  checkLz4Lengths(stored, start, end, contentLength, place);
  if (lz4Decompress(stored, start, end, target, targetOffset, contentLength) < 0) {
    throw blockDamage(place, 'compressed content is damaged');
  }
}

/** The package allocates what the first bytes say, so they are compared with what is trusted. */
function checkLz4Lengths(
  stored: Uint8Array,
  start: number,
  end: number,
  contentLength: number,
  place: BlockPlace,
): void {
  if (end - start < LZ4_LENGTH_SIZE_BYTES || readU32(stored, start) !== contentLength) {
    throw blockDamage(place, 'compressed length does not match the content length');
  }
  if (
    contentLength > contentLengthMax(end - start) ||
    contentLength > COMPRESSED_CONTENT_SIZE_BYTES_MAX
  ) {
    throw blockDamage(place, 'content length is more than the block can hold');
  }
}
