// Where a block must end, by its own first bytes: every kind of content says how long it is, before anything is hashed.
//
// A kind of content fits one length only, and the trailer at that place has to say the same. Ordinary values, even those full
// of zeros and small numbers, get through this so rarely that hashing what does costs nothing.

import { EntryKind, readU16, readU32, readU53 } from '@varve/base';
import { statedFilterLength } from '@varve/bloom';
import { CODEC_NONE } from './block/compression.js';
import { storedCodec, storedContentLength, TRAILER_SIZE_BYTES } from './block/trailer.js';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  columnsSize,
  DATA_BLOCK_HEADER_SIZE_BYTES,
  endWidth,
  FLAG_KINDS,
  FLAGS_MASK,
  FLAGS_OFFSET,
  keyEndCount,
  RESERVED_OFFSET,
  SEQUENCE_WIDTH_MASK,
  valueEndCount,
} from './data-block/format.js';
import { entryCountOf, keyEndsOffset, readEnd, valueEndsOffset } from './data-block/reader.js';

/** Of the index: its block count, and a line of three numbers for each block. */
const INDEX_COUNT_SIZE_BYTES = 4;
const INDEX_LINE_SIZE_BYTES = 12;
const NUMBER_SIZE_BYTES = 4;

/** How long the content that starts at `start` has to be if it is of one kind; 0 if it is not. */
export type Shape = (bytes: Uint8Array, start: number) => number;

/** Of all kinds of content that can be told by their first bytes. */
export const SHAPES: readonly Shape[] = [dataLength, statedFilterLength, indexLength];

/** Gives where an uncompressed block of this kind that starts at `start` ends, if there is its trailer, else 0. O(1). */
export function plainEnd(bytes: Uint8Array, start: number, shape: Shape): number {
  const contentLength = shape(bytes, start);
  const end = start + contentLength + TRAILER_SIZE_BYTES;
  if (contentLength === 0 || end > bytes.length) return 0;
  const isTrailer =
    storedCodec(bytes, end) === CODEC_NONE && storedContentLength(bytes, end) === contentLength;
  return isTrailer ? end : 0;
}

/** As validate.ts checks it, but for the ends between the first and the last, and what only the kinds of a newer version break. */
function dataLength(bytes: Uint8Array, start: number): number {
  const spaceBytes = spaceBehind(bytes, start, DATA_BLOCK_HEADER_SIZE_BYTES);
  if (spaceBytes <= 0 || !isDataHeader(bytes, start)) return 0;
  const flags = bytes[start + FLAGS_OFFSET];
  const entryCount = entryCountOf(bytes, start);
  if (entryCount === 0 || entryCount > spaceBytes) return 0;
  const columnsSizeBytes = columnsSize(flags, entryCount);
  if (columnsSizeBytes > spaceBytes) return 0;
  const width = endWidth(flags);
  const keys = { offset: keyEndsOffset(bytes, start), count: keyEndCount(flags, entryCount) };
  const values = { offset: valueEndsOffset(bytes, start), count: valueEndCount(flags, entryCount) };
  const keysSizeBytes = lastEnd(bytes, keys, width) * (entryCount / keys.count);
  const valuesSizeBytes = lastEnd(bytes, values, width) * (entryCount / values.count);
  return DATA_BLOCK_HEADER_SIZE_BYTES + columnsSizeBytes + keysSizeBytes + valuesSizeBytes;
}

function isDataHeader(bytes: Uint8Array, start: number): boolean {
  const flags = bytes[start + FLAGS_OFFSET];
  if ((flags & ~FLAGS_MASK) !== 0 || readU16(bytes, start + RESERVED_OFFSET) !== 0) return false;
  const kind = bytes[start + COMMON_KIND_OFFSET];
  const isKind = kind >= EntryKind.put && kind <= EntryKind.valuePointer;
  const isKindRight = (flags & FLAG_KINDS) === 0 ? isKind : kind === 0;
  const isWidth = (flags & SEQUENCE_WIDTH_MASK) !== SEQUENCE_WIDTH_MASK;
  return isKindRight && isWidth && readU53(bytes, start + BASE_SEQUENCE_OFFSET) >= 0;
}

function lastEnd(
  bytes: Uint8Array,
  column: { readonly offset: number; readonly count: number },
  width: number,
): number {
  return readEnd(bytes, column.offset + (column.count - 1) * width, width);
}

function indexLength(bytes: Uint8Array, start: number): number {
  const spaceBytes = spaceBehind(bytes, start, INDEX_COUNT_SIZE_BYTES);
  if (spaceBytes < 0) return 0;
  const linesSizeBytes = readU32(bytes, start) * INDEX_LINE_SIZE_BYTES;
  if (linesSizeBytes === 0 || linesSizeBytes > spaceBytes) return 0;
  const linesEnd = start + INDEX_COUNT_SIZE_BYTES + linesSizeBytes;
  const separatorsSizeBytes = readU32(bytes, linesEnd - NUMBER_SIZE_BYTES);
  return INDEX_COUNT_SIZE_BYTES + linesSizeBytes + separatorsSizeBytes;
}

/** How much room there is between a header and the last trailer of the file. */
function spaceBehind(bytes: Uint8Array, start: number, headerSizeBytes: number): number {
  return bytes.length - start - headerSizeBytes - TRAILER_SIZE_BYTES;
}
