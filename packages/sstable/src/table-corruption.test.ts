// What a table does when its file is damaged, or was made by an enemy. The one rule: a right answer
// or a typed error that says where; never a wrong answer.

import {
  createRandom,
  hashKey,
  initializeChecksums,
  isStorageError,
  type Random,
  type StorageError,
  writeU32,
} from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { placeSeed, TRAILER_SIZE_BYTES, tableSeed, writeTrailer } from './block/trailer.js';
import { findEntry, valueEnd, valueStart } from './data-block/reader.js';
import { DirectBlockSource } from './direct-block-source.js';
import { TableCursor } from './table-cursor.js';
import type { TableReader } from './table-reader.js';
import { type Entry, randomEntries } from './testing/entries.js';
import { contentsOf, footerOf, forgeFirstBlock, forgeTable } from './testing/forgery.js';
import {
  type BuiltTable,
  buildTable,
  openTable,
  TEST_IDENTITY,
  TEST_PATH,
} from './testing/tables.js';
import { verifyTable } from './verify-table.js';

beforeAll(initializeChecksums);

const ENTRIES = randomEntries(createRandom(1), {
  entryCount: 60,
  keyCount: 40,
  valueSizeBytesMax: 12,
  sequenceSpan: 1000,
});

/** An answer, or the text of the typed error given instead of it. */
type Outcome = string | StorageError;

function attempt(action: () => string): Outcome {
  try {
    return action();
  } catch (error) {
    if (isStorageError(error)) return error;
    throw error;
  }
}

/** Looks one key up, newest version. */
function get(reader: TableReader, { key }: Entry): string {
  if (!reader.mayContain(hashKey(key, 0, key.length))) return 'denied by the filter';
  const blockIndex = reader.findBlock(key, 0, key.length);
  if (blockIndex === reader.blockCount) return 'behind the table';
  const block = new Uint8Array(reader.contentLength(blockIndex));
  reader.readBlockSync(blockIndex, block, 0);
  const found = findEntry(block, 0, key, 0, key.length, Infinity, hashKey(key, 0, key.length));
  if (found < 0) return 'not in its block';
  return block.slice(valueStart(block, 0, found), valueEnd(block, 0, found)).join();
}

function scan(reader: TableReader): string {
  const lines: string[] = [];
  const cursor = new TableCursor(reader, new DirectBlockSource());
  for (cursor.first(); cursor.valid; cursor.next()) {
    const key = cursor.keyBytes.subarray(cursor.keyOffset, cursor.keyOffset + cursor.keyLength);
    const valueStartsAt = cursor.valueOffset;
    const value = cursor.valueBytes.subarray(valueStartsAt, valueStartsAt + cursor.valueLength);
    lines.push(`${key.join()}=${value.join()}@${cursor.sequence}/${cursor.kind}`);
  }
  return lines.join('\n');
}

/** Every answer a table can give: one per entry, and the whole scan. */
function answersOf(reader: TableReader): Outcome[] {
  const lookups = ENTRIES.map((entry) => attempt(() => get(reader, entry)));
  return [...lookups, attempt(() => scan(reader))];
}

