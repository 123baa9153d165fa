import { createRandom, EntryKind, initializeChecksums, type StorageError } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TableProperties } from './table-properties.js';
import { encodeProperties } from './table-properties.js';
import { TableWriter } from './table-writer.js';
import { type Entry, randomEntries } from './testing/entries.js';
import { contentsOf, forgeFirstBlock, forgeTable } from './testing/forgery.js';
import {
  ascii,
  BytesFile,
  buildTable,
  openTable,
  TEST_IDENTITY,
  TEST_PATH,
} from './testing/tables.js';
import { findTableDamage, verifyTable } from './verify-table.js';

beforeAll(initializeChecksums);

/** b, d, f and so on with values of 4 bytes: 3 per block. */
const ENTRIES: Entry[] = ['b', 'd', 'f', 'h', 'j', 'l', 'n'].map((key, index) => ({
  key: ascii(key),
  value: ascii(`val${index}`),
  sequence: 9,
  kind: EntryKind.put,
}));
const OPTIONS = { blockSizeBytes: 16 + 2 * 2 + 3 * 6 };

function build(): Uint8Array {
  return buildTable(ENTRIES, OPTIONS).bytes;
}

/** What both forms of verification say of a damaged table: the first damage, and all of it. */
function damageOf(bytes: Uint8Array): StorageError[] {
  const found = findTableDamage(openTable(bytes));
  expect(found.length).toBeGreaterThan(0);
  expect(() => verifyTable(openTable(bytes))).toThrow(found[0].message);
  for (const damage of found) {
    expect(damage).toMatchObject({ code: 'CORRUPTION', file: TEST_PATH });
  }
  return found;
}

function wheres(found: readonly StorageError[]): (string | undefined)[] {
  return found.map(({ where }) => where);
}

