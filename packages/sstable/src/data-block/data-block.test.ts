import {
  compareWhole,
  createRandom,
  EntryKind,
  hashKey,
  initializeChecksums,
  isStorageError,
  MAX_SEQUENCE,
  type Random,
} from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  compareEntries,
  type Entry,
  firstNotBefore,
  isSame,
  newestVisible,
  randomEntries,
  randomKey,
} from '../testing/entries.js';
import { ascii } from '../testing/tables.js';
import {
  FLAG_EQUAL_KEY_LENGTHS,
  FLAG_EQUAL_VALUE_LENGTHS,
  FLAG_FINGERPRINTS,
  FLAG_KINDS,
  FLAG_WIDE_ENDS,
  FLAGS_OFFSET,
  sequenceWidth,
} from './format.js';
import {
  entryCountOf,
  findEntry,
  keyEnd,
  keyStart,
  kindAt,
  locateValue,
  lowerBound,
  sequenceAt,
  valueEnd,
  valueStart,
} from './reader.js';
import { validateBlock } from './validate.js';
import { DataBlockWriter } from './writer.js';

beforeAll(initializeChecksums);

const PLACE = { file: '000007.sst', where: 'sst.data', offset: 40 } as const;

/** Where the tests put a block inside a larger buffer: never at its start, as in a cache. */
const BASE = 5;

function append(writer: DataBlockWriter, { key, value, sequence, kind }: Entry): void {
  const hash = hashKey(key, 0, key.length);
  writer.append(key, 0, key.length, value, 0, value.length, sequence, kind, hash);
}

function encode(writer: DataBlockWriter): Uint8Array {
  const block = new Uint8Array(BASE + writer.sizeBytes + 3).fill(0xee);
  expect(writer.encode(block, BASE)).toBe(BASE + writer.sizeBytes);
  return block;
}

function blockOf(entries: readonly Entry[]): Uint8Array {
  const writer = new DataBlockWriter();
  for (const entry of entries) append(writer, entry);
  return encode(writer);
}

/** Where the value is, by all functions that tell. */
function valueAt(block: Uint8Array, entryIndex: number): Uint8Array {
  const place = { kind: 0, valueStart: 0, valueEnd: 0 };
  locateValue(block, BASE, entryIndex, place);
  expect(place).toEqual({
    kind: kindAt(block, BASE, entryIndex),
    valueStart: valueStart(block, BASE, entryIndex),
    valueEnd: valueEnd(block, BASE, entryIndex),
  });
  return block.slice(place.valueStart, place.valueEnd);
}

function entryAt(block: Uint8Array, entryIndex: number): Entry {
  return {
    key: block.slice(keyStart(block, BASE, entryIndex), keyEnd(block, BASE, entryIndex)),
    value: valueAt(block, entryIndex),
    sequence: sequenceAt(block, BASE, entryIndex),
    kind: kindAt(block, BASE, entryIndex),
  };
}

function entriesOf(block: Uint8Array): Entry[] {
  return Array.from({ length: entryCountOf(block, BASE) }, (_, index) => entryAt(block, index));
}

function put(key: string, value: string, sequence: number): Entry {
  return { key: ascii(key), value: ascii(value), sequence, kind: EntryKind.put };
}

/** Blocks of every combination of column widths. */
function shapes(random: Random): Entry[][] {
  const spans = [1, 1000, 2 ** 40];
  const valueSizes = [0, 30, 3000];
  return spans.flatMap((sequenceSpan) =>
    valueSizes.flatMap((valueSizeBytesMax) =>
      [2, 60].map((keyCount) =>
        randomEntries(random, {
          entryCount: 60,
          keyCount,
          valueSizeBytesMax,
          sequenceSpan,
          sequenceBase: sequenceSpan === 1 ? MAX_SEQUENCE : 77,
        }),
      ),
    ),
  );
}

