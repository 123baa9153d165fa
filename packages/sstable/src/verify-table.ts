// Reads a whole table and checks everything that opening it and reading single blocks leave
// unchecked: the order of entries, the index and the filter against the keys, the properties
// against the content.
//
// Used on every table before the manifest names it, on demand by db.verify(), and by salvage tools,
// which want all damage and not the first.

import {
  type CorruptionPlace,
  compareBytes,
  compareWhole,
  hashKey,
  isStorageError,
  StorageError,
  type StorageErrorDetails,
} from '@varve/base';
import { BlockBuffer } from './block-source.js';
import {
  endWidth,
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAG_FINGERPRINTS,
  FLAGS_OFFSET,
  fingerprintOf,
} from './data-block/format.js';
import {
  endAt,
  entryCountOf,
  fingerprintsOffset,
  keyEnd,
  keyEndsOffset,
  keyStart,
  keysOffset,
  kindAt,
  sequenceAt,
  valueEndsOffset,
  valueStart,
} from './data-block/reader.js';
import { DirectBlockSource } from './direct-block-source.js';
import type { TableReader } from './table-reader.js';
import {
  STATISTIC_KEYS,
  STATISTIC_NUMBERS,
  StatisticsCollector,
  type TableStatistics,
} from './table-statistics.js';

/** Options of {@link verifyTable} and {@link findTableDamage}. */
export interface VerifyOptions {
  /** Called after every data block with how many were checked. What it throws ends the check. */
  readonly onProgress?: (checkedBlockCount: number) => void;
}

/**
 * Checks every part of an open table against every other, and gives its statistics as counted.
 * Throws `CORRUPTION` at the first damage, a damaged filter included. Reads the whole file,
 * synchronously: about 0.2 µs per entry.
 */
export function verifyTable(reader: TableReader, options: VerifyOptions = {}): TableStatistics {
  const verifier = new TableVerifier(reader, (damage) => {
    throw damage;
  });
  verifier.run(options);
  return verifier.statistics.finish();
}

/** As {@link verifyTable}, but goes on behind damage and gives all of it, block by block. */
export function findTableDamage(reader: TableReader, options: VerifyOptions = {}): StorageError[] {
  const found: StorageError[] = [];
  new TableVerifier(reader, (damage) => found.push(damage)).run(options);
  return found;
}

/** The first entries of a block that a lookup would miss; -1 when there is none. */
interface Unfindable {
  /** Its fingerprint is another key's. */
  wrong: number;
  /** The filter denies it. */
  denied: number;
}

class TableVerifier {
  readonly statistics = new StatisticsCollector();
  readonly #reader: TableReader;
  readonly #report: (damage: StorageError) => void;
  readonly #source = new DirectBlockSource();
  readonly #buffer = new BlockBuffer();
  /** The last entry of the block before. Its key is `null` before the first and behind damage. */
  #lastKey: Uint8Array | null = null;
  #lastSequence = 0;

  constructor(reader: TableReader, report: (damage: StorageError) => void) {
    this.#reader = reader;
    this.#report = report;
  }

  run(options: VerifyOptions): void {
    const reader = this.#reader;
    if (reader.filterDamage !== null) this.#report(reader.filterDamage);
    let complete = true;
    for (let blockIndex = 0; blockIndex < reader.blockCount; blockIndex++) {
      if (this.#fetch(blockIndex)) this.#checkBlock(blockIndex);
      else complete = false;
      options.onProgress?.(blockIndex + 1);
    }
    if (complete) this.#checkProperties();
  }

  #fetch(blockIndex: number): boolean {
    try {
      this.#source.fetch(this.#reader, blockIndex, this.#buffer, 1);
      return true;
    } catch (error) {
      if (!isStorageError(error)) throw error;
      this.#report(error);
      this.#lastKey = null;
      return false;
    }
  }

