// The search for blocks, against what the index says, and against bytes that anyone may have chosen.

import { createRandom, EntryKind, initializeChecksums, type Random } from '@varve/base';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ScanFinding, type StoredRange, scanBlocks } from './block-scan.js';
import { BlockScan } from './block-scan-search.js';
import { ScanWork } from './block-scan-work.js';
import type { Entry } from './testing/entries.js';
import { forgedBlocks } from './testing/forged-blocks.js';
import { footerOf } from './testing/forgery.js';
import { ascii, buildTable, openTable, TEST_IDENTITY, TEST_PATH } from './testing/tables.js';

const SEED = 20_261_122;
const TABLE = { tableId: TEST_IDENTITY.tableId, path: TEST_PATH };
const CODECS = ['none', 'lz4'] as const;

beforeAll(initializeChecksums);

/** Each byte is in exactly one finding. */
function expectDivision(bytes: Uint8Array): ScanFinding[] {
  let end = 0;
  const findings = scanBlocks(bytes, TABLE);
  for (const finding of findings) {
    expect(finding.offset).toBe(end);
    expect(finding.end).toBeGreaterThan(finding.offset);
    end = finding.end;
  }
  expect(end).toBe(bytes.length);
  return findings;
}

/** Entries whose values are small numbers of 4 bytes: full of bytes that look like trailers. */
function numberEntries(
  random: Random,
  shape: { entryCount: number; numberCount: number },
): Entry[] {
  return Array.from({ length: shape.entryCount }, (_, index) => {
    const numbers = Uint32Array.from({ length: shape.numberCount }, () => 1 + random.below(250));
    return entryOf(index, new Uint8Array(numbers.buffer));
  });
}

function entryOf(index: number, value: Uint8Array): Entry {
  const key = ascii(String(index).padStart(6, '0'));
  return { key, value, sequence: index + 1, kind: EntryKind.put };
}

function dataRanges(bytes: Uint8Array): StoredRange[] {
  const reader = openTable(bytes);
  return Array.from({ length: reader.blockCount }, (_, index) => {
    const offset = reader.storedOffset(index);
    return { offset, end: offset + reader.storedLength(index) };
  });
}

function flipped(bytes: Uint8Array, places: readonly number[]): Uint8Array {
  const damaged = bytes.slice();
  for (const place of places) damaged[place] ^= 1;
  return damaged;
}

/** Every data block without a flip is found as one. */
function expectUntouchedFound(bytes: Uint8Array, places: readonly number[]): void {
  const isTouched = ({ offset, end }: StoredRange) =>
    places.some((place) => place >= offset && place < end);
  const untouched = dataRanges(bytes).filter((range) => !isTouched(range));
  const found = expectDivision(flipped(bytes, places)).filter(({ kind }) => kind === 'block');
  expect(found.map(({ offset, end }) => ({ offset, end }))).toEqual(untouched);
}