describe('DataBlockWriter', () => {
  test('stores entries that read back the same, in every width of column', () => {
    const flagsSeen = new Set<number>();
    for (const entries of shapes(createRandom(1))) {
      const block = blockOf(entries);
      flagsSeen.add(block[BASE + FLAGS_OFFSET]);
      expect(entriesOf(block).every((entry, index) => isSame(entry, entries[index]))).toBe(true);
      expect(entryCountOf(block, BASE)).toBe(entries.length);
      expect(() => validateBlock(block, BASE, block.length - 3, PLACE)).not.toThrow();
      expect(block.subarray(0, BASE).every((byte) => byte === 0xee)).toBe(true);
      expect(block.subarray(-3).every((byte) => byte === 0xee)).toBe(true);
    }
    const flags = [...flagsSeen];
    expect(flags.some((bits) => (bits & FLAG_WIDE_ENDS) !== 0)).toBe(true);
    expect(flags.some((bits) => (bits & FLAG_WIDE_ENDS) === 0)).toBe(true);
    expect(flags.some((bits) => (bits & FLAG_KINDS) !== 0)).toBe(true);
    expect(flags.every((bits) => (bits & FLAG_FINGERPRINTS) !== 0)).toBe(true);
    expect(new Set(flags.map(sequenceWidth))).toEqual(new Set([0, 4, 8]));
    expect(flags.some((bits) => (bits & FLAG_EQUAL_VALUE_LENGTHS) !== 0)).toBe(true);
    expect(flags.some((bits) => (bits & FLAG_EQUAL_VALUE_LENGTHS) === 0)).toBe(true);
  });

  test('computes the size of a block with one more entry', () => {
    for (const entries of shapes(createRandom(2))) {
      const writer = new DataBlockWriter();
      for (const entry of entries) {
        const { key, value, sequence, kind } = entry;
        const predicted = writer.sizeWith(key.length, value.length, sequence, kind);
        append(writer, entry);
        expect(writer.sizeBytes).toBe(predicted);
      }
    }
  });

  test('leaves nothing of a block in the next one', () => {
    const random = createRandom(3);
    const writer = new DataBlockWriter();
    for (const entries of shapes(random)) {
      for (const entry of entries) append(writer, entry);
      expect(compareWhole(encode(writer), blockOf(entries))).toBe(0);
      writer.clear();
    }
  });

  test.each([
    [128, FLAG_FINGERPRINTS],
    [129, 0],
  ])('keeps fingerprints of %i entries: flag %i', (entryCount, flag) => {
    const entries = Array.from({ length: entryCount }, (_, index) =>
      put(`${1000 + index}`, 'v', 7),
    );
    const block = blockOf(entries);
    expect(block[BASE + FLAGS_OFFSET] & FLAG_FINGERPRINTS).toBe(flag);
    expect(entriesOf(block).every((entry, index) => isSame(entry, entries[index]))).toBe(true);
    expect(() => validateBlock(block, BASE, block.length - 3, PLACE)).not.toThrow();
    for (const [index, { key }] of entries.entries()) {
      const hash = hashKey(key, 0, key.length);
      expect(findEntry(block, BASE, key, 0, key.length, 7, hash)).toBe(index);
    }
  });

  test.each([
    ['of one length', ['aa', 'bb', 'cc'], ['1', '2', '3'], 0b11, 2 + 2],
    ['and keys of several lengths', ['a', 'bb', 'cc'], ['1', '2', '3'], 0b10, 6 + 2],
    ['and values of several lengths', ['aa', 'bb', 'cc'], ['1', '2', '33'], 0b01, 2 + 6],
    ['of several lengths', ['aa', 'bb', 'c'], ['11', '2', '3'], 0b00, 6 + 6],
  ])('stores one end for all keys or values %s', (_name, keys, values, equal, endsSizeBytes) => {
    const entries = keys.map((key, index) => put(key, values[index]!, 7));
    const block = blockOf(entries);
    const flags = block[BASE + FLAGS_OFFSET];
    expect(flags & FLAG_EQUAL_KEY_LENGTHS).toBe((equal & 1) === 0 ? 0 : FLAG_EQUAL_KEY_LENGTHS);
    expect(flags & FLAG_EQUAL_VALUE_LENGTHS).toBe((equal & 2) === 0 ? 0 : FLAG_EQUAL_VALUE_LENGTHS);
    const sectionsSizeBytes = [...keys, ...values].join('').length;
    expect(block.length - BASE - 3).toBe(16 + 3 + endsSizeBytes + sectionsSizeBytes);
    expect(entriesOf(block).every((entry, index) => isSame(entry, entries[index]))).toBe(true);
    for (const [index, { key }] of entries.entries()) {
      const hash = hashKey(key, 0, key.length);
      expect(findEntry(block, BASE, key, 0, key.length, 7, hash)).toBe(index);
      expect(lowerBound(block, BASE, key, 0, key.length)).toBe(index);
    }
  });

  test('gives back the memory of a large value', () => {
    const writer = new DataBlockWriter();
    const value = new Uint8Array(3_000_000).fill(7);
    append(writer, { key: ascii('k'), value, sequence: 1, kind: EntryKind.put });
    expect(compareWhole(entriesOf(encode(writer))[0].value, value)).toBe(0);
    expect(writer.values.length).toBe(3_000_000);
    writer.clear();
    expect(writer.values.length).toBeLessThan(100_000);
  });

  test.each([
    ['65535 bytes of values', 0xffff, 0],
    ['65536 bytes of values', 0x1_0000, FLAG_WIDE_ENDS],
  ])('chooses the width of ends for %s', (_name, valueSizeBytes, flag) => {
    const value = new Uint8Array(valueSizeBytes);
    const block = blockOf([{ key: ascii('k'), value, sequence: 1, kind: EntryKind.put }]);
    expect(block[BASE + FLAGS_OFFSET] & FLAG_WIDE_ENDS).toBe(flag);
    expect(entryAt(block, 0).value.length).toBe(valueSizeBytes);
  });

  test.each([
    [0, 0],
    [1, 4],
    [0xffff_ffff, 4],
    [0x1_0000_0000, 8],
    [MAX_SEQUENCE - 5, 8],
  ])('stores sequences %i apart in %i bytes', (span, width) => {
    const block = blockOf([put('a', '', 5 + span), put('b', '', 5)]);
    expect(sequenceWidth(block[BASE + FLAGS_OFFSET])).toBe(width);
    expect(sequenceAt(block, BASE, 0)).toBe(5 + span);
    expect(sequenceAt(block, BASE, 1)).toBe(5);
  });
});

