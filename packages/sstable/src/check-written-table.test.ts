// What was written wrong although every checksum is right: damage between the hand that added and the seal.

import { createRandom, EntryKind, initializeChecksums, isStorageError } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkWrittenTable } from './check-written-table.js';
import type { TableProperties } from './table-properties.js';
import { encodeProperties } from './table-properties.js';
import { type Entry, randomEntries } from './testing/entries.js';
import { contentsOf, forgeFirstBlock, forgeTable } from './testing/forgery.js';
import { ascii, buildTable, openTable } from './testing/tables.js';

beforeAll(initializeChecksums);

/** Blocks of 3 entries. */
const OPTIONS = { blockSizeBytes: 16 + 2 * 2 + 3 * 6 };

function entriesWith(change: (index: number) => Partial<Entry>): Entry[] {
  return ['b', 'd', 'f', 'h', 'j', 'l', 'n'].map((key, index) => ({
    key: ascii(key),
    value: ascii(`val${index}`),
    sequence: 9,
    kind: EntryKind.put,
    ...change(index),
  }));
}

const PLAIN = entriesWith(() => ({}));
const TABLES = {
  'one sequence and kind': PLAIN,
  'sequences of 4 bytes': entriesWith((index) => ({ sequence: 9 + index })),
  'sequences of 8 bytes': entriesWith((index) => ({ sequence: 9 + index * 2 ** 40 })),
  'mixed kinds': entriesWith((index) =>
    index % 2 === 0 ? {} : { kind: EntryKind.delete, value: ascii('') },
  ),
};

/** Whether a table is refused, which it must be with an error that is told. */
function isRefused(bytes: Uint8Array, written: Parameters<typeof checkWrittenTable>[1]): boolean {
  try {
    checkWrittenTable(openTable(bytes), written);
    return false;
  } catch (error) {
    expect(isStorageError(error)).toBe(true);
    return true;
  }
}

describe('checkWrittenTable', () => {
  test.each(['none', 'lz4'] as const)('T10: takes what was written right, codec %s', (codec) => {
    const random = createRandom(7);
    for (let round = 0; round < 20; round++) {
      const entries = randomEntries(random, {
        entryCount: 1 + random.below(300),
        keyCount: 1 + random.below(100),
        valueSizeBytesMax: 60,
        sequenceSpan: round % 2 === 0 ? 100 : 2 ** 50,
      });
      const { bytes, summary } = buildTable(entries, { blockSizeBytes: 150, codec });
      let blockCount = 0;
      checkWrittenTable(openTable(bytes), summary, () => {
        blockCount += 1;
      });
      expect(blockCount).toBe(summary.dataBlockCount);
    }
  });

  test.each(Object.entries(TABLES))(
    'T10: refuses every bit that differs in a block, with the right checksum, %s',
    (_name, entries) => {
      const { bytes, summary } = buildTable(entries, OPTIONS);
      const contentLength = openTable(bytes).contentLength(0);
      for (let bit = 0; bit < contentLength * 8; bit++) {
        const forged = forgeFirstBlock(bytes, (content) => {
          content[bit >> 3] ^= 1 << (bit & 7);
        });
        expect(isRefused(forged, summary), `bit ${bit}`).toBe(true);
      }
    },
  );

  test('T10: refuses every bit that differs anywhere in the file', () => {
    const { bytes, summary } = buildTable(PLAIN, OPTIONS);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      bytes[bit >> 3] ^= 1 << (bit & 7);
      expect(isRefused(bytes, summary), `bit ${bit}`).toBe(true);
      bytes[bit >> 3] ^= 1 << (bit & 7);
    }
  });

  test.each([
    ['another order', ['d', 'b', 'f']],
    ['one entry twice', ['b', 'b', 'f']],
  ])('T10: refuses %s', (_name, keys) => {
    const { bytes, summary } = buildTable(PLAIN, OPTIONS);
    const firstKeyOffset = 16 + 3 + 2 * 2;
    const forged = forgeFirstBlock(bytes, (content) => {
      content.set(ascii(keys.join('')), firstKeyOffset);
      for (const [index, key] of keys.entries())
        content[16 + index] = content[16 + 'bdf'.indexOf(key)];
    });
    expect(isRefused(forged, summary)).toBe(true);
  });

  test('T10: refuses a table with an entry less, and one with an entry more', () => {
    const { bytes, summary } = buildTable(PLAIN, OPTIONS);
    const less = buildTable(PLAIN.slice(0, -1), OPTIONS);
    expect(isRefused(less.bytes, summary)).toBe(true);
    expect(isRefused(bytes, less.summary)).toBe(true);
  });

  test('T10: refuses a filter that denies a key, and a separator that leads past one', () => {
    const { bytes, summary } = buildTable(PLAIN, OPTIONS);
    const filter = contentsOf(bytes).filter.fill(0, 16);
    expect(isRefused(forgeTable(bytes, { filter }), summary)).toBe(true);
    for (const separator of ['e', 'i']) {
      const { index } = contentsOf(bytes);
      index.set(ascii(separator), 4 + 3 * 12);
      expect(isRefused(forgeTable(bytes, { index }), summary), separator).toBe(true);
    }
  });

  test.each<Partial<TableProperties>>([
    { entryCount: 8 },
    { tombstoneCount: 1 },
    { rawKeyBytes: 8 },
    { rawValueBytes: 8 },
    { smallestSequence: 8 },
    { largestSequence: 10 },
    { contentHash: 1 },
    { smallestKey: ascii('a') },
    { largestKey: ascii('o') },
  ])('T10: refuses properties that say something else: %o', (wrong) => {
    const { bytes, summary } = buildTable(PLAIN, OPTIONS);
    const properties = encodeProperties({ ...openTable(bytes).properties, ...wrong });
    expect(isRefused(forgeTable(bytes, { properties }), summary)).toBe(true);
  });
});