describe.each(['none', 'lz4'] as const)('a table in which bytes changed, codec %s', (codec) => {
  let table: BuiltTable;
  let answers: Outcome[];
  beforeAll(() => {
    // Small blocks hardly compress, so LZ4 gets larger ones.
    const blockSizeBytes = codec === 'none' ? 150 : 400;
    table = buildTable(ENTRIES, { codec, blockSizeBytes });
    const reader = openTable(table.bytes);
    answers = answersOf(reader);
    expect(answers.some(isStorageError)).toBe(false);
    expect(reader.blockCount).toBeGreaterThan(2);
    const storedPlain = reader.storedLength(0) === reader.contentLength(0) + 13;
    expect(storedPlain).toBe(codec === 'none');
  });

  test('T1, T2, T3: gives right answers or CORRUPTION, whichever byte it is', () => {
    const { bytes } = table;
    const { filterOffset, indexOffset, propertiesOffset } = footerOf(bytes);
    for (let offset = 0; offset < bytes.length; offset++) {
      const damaged = bytes.slice();
      damaged[offset] ^= 1 << (offset & 7);
      const opened = attempt(() => {
        const reader = openTable(damaged);
        if (offset < filterOffset) checkDamagedBlock(reader, offset);
        else checkDamagedFilter(reader);
        return 'opened';
      });
      if (offset < indexOffset) {
        expect(opened).toBe('opened');
        continue;
      }
      const where =
        offset < propertiesOffset
          ? 'sst.index'
          : offset < bytes.length - 128
            ? 'sst.properties'
            : 'sst.footer';
      expect(opened).toMatchObject({ code: 'CORRUPTION', where, file: TEST_PATH });
    }
  });

  /** Exactly the lookups that need the damaged block fail, and the scan does. */
  function checkDamagedBlock(reader: TableReader, damagedOffset: number): void {
    let blockIndex = 0;
    while (damagedOffset >= reader.storedOffset(blockIndex) + reader.storedLength(blockIndex)) {
      blockIndex++;
    }
    const place = { where: 'sst.data', file: TEST_PATH, offset: reader.storedOffset(blockIndex) };
    const found = answersOf(reader);
    found.forEach((outcome, index) => {
      const entry = ENTRIES[index];
      const isHit =
        entry === undefined || reader.findBlock(entry.key, 0, entry.key.length) === blockIndex;
      if (isHit) expect(outcome).toMatchObject({ code: 'CORRUPTION', ...place });
      else if (outcome !== answers[index]) expect.fail(`wrong answer ${index}: ${outcome}`);
    });
    expect(() => verifyTable(reader)).toThrow(expect.objectContaining(place));
  }

  function checkDamagedFilter(reader: TableReader): void {
    expect(reader.filterDamaged).toBe(true);
    expect(reader.filterDamage).toMatchObject({ code: 'CORRUPTION', where: 'sst.filter' });
    expect(answersOf(reader).join('\n') === answers.join('\n')).toBe(true);
    expect(() => verifyTable(reader)).toThrow(expect.objectContaining({ where: 'sst.filter' }));
  }

  test('T6: is refused when cut short or grown, whatever size is expected', () => {
    const { bytes } = table;
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.slice(0, length);
      expect(attempt(() => String(openTable(cut, { sizeBytes: bytes.length })))).toMatchObject({
        code: 'CORRUPTION',
        where: 'sst.identity',
      });
      expect(attempt(() => String(openTable(cut)))).toMatchObject({
        code: 'CORRUPTION',
        where: 'sst.footer',
      });
    }
    const grown = new Uint8Array(bytes.length + 1);
    grown.set(bytes);
    expect(() => openTable(grown)).toThrow('sst.footer');
    expect(() => openTable(grown, { sizeBytes: bytes.length })).toThrow('its size differs');
  });

  test('notices blocks that lie in each other’s place', () => {
    const values = Array.from({ length: 30 }, (_, index) => ({
      ...ENTRIES[0],
      key: Uint8Array.of(index),
      sequence: 1,
    }));
    const { bytes } = buildTable(values, { blockSizeBytes: 1 });
    const reader = openTable(bytes);
    const length = reader.storedLength(0);
    expect(reader.storedLength(1)).toBe(length);
    const swapped = bytes.slice();
    swapped.copyWithin(0, length, 2 * length);
    swapped.set(bytes.subarray(0, length), length);
    const target = new Uint8Array(reader.contentLength(0));
    for (const blockIndex of [0, 1]) {
      expect(() => openTable(swapped).readBlockSync(blockIndex, target, 0)).toThrow('checksum');
    }
  });
});