describe('findEntry', () => {
  test('agrees with a linear search, for present and absent keys and every sequence', () => {
    const random = createRandom(4);
    for (let round = 0; round < 60; round++) {
      const entries = randomEntries(random, {
        entryCount: 1 + random.below(round % 10 === 0 ? 300 : 50),
        keyCount: 1 + random.below(30),
        valueSizeBytesMax: 4,
        sequenceSpan: 12,
      });
      const block = blockOf(entries);
      const keys = [
        ...entries.map(({ key }) => key),
        ...Array.from({ length: 20 }, () => randomKey(random)),
      ];
      for (const key of keys) {
        for (let sequence = 0; sequence < 13; sequence++) {
          const expected = newestVisible(entries, key, sequence);
          const hash = hashKey(key, 0, key.length);
          const actual = findEntry(block, BASE, key, 0, key.length, sequence, hash);
          if (actual !== expected) expect.fail(`${key} at ${sequence}: ${actual}, not ${expected}`);
        }
      }
    }
  });

  test('takes the key from the middle of a buffer', () => {
    const block = blockOf([put('aa', '1', 1), put('ab', '2', 1), put('b', '3', 1)]);
    const buffer = ascii('xxabxx');
    expect(findEntry(block, BASE, buffer, 2, 4, 9, hashKey(buffer, 2, 4))).toBe(1);
    expect(findEntry(block, BASE, buffer, 2, 5, 9, hashKey(buffer, 2, 5))).toBe(-1);
  });
});

describe('lowerBound', () => {
  test('agrees with a linear search', () => {
    const random = createRandom(5);
    for (let round = 0; round < 100; round++) {
      const entries = randomEntries(random, {
        entryCount: 1 + random.below(40),
        keyCount: 1 + random.below(25),
        valueSizeBytesMax: 4,
      });
      const block = blockOf(entries);
      for (let count = 0; count < 40; count++) {
        const key = randomKey(random);
        expect(lowerBound(block, BASE, key, 0, key.length)).toBe(firstNotBefore(entries, key));
      }
    }
  });
});

