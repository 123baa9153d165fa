// From the stored bytes of a data block to content that can be read in place: the only way there,
// so whoever has content has it verified.

import { CODEC_NONE, decompressInto } from '../block/compression.js';
import {
  type BlockPlace,
  blockDamage,
  checkTrailer,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
} from '../block/trailer.js';
import { validateBlock } from './validate.js';

/** A stored data block in memory, and what is known about it from elsewhere. */
export interface StoredBlock {
  /** Memory that holds the block, trailer included, at `[start, end)`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** What its checksum was seeded with. */
  readonly seed: bigint;
  /** Length of its content according to the index. */
  readonly contentLength: number;
  readonly place: BlockPlace;
}

/**
 * Verifies a block and writes its content to `target` at `targetOffset`, where it needs
 * `block.contentLength` bytes. Throws `CORRUPTION`, or `UNSUPPORTED_FORMAT` for a newer version's.
 */
export function decodeBlockInto(
  block: StoredBlock,
  target: Uint8Array,
  targetOffset: number,
): void {
  const { bytes, start, end, contentLength, place } = block;
  checkStored(block);
  decompressInto(
    storedCodec(bytes, end),
    bytes,
    start,
    end - TRAILER_SIZE_BYTES,
    target,
    targetOffset,
    contentLength,
    place,
  );
  validateBlock(target, targetOffset, targetOffset + contentLength, place);
}

/**
 * Verifies a block and gives its content: in its own memory if it is not compressed. Throws as
 * above.
 */
export function decodeBlock(block: StoredBlock): Uint8Array {
  const { bytes, start, end, contentLength, place } = block;
  const storedPlain =
    end - start === contentLength + TRAILER_SIZE_BYTES && storedCodec(bytes, end) === CODEC_NONE;
  if (!storedPlain) {
    const content = new Uint8Array(contentLength);
    decodeBlockInto(block, content, 0);
    return content;
  }
  checkStored(block);
  validateBlock(bytes, start, start + contentLength, place);
  return bytes.subarray(start, start + contentLength);
}

function checkStored(block: StoredBlock): void {
  checkTrailer(block.bytes, block.start, block.end, block.seed, block.place);
  if (storedContentLength(block.bytes, block.end) !== block.contentLength) {
    throw blockDamage(block.place, 'content length differs from the index');
  }
}