describe('T11: a table that was forged, with right checksums', () => {
  let bytes: Uint8Array;
  beforeAll(() => {
    bytes = buildTable(ENTRIES, { blockSizeBytes: 150 }).bytes;
  });

  /** Uses the table in every way; only typed errors may come out, and answers need not be right. */
  function useEverything(forged: Uint8Array): void {
    attempt(() => {
      const reader = openTable(forged);
      answersOf(reader);
      attempt(() => String(verifyTable(reader).entryCount));
      attempt(() => scanBackward(reader));
      for (const { key } of ENTRIES) {
        const cursor = new TableCursor(reader, new DirectBlockSource());
        attempt(() => String(cursor.seek(key, 0, key.length)));
        attempt(() => String(cursor.seekBackward(key, 0, key.length)));
      }
      return '';
    });
  }

  function scanBackward(reader: TableReader): string {
    const cursor = new TableCursor(reader, new DirectBlockSource());
    let entryCount = 0;
    for (cursor.last(); cursor.valid; cursor.previous()) entryCount++;
    return String(entryCount);
  }

  /** Bytes in which one to three bytes or words are altered. */
  function altered(random: Random, original: Uint8Array): Uint8Array {
    const result = original.slice();
    for (let count = 1 + random.below(3); count > 0; count--) {
      const offset = random.below(result.length);
      const word = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, random.u32()][random.below(6)];
      if (offset + 4 <= result.length && random.below(2) === 0) writeU32(result, offset, word);
      else result[offset] = random.below(256);
    }
    return result;
  }

  test('gives only typed errors for an altered data block', () => {
    const random = createRandom(2);
    for (let round = 0; round < 600; round++) {
      const forged = forgeFirstBlock(bytes, (content) => content.set(altered(random, content)));
      useEverything(forged);
    }
  });

  test.each(['index', 'properties', 'filter'] as const)(
    'gives only typed errors for an altered %s block',
    (part) => {
      const random = createRandom(3);
      const content = contentsOf(bytes)[part];
      for (let round = 0; round < 600; round++) {
        useEverything(forgeTable(bytes, { [part]: altered(random, content) }));
      }
    },
  );

  test('gives only typed errors for an index cut short or replaced by any bytes', () => {
    const random = createRandom(4);
    const { index } = contentsOf(bytes);
    for (let length = 1; length < index.length; length++) {
      expect(() => openTable(forgeTable(bytes, { index: index.slice(0, length) }))).toThrow(
        expect.objectContaining({ code: 'CORRUPTION', where: 'sst.index' }),
      );
    }
    for (let round = 0; round < 200; round++) {
      const noise = new Uint8Array(1 + random.below(200));
      random.fill(noise);
      useEverything(forgeTable(bytes, { index: noise }));
    }
  });

  test('is refused if index and properties differ in the number of blocks', () => {
    const other = contentsOf(buildTable(ENTRIES, { blockSizeBytes: 600 }).bytes);
    expect(() => openTable(forgeTable(bytes, { properties: other.properties }))).toThrow(
      'differ in the number of blocks',
    );
  });

  test('is read without its filter if that is one of a newer version', () => {
    const filter = contentsOf(bytes).filter;
    filter[0] = 9;
    const reader = openTable(forgeTable(bytes, { filter }));
    expect(reader.filterDamage).toMatchObject({ code: 'UNSUPPORTED_FORMAT' });
    expect(reader.mayContain(1)).toBe(true);
  });

  test('does not decompress more than the index says, nor allocate it', () => {
    const { bytes: compressed } = buildTable(ENTRIES, { codec: 'lz4', blockSizeBytes: 400 });
    const bomb = forgeFirstBlock(compressed, (content) => writeU32(content, 0, 0xffff_ffff));
    const reader = openTable(bomb);
    const target = new Uint8Array(reader.contentLength(0));
    expect(() => reader.readBlockSync(0, target, 0)).toThrow('compressed length does not match');
  });

  test('is refused if a block of metadata claims to be compressed, or longer than it is', () => {
    const { indexOffset, propertiesOffset } = footerOf(bytes);
    const seed = placeSeed(tableSeed(TEST_IDENTITY.tableId), indexOffset);
    const contentEnd = propertiesOffset - TRAILER_SIZE_BYTES;
    const contentLength = contentEnd - indexOffset;
    const forged = bytes.slice();
    writeTrailer(forged, indexOffset, contentEnd, 1, contentLength, seed);
    expect(() => openTable(forged)).toThrow('metadata is compressed');
    writeTrailer(forged, indexOffset, contentEnd, 0, contentLength + 1, seed);
    expect(() => openTable(forged)).toThrow('content length does not match');
  });

  test('is refused block by block if trailer and index differ in the length of content', () => {
    const reader = openTable(bytes);
    const index = contentsOf(bytes).index;
    const lengths = 4 + reader.blockCount * 4;
    writeU32(index, lengths, reader.contentLength(0) - 1);
    const target = new Uint8Array(reader.contentLength(0));
    expect(() => openTable(forgeTable(bytes, { index })).readBlockSync(0, target, 0)).toThrow(
      'content length differs from the index',
    );
  });
});
