import {
  createRandom,
  EntryKind,
  initializeChecksums,
  MAX_SEQUENCE,
  StorageError,
} from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { DirectBlockSource } from './direct-block-source.js';
import { TableCursor } from './table-cursor.js';
import type { TableReader } from './table-reader.js';
import { TableWriter, type TableWriterOptions } from './table-writer.js';
import { type Entry, randomBytes, randomEntries } from './testing/entries.js';
import {
  addEntry,
  ascii,
  BytesFile,
  buildTable,
  openTable,
  TEST_IDENTITY,
} from './testing/tables.js';
import { verifyTable } from './verify-table.js';

beforeAll(initializeChecksums);

function put(key: string, value: Uint8Array, sequence = 1): Entry {
  return { key: ascii(key), value, sequence, kind: EntryKind.put };
}

/** Entries with keys `k00000`, `k00001`, … and values of one size. */
function numbered(entryCount: number, valueSizeBytes: number): Entry[] {
  return Array.from({ length: entryCount }, (_, index) =>
    put(`k${String(index).padStart(5, '0')}`, new Uint8Array(valueSizeBytes).fill(index), index),
  );
}

function contentLengths(reader: TableReader): number[] {
  return Array.from({ length: reader.blockCount }, (_, index) => reader.contentLength(index));
}

function entriesIn(reader: TableReader): number {
  const cursor = new TableCursor(reader, new DirectBlockSource());
  let entryCount = 0;
  for (cursor.first(); cursor.valid; cursor.next()) entryCount++;
  return entryCount;
}

