// Faults in table files: what is checked when one is read, and what filters, fingerprints and separators may leave out.

import type { Mutant } from './mutant.js';

const CORRUPTION_TESTS = ['sstable/src/table-corruption.test.ts'];
const READER_TESTS = ['sstable/src/table-reader.test.ts', ...CORRUPTION_TESTS];
const BYTES = 'base/src/bytes.ts';
const BYTES_TESTS = ['base/src/bytes.test.ts'];

/** See the head of this file. */
export const TABLE_MUTANTS: readonly Mutant[] = [
  {
    name: 'data-checksum-not-checked',
    rule: 'T1: the checksum of a data block is checked',
    file: 'sstable/src/data-block/decode.ts',
    original: 'checkTrailer(block.bytes, block.start, block.end, block.seed, block.place);',
    replacement: 'void checkTrailer;',
    tests: CORRUPTION_TESTS,
  },
  {
    name: 'index-checksum-not-checked',
    rule: 'T2: the checksum of the index and the properties is checked',
    file: 'sstable/src/block/plain-block.ts',
    original: 'checkTrailer(bytes, start, end, placeSeed(part.tableSeed, place.offset), place);',
    replacement:
      "if (where === 'sst.filter') checkTrailer(bytes, start, end, placeSeed(part.tableSeed, place.offset), place);",
    tests: CORRUPTION_TESTS,
  },
  {
    name: 'filter-checksum-not-checked',
    rule: 'T3: the checksum of the filter is checked',
    file: 'sstable/src/block/plain-block.ts',
    original: 'checkTrailer(bytes, start, end, placeSeed(part.tableSeed, place.offset), place);',
    replacement:
      "if (where !== 'sst.filter') checkTrailer(bytes, start, end, placeSeed(part.tableSeed, place.offset), place);",
    tests: CORRUPTION_TESTS,
  },
  {
    name: 'damaged-filter-says-no',
    rule: 'T3: a damaged filter says maybe',
    file: 'sstable/src/table-reader.ts',
    original: 'return this.#filter === null || this.#filter.mayContain(hash);',
    replacement: 'return this.#filter?.mayContain(hash) ?? false;',
    tests: READER_TESTS,
  },
  {
    name: 'footer-checksum-not-checked',
    rule: 'T2: the checksum of the footer is checked',
    file: 'sstable/src/footer.ts',
    original: 'if (readU64(bytes, checksumStart) !== footerChecksum(bytes, start, offset)) {',
    replacement: 'if (bytes.length === 0) {',
    tests: ['sstable/src/footer.test.ts', ...CORRUPTION_TESTS],
  },
  {
    name: 'footer-padding-not-checked',
    rule: 'B5: padding is zero',
    file: 'sstable/src/footer.ts',
    original: 'if (reader.bytes(PADDING_SIZE_BYTES).some((byte) => byte !== 0)) {',
    replacement: 'if (reader.bytes(PADDING_SIZE_BYTES).length === 0) {',
    tests: ['sstable/src/footer.test.ts', ...CORRUPTION_TESTS],
  },
  {
    name: 'table-of-another-id-accepted',
    rule: 'T5: a table is the one that the manifest names',
    file: 'sstable/src/table-reader.ts',
    original: 'if (compareWhole(footer.tableId, expected.tableId) !== 0) {',
    replacement: 'if (footer.tableId.length === 0) {',
    tests: READER_TESTS,
  },
  {
    name: 'table-size-not-checked',
    rule: 'T6: a table has the size that the manifest says',
    file: 'sstable/src/table-reader.ts',
    original: 'if (actual !== expected.sizeBytes) {',
    replacement: 'if (actual < 0) {',
    tests: READER_TESTS,
  },
  {
    name: 'short-read-accepted',
    rule: 'T7: a block that the file ends inside is damage',
    file: 'sstable/src/table-reader.ts',
    original: 'if (readLength === length) return;',
    replacement: 'if (readLength >= 0) return;',
    tests: READER_TESTS,
  },
  {
    name: 'block-valid-anywhere',
    rule: 'T5: a block is valid only where it was written',
    file: 'sstable/src/block/trailer.ts',
    original: 'return BigInt.asUintN(64, (seed ^ BigInt(offset)) * SEED_MULTIPLIER);',
    replacement: 'return BigInt.asUintN(64, (seed ^ BigInt(offset * 0)) * SEED_MULTIPLIER);',
    tests: ['sstable/src/block/trailer.test.ts', ...CORRUPTION_TESTS],
  },
  {
    name: 'disorder-written',
    rule: 'T8: a table takes entries in order only',
    file: 'sstable/src/table-writer.ts',
    original: 'order < 0 || (order === 0 && sequence < lastSequence),',
    replacement: 'order < 0 || (order === 0 && sequence < lastSequence) || true,',
    tests: ['sstable/src/table-writer.test.ts'],
  },
  {
    name: 'filter-probes-one-more',
    rule: 'T3: a filter never says no to a key that was added',
    file: 'bloom/src/bloom-reader.ts',
    original: 'let remaining = this.#probeCount; remaining > 0;',
    replacement: 'let remaining = this.#probeCount; remaining >= 0;',
    tests: ['bloom/src/bloom-writer.test.ts'],
  },
  {
    name: 'fingerprint-of-another-byte',
    rule: 'contract: a key in a block is found by its fingerprint',
    file: 'sstable/src/data-block/writer.ts',
    original: 'this.#fingerprints[entryIndex] = fingerprintOf(hash);',
    replacement: 'this.#fingerprints[entryIndex] = fingerprintOf(hash >>> 8);',
    tests: ['sstable/src/data-block/data-block.test.ts'],
  },
  {
    name: 'separator-too-short',
    rule: 'contract: a separator is not before the last key of its block',
    file: BYTES,
    original: 'if (shared + 1 < b.length) return b.slice(0, shared + 1);',
    replacement: 'if (shared + 1 < b.length) return b.slice(0, shared);',
    tests: BYTES_TESTS,
  },
  {
    name: 'separator-reaches-next-block',
    rule: 'contract: a separator is before the first key of the next block',
    file: BYTES,
    original: 'if (a[shared] + 1 < b[shared]) return raisedPrefix(a, shared);',
    replacement: 'if (a[shared] + 1 <= b[shared]) return raisedPrefix(a, shared);',
    tests: BYTES_TESTS,
  },
  {
    name: 'prefix-equals-longer-key',
    rule: 'contract: a key is before every key that it starts',
    file: BYTES,
    original: 'return aLength - bLength;',
    replacement: 'return 0 * (aLength - bLength);',
    tests: BYTES_TESTS,
  },
  {
    name: 'bytes-compared-signed',
    rule: 'contract: bytes of keys are unsigned',
    file: BYTES,
    original: 'const difference = a[aStart + index] - b[bStart + index];',
    replacement:
      'const difference = ((a[aStart + index] << 24) >> 24) - ((b[bStart + index] << 24) >> 24);',
    tests: BYTES_TESTS,
  },
];