describe('verifyTable', () => {
  test.each(['none', 'lz4'] as const)('gives the statistics of the writer, codec %s', (codec) => {
    const random = createRandom(1);
    for (let round = 0; round < 20; round++) {
      const entries = randomEntries(random, {
        entryCount: 1 + random.below(300),
        keyCount: 1 + random.below(100),
        valueSizeBytesMax: 60,
        sequenceSpan: round % 2 === 0 ? 100 : 2 ** 50,
      });
      const { bytes, summary } = buildTable(entries, { blockSizeBytes: 150, codec });
      const { fileNumber, tableId, sizeBytes, ...statistics } = summary;
      expect(verifyTable(openTable(bytes))).toEqual(statistics);
      expect(findTableDamage(openTable(bytes))).toEqual([]);
    }
  });

  test('reports progress block by block', () => {
    const progress: number[] = [];
    verifyTable(openTable(build()), { onProgress: (count) => progress.push(count) });
    expect(progress).toEqual([1, 2, 3]);
  });

  test('finds every damaged block and the damaged filter', () => {
    const bytes = build();
    const reader = openTable(bytes);
    bytes[reader.storedOffset(0) + 20] ^= 1;
    bytes[reader.storedOffset(2) + 20] ^= 1;
    bytes[reader.storedOffset(2) + reader.storedLength(2) + 30] ^= 1;
    const found = damageOf(bytes);
    expect(wheres(found)).toEqual(['sst.filter', 'sst.data', 'sst.data']);
    expect(found.slice(1).map(({ offset }) => offset)).toEqual([0, reader.storedOffset(2)]);
  });

  // From here on checksums are right: only a faulty writer or a forger makes such tables.

  /**
   * Offsets in the content of the first block: 3 entries, fingerprints, two ends of 2 bytes, no sequences
   * or kinds.
   */
  const FINGERPRINTS = 16;
  const KEYS = FINGERPRINTS + 3 + 2 * 2;

  test.each([
    ['keys out of order', (content: Uint8Array) => content.set(ascii('dbf'), KEYS)],
    ['one entry twice', (content: Uint8Array) => content.set(ascii('bbf'), KEYS)],
  ])('T8: finds %s', (_name, alter) => {
    const [first] = damageOf(forgeFirstBlock(build(), alter));
    expect(first).toMatchObject({ where: 'sst.data', offset: 0 });
    expect(first.message).toBe(
      `Cannot verify table ${TEST_PATH}: entry 1 of block 0 is out of order`,
    );
  });

  test('finds a fingerprint of another key, with which a lookup would miss the entry', () => {
    const forged = forgeFirstBlock(build(), (content) => {
      content[FINGERPRINTS + 1] ^= 1;
    });
    const found = damageOf(forged);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ where: 'sst.data', offset: 0 });
    expect(found[0].message).toContain('entry 1 of block 0 has the fingerprint of another key');
  });

  test('T8: finds an older version before a newer one, also across blocks', () => {
    // Version 5 of the key in the first block, 4 in the second; then made 3 and 4.
    const versions = [5, 4].map((sequence) => ({ ...ENTRIES[0], sequence }));
    const { bytes } = buildTable(versions, { blockSizeBytes: 1 });
    const forged = forgeFirstBlock(bytes, (content) => {
      content[8] = 3;
    });
    expect(damageOf(forged)[0].message).toContain('entry 0 of block 1 is out of order');
  });

  test('finds a key that the filter denies', () => {
    const filter = contentsOf(build()).filter.fill(0, 16);
    const found = damageOf(forgeTable(build(), { filter }));
    expect(wheres(found)).toEqual(['sst.filter', 'sst.filter', 'sst.filter']);
    expect(found[0].message).toContain('entry 0 of block 0 is denied');
  });

  /** Separators of the table: f, l and n, behind a count and three columns. */
  const SEPARATORS = 4 + 3 * 12;

  test.each([
    ['e', 'block 0 has keys behind its separator'],
    ['h', 'block 1 has keys before its range'],
    ['i', 'block 1 has keys before its range'],
  ])('finds a first separator %s', (separator, message) => {
    const { index } = contentsOf(build());
    expect([...index.subarray(SEPARATORS)]).toEqual([...ascii('fln')]);
    index.set(ascii(separator), SEPARATORS);
    const [first] = damageOf(forgeTable(build(), { index }));
    expect(first).toMatchObject({ where: 'sst.index' });
    expect(first.message).toContain(message);
  });

  test.each<[keyof TableProperties, Partial<TableProperties>]>([
    ['entryCount', { entryCount: 8 }],
    ['tombstoneCount', { tombstoneCount: 1 }],
    ['rawKeyBytes', { rawKeyBytes: 8 }],
    ['rawValueBytes', { rawValueBytes: 8 }],
    ['smallestSequence', { smallestSequence: 8 }],
    ['largestSequence', { largestSequence: 10 }],
    ['contentHash', { contentHash: 1 }],
    ['smallestKey', { smallestKey: ascii('a') }],
    ['largestKey', { largestKey: ascii('o') }],
  ])('finds a wrong %s in the properties', (name, wrong) => {
    const properties = encodeProperties({ ...openTable(build()).properties, ...wrong });
    const found = damageOf(forgeTable(build(), { properties }));
    expect(wheres(found)).toEqual(['sst.properties']);
    expect(found[0].message).toContain(`${name} is not`);
  });

  test('finds a value, sequence or kind that changed since it was added', () => {
    // Goal: the content hash sees what a block checksum cannot. Approach: change one field of an
    // entry.
    const { contentHash } = buildTable(ENTRIES, OPTIONS).summary;
    const hashes = [
      { value: ascii('val!') },
      { value: ascii('val') },
      { sequence: 10 },
      { sequence: 9 + 2 ** 32 },
      { key: ascii('g') },
      { kind: EntryKind.delete, value: ascii('') },
    ].map((change) => {
      const writer = new TableWriter(new BytesFile(), TEST_IDENTITY, OPTIONS);
      ENTRIES.forEach((entry, index) => {
        const { key, value, sequence, kind } = index === 2 ? { ...entry, ...change } : entry;
        writer.add(key, 0, key.length, value, 0, value.length, sequence, kind);
      });
      return writer.finish().contentHash;
    });
    expect(new Set([contentHash, ...hashes]).size).toBe(7);
  });

  test('passes on what is not damage', () => {
    const file = new BytesFile(build());
    const reader = openTable(file.bytes);
    const stop = () => {
      throw new Error('stopped by the caller');
    };
    expect(() => findTableDamage(reader, { onProgress: stop })).toThrow('stopped by the caller');
  });
});