describe('TableWriter', () => {
  test('says what is in the table, and the reader says the same', () => {
    const entries = randomEntries(createRandom(1), {
      entryCount: 500,
      keyCount: 120,
      valueSizeBytesMax: 50,
    });
    const { bytes, summary } = buildTable(entries, { blockSizeBytes: 300 });
    expect(summary).toMatchObject({
      fileNumber: TEST_IDENTITY.fileNumber,
      tableId: TEST_IDENTITY.tableId,
      sizeBytes: bytes.length,
      entryCount: entries.length,
      tombstoneCount: entries.filter(({ kind }) => kind === EntryKind.delete).length,
      rawKeyBytes: entries.reduce((total, { key }) => total + key.length, 0),
      rawValueBytes: entries.reduce((total, { value }) => total + value.length, 0),
      smallestKey: entries[0].key,
      largestKey: entries.at(-1)?.key,
      smallestSequence: Math.min(...entries.map(({ sequence }) => sequence)),
      largestSequence: Math.max(...entries.map(({ sequence }) => sequence)),
    });
    const reader = openTable(bytes);
    const { fileNumber, tableId, sizeBytes, ...statistics } = summary;
    expect(reader.properties).toEqual({
      ...statistics,
      codec: 'none',
      filterBitsPerKey: 10,
      createdBy: 'varve 0.1.0',
      owner: null,
    });
    expect(verifyTable(reader)).toEqual(statistics);
  });

  test.each([1, 100, 257, 4096, 20_000])('fills blocks of %i bytes, and not more', (size) => {
    const reader = openTable(buildTable(numbered(500, 20), { blockSizeBytes: size }).bytes);
    const lengths = contentLengths(reader);
    const entrySizeBytes = 6 + 20 + 1 + 2 * 2 + 4;
    for (const length of lengths.slice(0, -1)) {
      expect(length + entrySizeBytes).toBeGreaterThan(size);
      expect(length <= size || length === 16 + entrySizeBytes - 4).toBe(true);
    }
    expect(entriesIn(reader)).toBe(500);
  });

  test('gives an entry larger than a block one of its own', () => {
    const entries = numbered(5, 20);
    entries[2] = put('k00002', randomBytes(createRandom(1), 700_000));
    const reader = openTable(buildTable(entries).bytes);
    expect(reader.blockCount).toBe(3);
    expect(reader.contentLength(1)).toBeGreaterThan(700_000);
    expect(entriesIn(reader)).toBe(5);
    expect(verifyTable(reader).entryCount).toBe(5);
  });

  test('writes in few large pieces, in order, and neither syncs nor closes', () => {
    const file = new BytesFile();
    const writer = new TableWriter(file, TEST_IDENTITY);
    for (const entry of numbered(10_000, 100)) addEntry(writer, entry);
    const summary = writer.finish();
    expect(summary.sizeBytes).toBeGreaterThan(1_000_000);
    expect(file.bytes.length).toBe(summary.sizeBytes);
    expect(file.writeCount).toBeLessThanOrEqual(6);
    expect(file.closed).toBe(false);
  });

  test('passes on what the file fails with, while adding and at the end', () => {
    const full = new StorageError('NO_SPACE', 'Cannot write: the disk is full');
    const file = new BytesFile();
    file.writeSync = () => {
      throw full;
    };
    const adding = new TableWriter(file, TEST_IDENTITY);
    expect(() => {
      for (const entry of numbered(5000, 100)) addEntry(adding, entry);
    }).toThrow(full);
    const finishing = new TableWriter(file, TEST_IDENTITY);
    addEntry(finishing, put('a', ascii('')));
    expect(() => finishing.finish()).toThrow(full);
  });

  test('compresses blocks that shrink and stores the others as they are', () => {
    const random = createRandom(2);
    const text = numbered(40, 400);
    const noise = text.map((entry) => ({
      ...entry,
      key: Uint8Array.of(122, ...entry.key),
      value: randomBytes(random, 400),
    }));
    const reader = openTable(buildTable([...text, ...noise], { codec: 'lz4' }).bytes);
    const stored = contentLengths(reader).map(
      (length, index) => reader.storedLength(index) - 13 === length,
    );
    expect(stored.slice(0, 3)).toEqual([false, false, false]);
    expect(stored.slice(-3)).toEqual([true, true, true]);
    expect(reader.properties.codec).toBe('lz4');
    expect(verifyTable(reader).entryCount).toBe(80);
  });

  test('makes a filter over distinct keys, or none', () => {
    const entries = ['a', 'b'].flatMap((key) => [9, 8, 7].map((s) => put(key, ascii(''), s)));
    const withFilter = buildTable(entries);
    const without = buildTable(entries, { filterBitsPerKey: 0 });
    expect(withFilter.bytes.length - without.bytes.length).toBeGreaterThan(64);
    expect(openTable(without.bytes).mayContain(1)).toBe(true);
    const fractional = openTable(buildTable(entries, { filterBitsPerKey: 9.6 }).bytes);
    expect(fractional.properties.filterBitsPerKey).toBe(9.6);
  });

  test('estimates the size of the file while it is written', () => {
    const writer = new TableWriter(new BytesFile(), TEST_IDENTITY, { filterBitsPerKey: 0 });
    expect(writer.sizeBytesSoFar).toBe(0);
    let previous = 0;
    for (const entry of numbered(300, 100)) {
      addEntry(writer, entry);
      expect(writer.sizeBytesSoFar - previous).toBeGreaterThanOrEqual(106);
      expect(writer.sizeBytesSoFar - previous).toBeLessThan(250);
      previous = writer.sizeBytesSoFar;
    }
    expect(writer.entryCount).toBe(300);
    expect(writer.finish().sizeBytes).toBeGreaterThan(previous);
  });

  test('keeps the first and last sequence there can be', () => {
    const { bytes } = buildTable([put('a', ascii('x'), MAX_SEQUENCE), put('a', ascii('y'), 0)]);
    const reader = openTable(bytes);
    const cursor = new TableCursor(reader, new DirectBlockSource());
    cursor.first();
    expect(cursor.sequence).toBe(MAX_SEQUENCE);
    cursor.next();
    expect(cursor.sequence).toBe(0);
  });

  test('writes the same bytes for the same entries', () => {
    const entries = numbered(100, 30);
    expect(buildTable(entries).bytes).toEqual(buildTable(entries).bytes);
  });

  test.each<[string, Entry[]]>([
    ['a smaller key', [put('b', ascii('')), put('a', ascii(''))]],
    ['the same entry twice', [put('a', ascii('')), put('a', ascii(''))]],
    ['an older version first', [put('a', ascii(''), 1), put('a', ascii(''), 2)]],
    ['an empty key behind another', [put('a', ascii('')), put('', ascii(''))]],
  ])('takes %s for a bug, in one block and across blocks', (_name, entries) => {
    for (const blockSizeBytes of [4096, 1]) {
      expect(() => buildTable(entries, { blockSizeBytes })).toThrow('entries must be in order');
    }
  });

  test.each([
    ['a negative sequence', { sequence: -1 }, 'sequence'],
    ['a sequence beyond 53 bits', { sequence: MAX_SEQUENCE + 1 }, 'sequence'],
    ['a fraction of a sequence', { sequence: 0.5 }, 'sequence'],
    ['kind 0', { kind: 0 }, 'kind'],
    ['a reserved kind', { kind: EntryKind.merge }, 'kind'],
    ['a tombstone with a value', { kind: EntryKind.delete }, 'kind'],
    ['a key that is too long', { key: new Uint8Array(65_537) }, 'key size'],
  ])('takes %s for a bug', (_name, fields, message) => {
    expect(() => buildTable([{ ...put('a', ascii('x')), ...fields }])).toThrow(message);
  });

  test('takes the longest key', () => {
    const key = new Uint8Array(65_536).fill(1);
    const entries = [put('', ascii('')), { ...put('', ascii('x')), key }];
    expect(verifyTable(openTable(buildTable(entries).bytes)).largestKey.length).toBe(65_536);
  });

  test('takes a table without entries, a second finish and a late entry for bugs', () => {
    expect(() => buildTable([])).toThrow('at least one entry');
    const writer = new TableWriter(new BytesFile(), TEST_IDENTITY);
    addEntry(writer, put('a', ascii('')));
    writer.finish();
    expect(() => writer.finish()).toThrow('finished');
    expect(() => addEntry(writer, put('b', ascii('')))).toThrow('finished');
  });

  test.each<[TableWriterOptions, string]>([
    [{ blockSizeBytes: 0 }, 'blockSizeBytes'],
    [{ blockSizeBytes: 1.5 }, 'blockSizeBytes'],
    [{ filterBitsPerKey: 65 }, 'bits per key'],
  ])('takes options %o for a bug', (options, message) => {
    expect(() => buildTable([], options)).toThrow(message);
  });

  test('takes an identifier of the wrong length for a bug', () => {
    const identity = { ...TEST_IDENTITY, tableId: new Uint8Array(8) };
    expect(() => new TableWriter(new BytesFile(), identity)).toThrow('tableId must have 16 bytes');
  });
});