describe('scanBlocks', () => {
  test('divides any bytes into blocks and gaps, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => void expectDivision(bytes)),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test('divides bytes that are full of trailers', () => {
    const word = fc.constantFrom(0, 1, 2, 13, 40, 255);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 3000 }), (words) => {
        expectDivision(Uint8Array.from(words));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  test.each(CODECS)('finds all parts of a whole table, with %s', (codec) => {
    const entries = numberEntries(createRandom(SEED), { entryCount: 200, numberCount: 128 });
    const { bytes } = buildTable(entries, { codec });
    const { filterOffset, indexOffset, propertiesOffset } = footerOf(bytes);
    const others = expectDivision(bytes).filter(({ kind }) => kind !== 'block');
    expect(others.map(({ kind, offset }) => [kind, offset])).toEqual([
      ['other', filterOffset],
      ['other', indexOffset],
      ['other', propertiesOffset],
      ['gap', bytes.length - 128],
    ]);
    expectUntouchedFound(bytes, []);
  });

  test.each(CODECS)('finds filter and index where the footer is cut off, with %s', (codec) => {
    const entries = numberEntries(createRandom(SEED), { entryCount: 200, numberCount: 128 });
    const { bytes } = buildTable(entries, { codec });
    const { filterOffset, indexOffset } = footerOf(bytes);
    const others = expectDivision(bytes.slice(0, -20)).filter(({ kind }) => kind === 'other');
    expect(others.map(({ offset }) => offset)).toEqual([filterOffset, indexOffset]);
  });

  test.each(CODECS)('loses one block of 2,000 long values to one flipped bit, with %s', (codec) => {
    const entries = numberEntries(createRandom(SEED), { entryCount: 2000, numberCount: 128 });
    const { bytes } = buildTable(entries, { codec });
    expectUntouchedFound(bytes, [2000, bytes.length - 1]);
  });

  test('finds every block that no flip touches, whatever small numbers the values are', () => {
    const shape = fc.record({
      valueSeed: fc.nat(),
      codec: fc.constantFrom(...CODECS),
      entryCount: fc.integer({ min: 1, max: 120 }),
      numberCount: fc.integer({ min: 0, max: 200 }),
      blockSizeBytes: fc.constantFrom(60, 300, 4096, 20_000),
      places: fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
        minLength: 1,
        maxLength: 5,
      }),
    });
    fc.assert(
      fc.property(shape, ({ valueSeed, places, codec, blockSizeBytes, ...size }) => {
        const entries = numberEntries(createRandom(valueSeed), size);
        const { bytes } = buildTable(entries, { codec, blockSizeBytes });
        const offsets = places.map((place) => Math.floor(place * bytes.length));
        expectUntouchedFound(bytes, [...new Set(offsets)]);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test('finds what lies around a damaged block whose value is full of forged blocks', () => {
    const entries = numberEntries(createRandom(SEED), { entryCount: 600, numberCount: 128 });
    for (const index of [1, 200, 400]) entries[index] = entryOf(index, forgedBlocks(64 * 1024));
    const { bytes } = buildTable(entries, { blockSizeBytes: 1024 });
    const large = dataRanges(bytes).filter(({ offset, end }) => end - offset > 64 * 1024);
    expect(large).toHaveLength(3);
    // The last byte of its checksum: everything inside looks as it did.
    expectUntouchedFound(
      bytes,
      large.map(({ end }) => end - 1),
    );
  });

  test.each(CODECS)('finds what lies between damaged blocks of a few bytes, with %s', (codec) => {
    const entries = numberEntries(createRandom(SEED), { entryCount: 500, numberCount: 6 });
    const { bytes } = buildTable(entries, { blockSizeBytes: 40, codec });
    const ranges = dataRanges(bytes);
    expect(ranges.length).toBe(500);
    const places = ranges.filter((_, index) => index % 3 !== 0).map(({ end }) => end - 1);
    expectUntouchedFound(bytes, places);
  });
});

/** Work whose search forged bytes have used up, until so many offsets are passed. */
class UsedUpWork extends ScanWork {
  #passCount: number;

  constructor(bytes: Uint8Array, passCount: number) {
    super(bytes.length);
    this.#passCount = passCount;
    this.search.take(this.search.left);
  }

  override pass(): void {
    this.#passCount -= 1;
    if (this.#passCount < 0) this.search.add(10_000);
  }
}

function blocksFound(bytes: Uint8Array, work: ScanWork): StoredRange[] {
  const findings = new BlockScan(bytes, TABLE, { work }).run();
  const blocks = findings.filter(({ kind }) => kind === 'block');
  return blocks.map(({ offset, end }) => ({ offset, end }));
}

describe.each(CODECS)('BlockScan, with %s', (codec) => {
  const entries = numberEntries(createRandom(SEED), { entryCount: 200, numberCount: 20 });
  const table = () => buildTable(entries, { codec, blockSizeBytes: 600 }).bytes;

  test('goes on behind a block without the search', () => {
    const ranges = dataRanges(table());
    const bytes = table().slice(0, ranges.at(-1)!.end - 1);
    const found = blocksFound(bytes, new UsedUpWork(bytes, Number.POSITIVE_INFINITY));
    expect(found).toEqual(ranges.slice(0, -1));
  });

  test('goes back from a block to those that the used-up search missed', () => {
    const ranges = dataRanges(table());
    const bytes = flipped(table().slice(0, ranges.at(-1)!.end - 1), [ranges[0].end - 1]);
    const found = blocksFound(bytes, new UsedUpWork(bytes, ranges[10].end - 50));
    expect(found).toEqual(ranges.slice(1, -1));
  });

  test('goes back from the footer where the search found nothing', () => {
    const ranges = dataRanges(table());
    const bytes = flipped(table(), [ranges[0].offset]);
    const found = blocksFound(bytes, new UsedUpWork(bytes, Number.POSITIVE_INFINITY));
    expect(found).toEqual(ranges.slice(1));
  });
});
