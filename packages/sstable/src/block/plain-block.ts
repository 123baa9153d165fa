// Reads the blocks of metadata, which are never compressed: index, properties and filter.
//
// Separate from data blocks because these are decoded once, field by field with every field
// checked, while a data block is checked as a whole and then read in place.

import { ByteReader, type CorruptionPlace } from '@varve/base';
import { CODEC_NONE } from './compression.js';
import {
  blockDamage,
  checkTrailer,
  placeSeed,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
} from './trailer.js';

/** A part of a table file, in memory. */
export interface FilePart {
  /** Memory that holds the part at `[start, end)`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Position in the file of `bytes[0]`. */
  readonly bytesOffset: number;
  readonly file: string;
  readonly where: CorruptionPlace;
  /** What the checksums of this table are seeded with: see trailer.ts. */
  readonly tableSeed: bigint;
}

/** Checks the block that `part` is, and gives a reader of its content. Throws `CORRUPTION`. */
export function openPlainBlock(part: FilePart): ByteReader {
  const { bytes, start, end, bytesOffset, file, where } = part;
  const place = { file, where, offset: bytesOffset + start };
  checkTrailer(bytes, start, end, placeSeed(part.tableSeed, place.offset), place);
  const contentEnd = end - TRAILER_SIZE_BYTES;
  if (storedCodec(bytes, end) !== CODEC_NONE) {
    throw blockDamage(place, 'a block of metadata is compressed');
  }
  if (storedContentLength(bytes, end) !== contentEnd - start) {
    throw blockDamage(place, 'content length does not match the block');
  }
  return new ByteReader(bytes, { file, where, baseOffset: bytesOffset }, start, contentEnd);
}
