// Reads back a table that was just written, before anything is given up for it.
//
// Less than verifyTable() and so cheaper: what was added is at hand as the statistics of the writer, whose content hash
// covers every key, value, sequence and kind in the order in which they were added, and that order was asserted then. So
// one pass over the entries that comes to the same hash proves bytes, order and count. What a lookup needs besides, the
// fingerprint of every key, the filter and the separators, is checked in the same pass.

import { type CorruptionPlace, compareWhole, hashKey, readU32, StorageError } from '@varve/base';
import { BlockBuffer } from './block-source.js';
import {
  BASE_SEQUENCE_OFFSET,
  COMMON_KIND_OFFSET,
  endWidth,
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAG_FINGERPRINTS,
  FLAG_KINDS,
  FLAGS_OFFSET,
  fingerprintOf,
  sequenceWidth,
} from './data-block/format.js';
import {
  endAt,
  entryCountOf,
  fingerprintsOffset,
  keyEnd,
  keyEndsOffset,
  keyStart,
  keysOffset,
  kindsOffset,
  readWideNumber,
  sequencesOffset,
  valueEndsOffset,
  valuesOffset,
} from './data-block/reader.js';
import { DirectBlockSource } from './direct-block-source.js';
import type { TableReader } from './table-reader.js';
import {
  STATISTIC_KEYS,
  STATISTIC_NUMBERS,
  StatisticsCollector,
  type TableStatistics,
} from './table-statistics.js';

/** Called after every data block, so that whoever watches sees that the thread is alive. */
export type CheckProgress = () => void;

/**
 * Throws `CORRUPTION` unless the open table holds exactly what its writer was given, `written` being what that reported.
 * Reads the whole file, synchronously: about 60 % of what verifyTable() takes.
 */
export function checkWrittenTable(
  reader: TableReader,
  written: TableStatistics,
  onProgress: CheckProgress = () => {},
): void {
  if (reader.filterDamage !== null) throw reader.filterDamage;
  const statistics = new StatisticsCollector();
  const source = new DirectBlockSource();
  const buffer = new BlockBuffer();
  for (let blockIndex = 0; blockIndex < reader.blockCount; blockIndex++) {
    source.fetch(reader, blockIndex, buffer, 1);
    checkBlock(reader, blockIndex, { buffer, statistics });
    onProgress();
  }
  buffer.release();
  checkTotals(reader, written, statistics.finish());
  checkTotals(reader, written, reader.properties);
}

interface BlockCheck {
  readonly buffer: BlockBuffer;
  readonly statistics: StatisticsCollector;
}

/** Takes a block into the statistics and checks what leads to it. */
function checkBlock(reader: TableReader, blockIndex: number, check: BlockCheck): void {
  const { bytes, length } = check.buffer;
  const wrong = addEntries(reader, bytes, check.statistics);
  if (wrong >= 0)
    throw damage(reader, 'sst.filter', `a lookup misses entry ${wrong} of block ${blockIndex}`);
  const keys = keysOffset(bytes, 0);
  const last = entryCountOf(bytes, 0) - 1;
  const firstKey = bytes.subarray(keys, keyEnd(bytes, 0, 0));
  const lastKey = bytes.subarray(keyStart(bytes, 0, last), keyEnd(bytes, 0, last));
  check.statistics.addBlock(bytes, valuesOffset(bytes, 0), length, firstKey, lastKey);
  const isBefore = blockIndex > 0 && compareWhole(reader.separator(blockIndex - 1), firstKey) > 0;
  if (isBefore || compareWhole(lastKey, reader.separator(blockIndex)) > 0) {
    throw damage(reader, 'sst.index', `block ${blockIndex} has keys outside its separators`);
  }
}

/**
 * One pass: gives the first entry that its fingerprint or the filter denies, or -1. What is the same for all entries is
 * looked up once: that is half of the cost.
 */
function addEntries(
  reader: TableReader,
  bytes: Uint8Array,
  statistics: StatisticsCollector,
): number {
  const entryCount = entryCountOf(bytes, 0);
  const flags = bytes[FLAGS_OFFSET];
  const width = endWidth(flags);
  const hasFingerprints = (flags & FLAG_FINGERPRINTS) !== 0;
  const fingerprints = fingerprintsOffset(0);
  const keyEnds = keyEndsOffset(bytes, 0);
  const valueEnds = valueEndsOffset(bytes, 0);
  const equalKeys = flags & FLAG_EQUAL_KEY_LENGTHS;
  const equalValues = flags & FLAG_EQUAL_VALUE_LENGTHS;
  const sequences = sequencesOffset(bytes, 0);
  const baseSequence = readWideNumber(bytes, BASE_SEQUENCE_OFFSET);
  const numberWidth = sequenceWidth(flags);
  const kinds = (flags & FLAG_KINDS) === 0 ? -1 : kindsOffset(bytes, 0);
  const keys = keysOffset(bytes, 0);
  let start = keys;
  let valueOffset = 0;
  let denied = -1;
  for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
    const end = keys + endAt(bytes, keyEnds, entryIndex, width, equalKeys);
    const valueEnd = endAt(bytes, valueEnds, entryIndex, width, equalValues);
    const hash = hashKey(bytes, start, end);
    const isDenied = hasFingerprints && bytes[fingerprints + entryIndex] !== fingerprintOf(hash);
    if (isDenied || !reader.mayContain(hash)) denied = entryIndex;
    let sequence = baseSequence;
    if (numberWidth === 4) sequence += readU32(bytes, sequences + entryIndex * 4);
    else if (numberWidth === 8) sequence += readWideNumber(bytes, sequences + entryIndex * 8);
    const kind = kinds < 0 ? bytes[COMMON_KIND_OFFSET] : bytes[kinds + entryIndex];
    statistics.addEntry(hash, end - start, valueEnd - valueOffset, sequence, kind);
    start = end;
    valueOffset = valueEnd;
  }
  return denied;
}

function checkTotals(reader: TableReader, written: TableStatistics, read: TableStatistics): void {
  for (const name of STATISTIC_NUMBERS) {
    if (read[name] !== written[name]) throw differs(reader, name);
  }
  for (const name of STATISTIC_KEYS) {
    if (compareWhole(read[name], written[name]) !== 0) throw differs(reader, name);
  }
}

function differs(reader: TableReader, name: string): StorageError {
  return damage(reader, 'sst.data', `${name} is not that of what was added`);
}

function damage(reader: TableReader, where: CorruptionPlace, reason: string): StorageError {
  const message = `Cannot use table ${reader.path}, which was just written: ${reason}`;
  return new StorageError('CORRUPTION', message, { file: reader.path, where });
}