  #checkBlock(blockIndex: number): void {
    const { bytes, length } = this.#buffer;
    const lastIndex = entryCountOf(bytes, 0) - 1;
    const firstKey = bytes.subarray(keyStart(bytes, 0, 0), keyEnd(bytes, 0, 0));
    const lastKey = bytes.slice(keyStart(bytes, 0, lastIndex), keyEnd(bytes, 0, lastIndex));
    const offset = this.#reader.storedOffset(blockIndex);
    const unordered = this.#isBehindLast(firstKey) ? this.#firstUnordered() : 0;
    if (unordered >= 0) {
      const reason = `entry ${unordered} of block ${blockIndex} is out of order`;
      this.#damage('sst.data', reason, { offset });
    }
    const { wrong, denied } = this.#addEntries();
    if (wrong >= 0) {
      const reason = `entry ${wrong} of block ${blockIndex} has the fingerprint of another key`;
      this.#damage('sst.data', reason, { offset });
    }
    if (denied >= 0) {
      this.#damage('sst.filter', `entry ${denied} of block ${blockIndex} is denied`, { offset });
    }
    this.#checkSeparators(blockIndex, firstKey, lastKey);
    this.statistics.addBlock(bytes, valueStart(bytes, 0, 0), length, firstKey, lastKey);
    this.#lastKey = lastKey;
    this.#lastSequence = sequenceAt(bytes, 0, lastIndex);
  }

  /** Checks the keys at the edges of a block against the separators on both sides. */
  #checkSeparators(blockIndex: number, firstKey: Uint8Array, lastKey: Uint8Array): void {
    const offset = this.#reader.storedOffset(blockIndex);
    if (compareWhole(lastKey, this.#reader.separator(blockIndex)) > 0) {
      this.#damage('sst.index', `block ${blockIndex} has keys behind its separator`, { offset });
    }
    if (blockIndex === 0) return;
    const order = compareWhole(this.#reader.separator(blockIndex - 1), firstKey);
    const continued = this.#lastKey === null || compareWhole(this.#lastKey, firstKey) === 0;
    if (order > 0 || (order === 0 && !continued)) {
      this.#damage('sst.index', `block ${blockIndex} has keys before its range`, { offset });
    }
  }

  /** Whether the first entry of the block is after the last one of the block before. */
  #isBehindLast(firstKey: Uint8Array): boolean {
    if (this.#lastKey === null) return true;
    const order = compareWhole(this.#lastKey, firstKey);
    return order < 0 || (order === 0 && sequenceAt(this.#buffer.bytes, 0, 0) < this.#lastSequence);
  }

  /** Gives the index of the first entry that is not after the one before it in the block, or -1. */
  #firstUnordered(): number {
    const { bytes } = this.#buffer;
    const entryCount = entryCountOf(bytes, 0);
    const flags = bytes[FLAGS_OFFSET];
    const width = endWidth(flags);
    const equalKeys = flags & FLAG_EQUAL_KEY_LENGTHS;
    const ends = keyEndsOffset(bytes, 0);
    const keys = keysOffset(bytes, 0);
    let start = keys;
    let end = keys + endAt(bytes, ends, 0, width, equalKeys);
    for (let entryIndex = 1; entryIndex < entryCount; entryIndex++) {
      const nextEnd = keys + endAt(bytes, ends, entryIndex, width, equalKeys);
      const order = compareBytes(bytes, start, end, bytes, end, nextEnd);
      if (order > 0) return entryIndex;
      if (order === 0 && sequenceAt(bytes, 0, entryIndex - 1) <= sequenceAt(bytes, 0, entryIndex)) {
        return entryIndex;
      }
      start = end;
      end = nextEnd;
    }
    return -1;
  }

  /** Takes every entry into the statistics, and gives the first one the filter denies, or -1. */
  #addEntries(): Unfindable {
    const { bytes } = this.#buffer;
    const entryCount = entryCountOf(bytes, 0);
    const flags = bytes[FLAGS_OFFSET];
    const width = endWidth(flags);
    const equalKeys = flags & FLAG_EQUAL_KEY_LENGTHS;
    const keyEnds = keyEndsOffset(bytes, 0);
    const valueEnds = valueEndsOffset(bytes, 0);
    const equalValues = flags & FLAG_EQUAL_VALUE_LENGTHS;
    const keys = keysOffset(bytes, 0);
    let start = keys;
    let valueOffset = 0;
    const fingerprints =
      (bytes[FLAGS_OFFSET] & FLAG_FINGERPRINTS) === 0 ? -1 : fingerprintsOffset(0);
    const unfindable: Unfindable = { wrong: -1, denied: -1 };
    for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
      const end = keys + endAt(bytes, keyEnds, entryIndex, width, equalKeys);
      const valueEnd = endAt(bytes, valueEnds, entryIndex, width, equalValues);
      const keyHash = hashKey(bytes, start, end);
      const isWrong =
        fingerprints >= 0 && bytes[fingerprints + entryIndex] !== fingerprintOf(keyHash);
      if (isWrong && unfindable.wrong < 0) unfindable.wrong = entryIndex;
      if (unfindable.denied < 0 && !this.#reader.mayContain(keyHash))
        unfindable.denied = entryIndex;
      const sequence = sequenceAt(bytes, 0, entryIndex);
      const kind = kindAt(bytes, 0, entryIndex);
      this.statistics.addEntry(keyHash, end - start, valueEnd - valueOffset, sequence, kind);
      start = end;
      valueOffset = valueEnd;
    }
    return unfindable;
  }

  #checkProperties(): void {
    const { properties } = this.#reader;
    const counted = this.statistics.finish();
    for (const name of STATISTIC_NUMBERS) {
      const expected = properties[name];
      const actual = counted[name];
      if (expected === actual) continue;
      this.#damage('sst.properties', `${name} is not what the entries add up to`, {
        expected,
        actual,
      });
    }
    for (const name of STATISTIC_KEYS) {
      if (compareWhole(properties[name], counted[name]) === 0) continue;
      this.#damage('sst.properties', `${name} is not a key at that end`);
    }
  }

  #damage(where: CorruptionPlace, reason: string, details: StorageErrorDetails = {}): void {
    const file = this.#reader.path;
    const message = `Cannot verify table ${file}: ${reason}`;
    this.#report(new StorageError('CORRUPTION', message, { ...details, file, where }));
  }
}
