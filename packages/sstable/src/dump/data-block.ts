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
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAGS_OFFSET,
  fingerprintWidth,
  keyEndCount,
  kindWidth,
  RESERVED_OFFSET,
  sequenceWidth,
  valueEndCount,
} from '../data-block/format.js';
import {
  entryCountOf,
  fingerprintsOffset,
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
import { HexDump, shownBytes } from './hex-dump.js';
import { dumpTrailer } from './trailer.js';

/** The lines of a stored data block: decoded, or as it is if it is damaged. */
export function* dumpDataBlock(dump: HexDump, block: StoredBlock): Generator<string, void> {
  const { bytes, start, end } = block;
  const contentEnd = end - TRAILER_SIZE_BYTES;
  const content = attempt(() => decodeBlock(block));
  if (isStorageError(content)) {
    yield dump.note(content.message);
    yield* dump.field(start, contentEnd - start, 'stored content');
    yield* dumpTrailer(dump, bytes, contentEnd);
  } else if (storedCodec(bytes, end) === CODEC_NONE) {
    yield* dumpContent(dump, bytes, start);
    yield* dumpTrailer(dump, bytes, contentEnd);
  } else {
    yield* dump.field(start, contentEnd - start, 'compressed content');
    yield* dumpTrailer(dump, bytes, contentEnd);
    yield* dumpContent(new HexDump(content, '+'), content, 0);
  }
}

function* dumpContent(dump: HexDump, block: Uint8Array, base: number): Generator<string, void> {
  const entryCount = entryCountOf(block, base);
  const flags = block[base + FLAGS_OFFSET];
  yield* dump.field(base + ENTRY_COUNT_OFFSET, 4, `entry count: ${entryCount}`);
  yield* dump.field(base + FLAGS_OFFSET, 1, `flags: ${flagNames(flags)}`);
  yield* dump.field(
    base + COMMON_KIND_OFFSET,
    1,
    `common kind: ${block[base + COMMON_KIND_OFFSET]}`,
  );
  yield* dump.field(base + RESERVED_OFFSET, 2, 'reserved');
  const baseSequence = readU53(block, base + BASE_SEQUENCE_OFFSET);
  yield* dump.field(base + BASE_SEQUENCE_OFFSET, 8, `base sequence: ${baseSequence}`);
  if (fingerprintWidth(flags) > 0) {
    const read = (offset: number) => block[offset];
    yield* dump.column(fingerprintsOffset(base), entryCount, 1, 'fingerprints', read);
  }
  const readEndAt = (offset: number) => readEnd(block, offset, endWidth(flags));
  yield* dump.column(
    keyEndsOffset(block, base),
    keyEndCount(flags, entryCount),
    endWidth(flags),
    (flags & FLAG_EQUAL_KEY_LENGTHS) === 0 ? 'key ends' : 'end of the first key',
    readEndAt,
  );
  yield* dump.column(
    valueEndsOffset(block, base),
    valueEndCount(flags, entryCount),
    endWidth(flags),
    (flags & FLAG_EQUAL_VALUE_LENGTHS) === 0 ? 'value ends' : 'end of the first value',
    readEndAt,
  );
  const sequences = sequencesOffset(block, base);
  if (sequenceWidth(flags) > 0) {
    const width = sequenceWidth(flags);
    const read = (offset: number) => sequenceAt(block, base, (offset - sequences) / width);
    yield* dump.column(sequences, entryCount, width, 'sequences', read);
  }
  if (kindWidth(flags) > 0) {
    yield* dump.column(kindsOffset(block, base), entryCount, 1, 'kinds', (offset) => block[offset]);
  }
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    const start = keyStart(block, base, entryIndex);
    const end = keyEnd(block, base, entryIndex);
    yield* dump.field(
      start,
      end - start,
      `key ${entryIndex}: ${shownBytes(block.subarray(start, end))}`,
    );
  }
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    const start = valueStart(block, base, entryIndex);
    const end = valueEnd(block, base, entryIndex);
    yield* dump.field(
      start,
      end - start,
      `value ${entryIndex}: ${shownBytes(block.subarray(start, end))}`,
    );
  }
}

function flagNames(flags: number): string {
  const kinds = kindWidth(flags) > 0 ? ', kinds' : '';
  const fingerprints = fingerprintWidth(flags) > 0 ? ', fingerprints' : '';
  const keys = (flags & FLAG_EQUAL_KEY_LENGTHS) !== 0 ? ', keys of one length' : '';
  const values = (flags & FLAG_EQUAL_VALUE_LENGTHS) !== 0 ? ', values of one length' : '';
  return `ends of ${endWidth(flags)} bytes, sequences of ${sequenceWidth(flags)} bytes${kinds}${fingerprints}${keys}${values}`;
}