describe('validateBlock', () => {
  const entries = randomEntries(createRandom(6), {
    entryCount: 25,
    keyCount: 9,
    valueSizeBytesMax: 9,
  });

  /** Whether everything that is read while walking and searching the whole block lies inside it. */
  function staysInside(content: Uint8Array): boolean {
    const entryCount = entryCountOf(content, 0);
    for (let entryIndex = 0; entryIndex < entryCount; entryIndex++) {
      const keyStartsAt = keyStart(content, 0, entryIndex);
      const keyEndsAt = keyEnd(content, 0, entryIndex);
      const valueStartsAt = valueStart(content, 0, entryIndex);
      const valueEndsAt = valueEnd(content, 0, entryIndex);
      const kind = kindAt(content, 0, entryIndex);
      if (keyStartsAt > keyEndsAt || keyEndsAt > content.length) return false;
      if (valueStartsAt > valueEndsAt || valueEndsAt > content.length) return false;
      if (!Number.isSafeInteger(sequenceAt(content, 0, entryIndex))) return false;
      if (kind !== EntryKind.put && kind !== EntryKind.delete) return false;
    }
    return entries.every(({ key }) => {
      const found = lowerBound(content, 0, key, 0, key.length);
      return found >= 0 && found <= entryCount;
    });
  }

  test('lets no altered byte lead a reader out of the block', () => {
    // Goal: safety does not depend on the checksum. Approach: alter every byte in several ways.
    const content = blockOf(entries).slice(BASE, -3);
    let refused = 0;
    for (let offset = 0; offset < content.length; offset++) {
      for (const flip of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
        const altered = content.slice();
        altered[offset] ^= flip;
        try {
          validateBlock(altered, 0, altered.length, PLACE);
        } catch (error) {
          if (!isStorageError(error) || error.offset !== PLACE.offset) throw error;
          refused++;
          continue;
        }
        if (!staysInside(altered)) throw new Error(`byte ${offset} ^ ${flip} leads outside`);
      }
    }
    expect(refused).toBeGreaterThan(300);
  });

  test('refuses every truncation and every extension', () => {
    const content = blockOf(entries).slice(BASE, -3);
    for (let length = 0; length < content.length; length++) {
      expect(() => validateBlock(content, 0, length, PLACE)).toThrow(/^Cannot read block at/);
    }
    const extended = new Uint8Array(content.length + 1);
    extended.set(content);
    expect(() => validateBlock(extended, 0, extended.length, PLACE)).toThrow('value ends');
  });

  const HEADER = [2, 0, 0, 0, 0, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0];
  const COLUMNS = [1, 0, 2, 0, 1, 0, 1, 0];
  const SECTIONS = [97, 98, 120];
  const VALID = [...HEADER, ...COLUMNS, ...SECTIONS];
  const BILLION = [0, 0, 0, 64, 96, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

  /** The valid block with bytes replaced. */
  function withBytes(...replaced: [offset: number, byte: number][]): Uint8Array {
    const content = Uint8Array.from(VALID);
    for (const [offset, byte] of replaced) content[offset] = byte;
    return content;
  }

  test.each([
    ['no entries', withBytes([0, 0]), 'entry count'],
    ['one entry that is not as long as itself', withBytes([0, 1]), 'flags'],
    ['a billion entries without bytes', Uint8Array.from(BILLION), 'entry count'],
    [
      'keys of one length that are longer than the block',
      withBytes([4, 32], [16, 200]),
      'key ends',
    ],
    ['more entries than bytes', withBytes([3, 255]), 'entry count'],
    ['an unknown flag', withBytes([4, 128]), 'flags'],
    ['an impossible width', withBytes([4, 6]), 'flags'],
    ['a reserved byte', withBytes([7, 1]), 'reserved'],
    ['kind 0', withBytes([5, 0]), 'entry kind'],
    ['kind 7', withBytes([5, 7]), 'entry kind'],
    ['descending key ends', withBytes([16, 3]), 'key ends'],
    ['keys longer than the block', withBytes([18, 200]), 'key ends'],
    ['descending value ends', withBytes([20, 2]), 'value ends'],
    ['values longer than the block', withBytes([22, 200]), 'value ends'],
    ['values shorter than the block', withBytes([20, 0], [22, 0]), 'value ends'],
    ['a base sequence of more than 53 bits', withBytes([15, 1]), 'sequence'],
  ])('refuses a block with %s', (_name, content, reason) => {
    expect(() => validateBlock(content, 0, content.length, PLACE)).toThrow(reason);
  });

  test('accepts the block these are made from', () => {
    expect(() => validateBlock(withBytes(), 0, VALID.length, PLACE)).not.toThrow();
  });

  test.each([3, 4, 5, 6])('says that kind %i needs a newer version', (kind) => {
    expect(() => validateBlock(withBytes([5, kind]), 0, VALID.length, PLACE)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT', file: PLACE.file }),
    );
  });

  test('refuses sequences whose sum is beyond 53 bits', () => {
    const content = blockOf([put('a', '', MAX_SEQUENCE), put('b', '', 3)]).slice(BASE, -3);
    expect(() => validateBlock(content, 0, content.length, PLACE)).not.toThrow();
    content[8] = 4;
    expect(() => validateBlock(content, 0, content.length, PLACE)).toThrow('sequence');
  });

  test('refuses a common kind beside a column of kinds', () => {
    const content = blockOf([
      put('a', 'x', 1),
      { key: ascii('b'), value: ascii(''), sequence: 1, kind: EntryKind.delete },
    ]).slice(BASE, -3);
    content[5] = EntryKind.put;
    expect(() => validateBlock(content, 0, content.length, PLACE)).toThrow('common kind');
  });

  test('refuses a key longer than any key can be', () => {
    const content = blockOf([
      { key: new Uint8Array(65_537), value: ascii(''), sequence: 1, kind: EntryKind.put },
    ]).slice(BASE, -3);
    expect(() => validateBlock(content, 0, content.length, PLACE)).toThrow('key ends');
  });
});

test('compareEntries orders versions of a key newest first', () => {
  expect([put('b', '', 1), put('a', '', 1), put('a', '', 2)].sort(compareEntries)).toEqual([
    put('a', '', 2),
    put('a', '', 1),
    put('b', '', 1),
  ]);
});
