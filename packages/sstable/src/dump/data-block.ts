// The lines of a dump that show a data block.

import { isStorageError, readU53 } from '@varve/base';
import { CODEC_NONE } from '../block/compression.js';
import { storedCodec, TRAILER_SIZE_BYTES } from '../block/trailer.js';
import { decodeBlock, type StoredBlock } from '../data-block/decode.js';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  ENTRY_COUNT_OFFSET,
  endWidth,
  FLAGS_OFFSET,
  kindWidth,
  RESERVED_OFFSET,
  sequenceWidth,
} from '../data-block/format.js';
import {
  entryCountOf,
  keyEnd,
  keyEndsOffset,
  keyStart,
  kindsOffset,
  readEnd,
  sequenceAt,
  sequencesOffset,
  valueEnd,
  valueEndsOffset,
  valueStart,
} from '../data-block/reader.js';
import { attempt } from './attempt.js';
import { type HexDump, shownBytes } from './hex-dump.js';
import { dumpTrailer } from './trailer.js';

/** Adds a stored data block: decoded, or as it is if it is damaged. */
export function dumpDataBlock(dump: HexDump, block: StoredBlock): void {
  const { bytes, start, end } = block;
  const contentEnd = end - TRAILER_SIZE_BYTES;
  const content = attempt(() => decodeBlock(block));
  if (isStorageError(content)) {
    dump.note(content.message);
    dump.field(start, contentEnd - start, 'stored content');
    dumpTrailer(dump, bytes, contentEnd);
  } else if (storedCodec(bytes, end) === CODEC_NONE) {
    dumpContent(dump, bytes, start);
    dumpTrailer(dump, bytes, contentEnd);
  } else {
    dump.field(start, contentEnd - start, 'compressed content');
    dumpTrailer(dump, bytes, contentEnd);
    dumpContent(dump.within(content, '+'), content, 0);
  }
}

function dumpContent(dump: HexDump, block: Uint8Array, base: number): void {
  const entryCount = entryCountOf(block, base);
  const flags = block[base + FLAGS_OFFSET];
  dump.field(base + ENTRY_COUNT_OFFSET, 4, `entry count: ${entryCount}`);
  dump.field(base + FLAGS_OFFSET, 1, `flags: ${flagNames(flags)}`);
  dump.field(base + COMMON_KIND_OFFSET, 1, `common kind: ${block[base + COMMON_KIND_OFFSET]}`);
  dump.field(base + RESERVED_OFFSET, 2, 'reserved');
  const baseSequence = readU53(block, base + BASE_SEQUENCE_OFFSET);
  dump.field(base + BASE_SEQUENCE_OFFSET, 8, `base sequence: ${baseSequence}`);
  const readEndAt = (offset: number) => readEnd(block, offset, endWidth(flags));
  dump.column(keyEndsOffset(base), entryCount, endWidth(flags), 'key ends', readEndAt);
  dump.column(valueEndsOffset(block, base), entryCount, endWidth(flags), 'value ends', readEndAt);
  const sequences = sequencesOffset(block, base);
  if (sequenceWidth(flags) > 0) {
    const width = sequenceWidth(flags);
    const read = (offset: number) => sequenceAt(block, base, (offset - sequences) / width);
    dump.column(sequences, entryCount, width, 'sequences', read);
  }
  if (kindWidth(flags) > 0) {
    dump.column(kindsOffset(block, base), entryCount, 1, 'kinds', (offset) => block[offset]);
  }
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    const start = keyStart(block, base, entryIndex);
    const end = keyEnd(block, base, entryIndex);
    dump.field(start, end - start, `key ${entryIndex}: ${shownBytes(block.subarray(start, end))}`);
  }
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    const start = valueStart(block, base, entryIndex);
    const end = valueEnd(block, base, entryIndex);
    dump.field(
      start,
      end - start,
      `value ${entryIndex}: ${shownBytes(block.subarray(start, end))}`,
    );
  }
}

function flagNames(flags: number): string {
  const kinds = kindWidth(flags) > 0 ? ', kinds' : '';
  return `ends of ${endWidth(flags)} bytes, sequences of ${sequenceWidth(flags)} bytes${kinds}`;
}
