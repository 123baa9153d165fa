import {
  createRandom,
  EntryKind,
  hashKey,
  initializeChecksums,
  MAX_SEQUENCE,
  type Random,
} from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { findEntry, valueEnd, valueStart } from './data-block/reader.js';
import { imageBuffers, type TableImage } from './table-image.js';
import { type ExpectedTable, TableReader } from './table-reader.js';
import { type Entry, newestVisible, randomEntries, randomKey } from './testing/entries.js';
import { BytesFile, buildTable, openTable, TEST_IDENTITY, TEST_PATH } from './testing/tables.js';

beforeAll(initializeChecksums);

/** A lookup as an engine does it; gives the value, or `null`. */
function get(reader: TableReader, key: Uint8Array, sequence: number): Uint8Array | null {
  if (!reader.mayContain(hashKey(key, 0, key.length))) return null;
  let blockIndex = reader.findBlock(key, 0, key.length);
  while (blockIndex < reader.blockCount) {
    // Not at the start of its memory, as in a cache.
    const block = new Uint8Array(3 + reader.contentLength(blockIndex));
    reader.readBlockSync(blockIndex, block, 3);
    const hash = hashKey(key, 0, key.length);
    const found = findEntry(block, 3, key, 0, key.length, sequence, hash);
    if (found >= 0) return block.slice(valueStart(block, 3, found), valueEnd(block, 3, found));
    if (!reader.mayContinue(blockIndex, key, 0, key.length)) return null;
    blockIndex++;
  }
  return null;
}

function shapedEntries(random: Random): Entry[] {
  return randomEntries(random, {
    entryCount: 1 + random.below(200),
    keyCount: 1 + random.below(60),
    valueSizeBytesMax: 30,
    sequenceSpan: 40,
  });
}

/** An image as another thread gets it: its memory is gone from this one. */
function transferred(image: TableImage): TableImage {
  return structuredClone(image, { transfer: imageBuffers(image) });
}

describe('TableReader.adoptSync', () => {
  test.each([0, 10])('answers like the reader whose image it got, %i filter bits', (bits) => {
    const random = createRandom(bits);
    for (let round = 0; round < 8; round++) {
      const entries = shapedEntries(random);
      const { bytes } = buildTable(entries, { blockSizeBytes: 60, filterBitsPerKey: bits });
      const opened = openTable(bytes);
      const image = transferred(openTable(bytes).image);
      const adopted = TableReader.adoptSync(new BytesFile(bytes), expectedOf(bytes), image);
      expect(adopted.properties).toEqual(opened.properties);
      expect(adopted.memoryBytes).toBe(opened.memoryBytes);
      expect(adopted.versionsPerKey).toBe(opened.versionsPerKey);
      for (let count = 0; count < 60; count++) {
        const key = count < 30 ? entries[random.below(entries.length)]!.key : randomKey(random);
        const hash = hashKey(key, 0, key.length);
        expect(adopted.mayContain(hash)).toBe(opened.mayContain(hash));
        expect(adopted.findBlock(key, 0, key.length)).toBe(opened.findBlock(key, 0, key.length));
        expect(get(adopted, key, MAX_SEQUENCE)).toEqual(get(opened, key, MAX_SEQUENCE));
      }
    }
  });

  test('hands its memory over instead of copying it', () => {
    const { image } = openTable(buildTable(shapedEntries(createRandom(4))).bytes);
    expect(imageBuffers(image)).toHaveLength(4);
    transferred(image);
    expect(image.filter).toHaveLength(0);
    expect(image.index.ends).toHaveLength(0);
  });

  test('reads only the footer', () => {
    const { bytes } = buildTable(shapedEntries(createRandom(4)));
    const { image } = openTable(bytes);
    const file = new BytesFile(bytes);
    const reads: number[] = [];
    const readSync = file.readSync.bind(file);
    file.readSync = (target, offset, length, position) => {
      reads.push(length);
      return readSync(target, offset, length, position);
    };
    TableReader.adoptSync(file, expectedOf(bytes), image);
    expect(reads).toEqual([128]);
  });

  test('T5, T6: refuses a file that is not the table, or has another size', () => {
    const { bytes } = buildTable(shapedEntries(createRandom(5)));
    const { image } = openTable(bytes);
    for (const wrong of [
      { fileNumber: TEST_IDENTITY.fileNumber + 1 },
      { tableId: new Uint8Array(16) },
      { databaseId: new Uint8Array(16) },
      { sizeBytes: bytes.length + 1 },
    ]) {
      const expected = { ...expectedOf(bytes), ...wrong };
      expect(() => TableReader.adoptSync(new BytesFile(bytes), expected, image)).toThrow(
        expect.objectContaining({ code: 'CORRUPTION', where: 'sst.identity' }),
      );
    }
  });
});

