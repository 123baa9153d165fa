// Checks a data block once, when it is read from its file, so that reader.ts need not check
// anything.
//
// The checksum has already proved that these are the bytes somebody wrote. This proves that they
// cannot lead a reader out of the block, whoever wrote them. The order of keys is not checked: a
// wrong order gives wrong answers but no access outside the block, and verifyTable() finds it.

import {
  EntryKind,
  MAX_KEY_SIZE_BYTES,
  MAX_SEQUENCE,
  readU16,
  readU32,
  readU53,
} from '@varve/base';
import { type BlockPlace, blockDamage, blockUnsupported } from '../block/trailer.js';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  columnsSize,
  DATA_BLOCK_HEADER_SIZE_BYTES,
  endWidth,
  FLAG_KINDS,
  FLAGS_EQUAL_LENGTHS,
  FLAGS_MASK,
  FLAGS_OFFSET,
  keyEndCount,
  RESERVED_OFFSET,
  sequenceWidth,
  valueEndCount,
} from './format.js';
import {
  entryCountOf,
  keyEndsOffset,
  keysOffset,
  kindsOffset,
  readEnd,
  sequencesOffset,
  valueEndsOffset,
} from './reader.js';

const SEQUENCE_WIDTH_MAX = 8;

/**
 * Throws `CORRUPTION` unless `content[start, end)` is a data block that can be read safely, and
 * `UNSUPPORTED_FORMAT` if it holds a kind of entry of a newer version. O(entries), about 4 ns each.
 */
export function validateBlock(
  content: Uint8Array,
  start: number,
  end: number,
  place: BlockPlace,
): void {
  const sectionsSizeBytes = validateHeader(content, start, end, place);
  const flags = content[start + FLAGS_OFFSET];
  const width = endWidth(flags);
  const entryCount = entryCountOf(content, start);
  const keyEnds = keyEndsOffset(content, start);
  const keyCount = keyEndCount(flags, entryCount);
  const lastKeyEnd = validateEnds(content, keyEnds, width, keyCount, MAX_KEY_SIZE_BYTES);
  const keysSizeBytes = lastKeyEnd * (entryCount / keyCount);
  if (keysSizeBytes < 0 || keysSizeBytes > sectionsSizeBytes) {
    throw blockDamage(place, 'key ends out of range');
  }
  const valueEnds = valueEndsOffset(content, start);
  const valueCount = valueEndCount(flags, entryCount);
  const lastValueEnd = validateEnds(content, valueEnds, width, valueCount, sectionsSizeBytes);
  if (lastValueEnd * (entryCount / valueCount) !== sectionsSizeBytes - keysSizeBytes) {
    throw blockDamage(place, 'value ends out of range');
  }
  validateSequences(content, start, place);
  validateKinds(content, start, place);
}

/** Checks what comes before the columns, and gives the size of what comes after them. */
function validateHeader(
  content: Uint8Array,
  start: number,
  end: number,
  place: BlockPlace,
): number {
  const spaceBytes = end - start - DATA_BLOCK_HEADER_SIZE_BYTES;
  if (spaceBytes < 0) throw blockDamage(place, 'content is shorter than a header');
  const flags = content[start + FLAGS_OFFSET];
  if ((flags & ~FLAGS_MASK) !== 0 || sequenceWidth(flags) > SEQUENCE_WIDTH_MAX) {
    throw blockDamage(place, 'flags are not valid');
  }
  if (readU16(content, start + RESERVED_OFFSET) !== 0) {
    throw blockDamage(place, 'reserved bytes are not zero');
  }
  const entryCount = entryCountOf(content, start);
  const columnsSizeBytes = columnsSize(flags, entryCount);
  // No two entries are the same, so each takes a byte somewhere: a few bytes must not pass for a billion entries.
  if (entryCount === 0 || entryCount > spaceBytes || columnsSizeBytes > spaceBytes) {
    throw blockDamage(place, 'entry count out of range');
  }
  // One entry is as long as itself: the flags that say so are set, or two blocks would mean the same.
  if (entryCount === 1 && (flags & FLAGS_EQUAL_LENGTHS) !== FLAGS_EQUAL_LENGTHS) {
    throw blockDamage(place, 'flags are not valid');
  }
  return spaceBytes - columnsSizeBytes;
}

/** Gives the last of the ends, or -1 if they descend or one range is longer than `lengthMax`. */
function validateEnds(
  content: Uint8Array,
  offset: number,
  width: number,
  entryCount: number,
  lengthMax: number,
): number {
  let previous = 0;
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    const end = readEnd(content, offset + entryIndex * width, width);
    if (end < previous || end - previous > lengthMax) return -1;
    previous = end;
  }
  return previous;
}

function validateSequences(content: Uint8Array, start: number, place: BlockPlace): void {
  const width = sequenceWidth(content[start + FLAGS_OFFSET]);
  const entryCount = entryCountOf(content, start);
  const baseSequence = readU53(content, start + BASE_SEQUENCE_OFFSET);
  let highest = 0;
  for (let entryIndex = 0; width > 0 && entryIndex < entryCount; entryIndex++) {
    const offset = sequencesOffset(content, start) + entryIndex * width;
    const difference = width === 4 ? readU32(content, offset) : readU53(content, offset);
    if (difference < 0) throw blockDamage(place, 'sequence out of range');
    if (difference > highest) highest = difference;
  }
  if (baseSequence < 0 || highest > MAX_SEQUENCE - baseSequence) {
    throw blockDamage(place, 'sequence out of range');
  }
}

function validateKinds(content: Uint8Array, start: number, place: BlockPlace): void {
  const commonKind = content[start + COMMON_KIND_OFFSET];
  if ((content[start + FLAGS_OFFSET] & FLAG_KINDS) === 0) {
    validateKind(commonKind, place);
    return;
  }
  if (commonKind !== 0) throw blockDamage(place, 'a common kind beside a column of kinds');
  const end = keysOffset(content, start);
  for (let offset = kindsOffset(content, start); offset < end; offset++) {
    validateKind(content[offset], place);
  }
}

function validateKind(kind: number, place: BlockPlace): void {
  if (kind === EntryKind.put || kind === EntryKind.delete) return;
  if (kind < EntryKind.put || kind > EntryKind.valuePointer) {
    throw blockDamage(place, 'entry kind out of range');
  }
  throw blockUnsupported(place, `entry kind ${kind}`);
}
