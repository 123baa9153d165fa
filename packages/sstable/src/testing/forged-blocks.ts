// Bytes that look like blocks in every respect but their checksums.

import { EntryKind, writeU32 } from '@varve/base';
import {
  DATA_BLOCK_HEADER_SIZE_BYTES,
  FLAG_WIDE_ENDS,
  FLAGS_EQUAL_LENGTHS,
} from '../data-block/format.js';

/** A header of one entry, the end of its key and that of its value. */
const HEAD_SIZE_BYTES = DATA_BLOCK_HEADER_SIZE_BYTES + 4 + 4;

/** What a trailer says before its checksum: that may be anything, so the next trailer may be part of it. */
const CLAIM_SIZE_BYTES = 1 + 4;

/**
 * The first part is heads of blocks of one entry, the second part trailers that fit them one by one: every pair is about
 * half as long as the whole, and has to be hashed to be told from a block.
 */
export function forgedBlocks(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  const pairCount = Math.floor(sizeBytes / (HEAD_SIZE_BYTES + CLAIM_SIZE_BYTES));
  for (let pair = 0; pair < pairCount; pair++) {
    const start = pair * HEAD_SIZE_BYTES;
    const contentEnd = pairCount * HEAD_SIZE_BYTES + pair * CLAIM_SIZE_BYTES;
    writeHead(bytes, start, contentEnd - start);
    writeU32(bytes, contentEnd + 1, contentEnd - start);
  }
  return bytes;
}

function writeHead(bytes: Uint8Array, start: number, contentLength: number): void {
  writeU32(bytes, start, 1);
  bytes[start + 4] = FLAG_WIDE_ENDS | FLAGS_EQUAL_LENGTHS;
  bytes[start + 5] = EntryKind.put;
  writeU32(bytes, start + DATA_BLOCK_HEADER_SIZE_BYTES, contentLength - HEAD_SIZE_BYTES);
}