function expectedOf({ length: sizeBytes }: Uint8Array): ExpectedTable {
  return { ...TEST_IDENTITY, sizeBytes };
}

describe('TableReader', () => {
  test.each([1, 60, 200, 4096])('finds every version of every key, blocks of %i bytes', (size) => {
    const random = createRandom(size);
    for (let round = 0; round < 8; round++) {
      const entries = shapedEntries(random);
      const codec = round % 2 === 0 ? 'none' : 'lz4';
      const reader = openTable(buildTable(entries, { blockSizeBytes: size, codec }).bytes);
      const keys = [
        ...entries.map(({ key }) => key),
        ...Array.from({ length: 30 }, () => randomKey(random)),
      ];
      for (const key of keys) {
        for (const sequence of [0, random.below(40), random.below(40), MAX_SEQUENCE]) {
          const expected = newestVisible(entries, key, sequence);
          const value = get(reader, key, sequence);
          if (expected < 0) expect(value).toBeNull();
          else expect(value).toEqual(entries[expected].value);
        }
      }
    }
  });

  test('tells whether a key has more than one version, if a filter counted the keys', () => {
    const random = createRandom(5);
    for (let round = 0; round < 40; round++) {
      const entries = shapedEntries(random);
      const keyCount = new Set(entries.map(({ key }) => key.join())).size;
      const expected = keyCount === entries.length ? 'one' : 'several';
      expect(openTable(buildTable(entries).bytes).versionsPerKey).toBe(expected);
      const plain = buildTable(entries, { filterBitsPerKey: 0 });
      expect(openTable(plain.bytes).versionsPerKey).toBe('unknown');
    }
  });

  test('skips the next block unless versions of the key go on in it', () => {
    const [a, b] = [Uint8Array.of(97), Uint8Array.of(98)];
    const entries = [5, 4, 3].map((sequence) => ({
      key: a,
      value: new Uint8Array(0),
      sequence,
      kind: EntryKind.put,
    }));
    const bytes = buildTable([...entries, { ...entries[0], key: b }], { blockSizeBytes: 1 }).bytes;
    const reader = openTable(bytes);
    expect(reader.blockCount).toBe(4);
    expect(reader.findBlock(a, 0, 1)).toBe(0);
    expect([0, 1].map((index) => reader.mayContinue(index, a, 0, 1))).toEqual([true, true]);
    expect(reader.mayContinue(0, b, 0, 1)).toBe(false);
    expect(reader.mayContinue(3, b, 0, 1)).toBe(false);
  });

  test.each(['none', 'lz4'] as const)(
    'reads blocks in both forms alike, codec %s',
    async (codec) => {
      const entries = shapedEntries(createRandom(5));
      const reader = openTable(buildTable(entries, { blockSizeBytes: 300, codec }).bytes);
      for (let blockIndex = 0; blockIndex < reader.blockCount; blockIndex++) {
        const content = new Uint8Array(reader.contentLength(blockIndex));
        expect(reader.readBlockSync(blockIndex, content, 0)).toBe(content.length);
        expect(await reader.readBlock(blockIndex)).toEqual(content);
      }
    },
  );

  test('reads a block larger than its scratch memory', async () => {
    const value = new Uint8Array(100_000).fill(7);
    const entry = { key: Uint8Array.of(1), value, sequence: 1, kind: EntryKind.put };
    const reader = openTable(buildTable([entry]).bytes);
    const content = new Uint8Array(reader.contentLength(0));
    reader.readBlockSync(0, content, 0);
    expect(content.at(-1)).toBe(7);
    expect((await reader.readBlock(0)).length).toBe(content.length);
  });

  test('decodes a block from the middle of a buffer into shared memory', () => {
    const { bytes } = buildTable(shapedEntries(createRandom(6)), { blockSizeBytes: 200 });
    const reader = openTable(bytes);
    const target = new Uint8Array(new SharedArrayBuffer(1000));
    const offset = reader.storedOffset(1);
    const length = reader.decodeBlock(1, bytes, offset, target, 100);
    expect(target.slice(100, 100 + length)).toEqual(bytes.slice(offset, offset + length));
    expect(target.subarray(100 + length).every((byte) => byte === 0)).toBe(true);
  });

  test('takes a target without room for a bug', () => {
    const reader = openTable(buildTable(shapedEntries(createRandom(7))).bytes);
    const target = new Uint8Array(reader.contentLength(0));
    expect(() => reader.readBlockSync(0, target, 1)).toThrow('target is too small');
  });

  test('counts the memory of index and filter, and closes its file once', () => {
    const { bytes } = buildTable(shapedEntries(createRandom(8)));
    const file = new BytesFile(bytes);
    const reader = TableReader.openSync(file, { ...TEST_IDENTITY, sizeBytes: bytes.length });
    expect(reader.memoryBytes).toBeGreaterThan(64);
    expect(reader.memoryBytes).toBeLessThan(bytes.length);
    expect(reader.path).toBe(TEST_PATH);
    expect(reader.filterDamaged).toBe(false);
    reader.close();
    expect(file.closed).toBe(true);
  });

  test.each<[string, Partial<ExpectedTable>]>([
    ['file number', { fileNumber: 8 }],
    ['table id', { tableId: new Uint8Array(16) }],
    ['database id', { databaseId: new Uint8Array(16) }],
    ['size', { sizeBytes: 999_999 }],
  ])('refuses a table whose %s is not the one expected, and leaves it open', (name, expected) => {
    const { bytes } = buildTable(shapedEntries(createRandom(9)));
    const file = new BytesFile(bytes);
    const open = () =>
      TableReader.openSync(file, { ...TEST_IDENTITY, sizeBytes: bytes.length, ...expected });
    expect(open).toThrow(
      expect.objectContaining({
        code: 'CORRUPTION',
        where: 'sst.identity',
        file: TEST_PATH,
        message: expect.stringContaining(`${name} differs`),
      }),
    );
    expect(file.closed).toBe(false);
  });

  test('T7: refuses a file that was cut short after it was opened', async () => {
    const file = new BytesFile(buildTable(shapedEntries(createRandom(10))).bytes);
    const sizeBytes = file.bytes.length;
    const reader = TableReader.openSync(file, { ...TEST_IDENTITY, sizeBytes });
    file.truncateSync(reader.storedLength(0) - 1);
    const expected = expect.objectContaining({
      code: 'CORRUPTION',
      where: 'sst.data',
      offset: 0,
      message: expect.stringContaining('the file ends after'),
    });
    const target = new Uint8Array(reader.contentLength(0));
    expect(() => reader.readBlockSync(0, target, 0)).toThrow(expected);
    expect(() => reader.readStoredSync(new Uint8Array(sizeBytes), 0)).toThrow(expected);
    await expect(reader.readBlock(0)).rejects.toThrow(expected);
  });
});
