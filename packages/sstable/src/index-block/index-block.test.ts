import { ByteReader, compareWhole, createRandom, readU32, writeU32 } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { TRAILER_SIZE_BYTES } from '../block/trailer.js';
import { randomKey } from '../testing/entries.js';
import { ascii, TEST_PATH } from '../testing/tables.js';
import { TableIndex } from './reader.js';
import { IndexWriter } from './writer.js';

const STORED_SIZE_BYTES = 100 + TRAILER_SIZE_BYTES;

/** An index of blocks of 100 bytes with these separators. */
function encode(separators: readonly Uint8Array[]): Uint8Array {
  const writer = new IndexWriter();
  separators.forEach((separator, blockIndex) => {
    writer.addBlock((blockIndex + 1) * STORED_SIZE_BYTES, 100);
    writer.addSeparator(separator);
  });
  return writer.finish();
}

function decode(bytes: Uint8Array, dataEnd: number): TableIndex {
  const context = { file: TEST_PATH, where: 'sst.index', baseOffset: 9000 } as const;
  return TableIndex.decode(new ByteReader(bytes, context), dataEnd);
}

const SEPARATORS = ['b', 'bb', 'bb', 'dd'].map(ascii);
const CONTENT = encode(SEPARATORS);
const DATA_END = 4 * STORED_SIZE_BYTES;

describe('TableIndex', () => {
  test('gives places, lengths and separators of blocks', () => {
    const index = decode(CONTENT, DATA_END);
    expect(index.blockCount).toBe(4);
    expect([0, 1, 3].map((blockIndex) => index.storedOffset(blockIndex))).toEqual([0, 113, 339]);
    expect([0, 1, 3].map((blockIndex) => index.storedEnd(blockIndex))).toEqual([113, 226, 452]);
    expect(index.contentLength(3)).toBe(100);
    expect(SEPARATORS.map((_, blockIndex) => index.separator(blockIndex))).toEqual(SEPARATORS);
    expect(index.memoryBytes).toBe(4 * 20 + 2 * 4 + 7);
    expect(index.compareSeparator(1, ascii('xbbx'), 1, 3)).toBe(0);
    expect(index.compareSeparator(0, ascii('bb'), 0, 2)).toBeLessThan(0);
  });

  test('takes a block index outside the table for a bug', () => {
    const index = decode(CONTENT, DATA_END);
    expect(() => index.storedOffset(4)).toThrow('no such block');
    expect(() => index.contentLength(-1)).toThrow('no such block');
  });

  test('finds the first block whose separator is not before a key', () => {
    const random = createRandom(1);
    for (let round = 0; round < 50; round++) {
      const separators = Array.from({ length: 1 + random.below(40) }, () => randomKey(random));
      separators.sort(compareWhole);
      const index = decode(encode(separators), separators.length * STORED_SIZE_BYTES);
      for (let count = 0; count < 40; count++) {
        const key = randomKey(random);
        const found = separators.findIndex((separator) => compareWhole(separator, key) >= 0);
        const expected = found < 0 ? separators.length : found;
        expect(index.findBlock(key, 0, key.length)).toBe(expected);
      }
    }
  });

  /** Offsets of the columns: count, ends, content lengths, separator ends, separators. */
  const ENDS = 4;
  const LENGTHS = 20;
  const SEPARATOR_ENDS = 36;

  test.each([
    ['no blocks', 0, 0, 'block count'],
    ['more blocks than bytes', 0, 5, 'block count'],
    ['4 billion blocks', 0, 0xffff_ffff, 'block count'],
    ['a block of no length', ENDS + 4, 113, 'outside'],
    ['a block that ends before it starts', ENDS + 4, 20, 'outside'],
    ['a block shorter than a trailer', ENDS, 13, 'outside'],
    ['a block that reaches into the filter', ENDS + 12, 453, 'outside'],
    ['a block outside the file', ENDS, 0xffff_ffff, 'outside'],
    ['a gap behind the last block', ENDS + 12, 451, 'end before'],
    ['content shorter than a header', LENGTHS, 16, 'content length'],
    ['content longer than the block can hold', LENGTHS, 25_501, 'content length'],
    ['content of 4 GiB', LENGTHS, 0xffff_ffff, 'content length'],
    ['separators that overlap', SEPARATOR_ENDS + 4, 0, 'separator ends'],
    ['a separator outside the block', SEPARATOR_ENDS, 0xffff_ffff, 'separator ends'],
    ['bytes behind the separators', SEPARATOR_ENDS + 12, 6, 'after the last separator'],
  ])('refuses %s', (_name, offset, value, reason) => {
    const forged = CONTENT.slice();
    writeU32(forged, offset, value);
    expect(() => decode(forged, DATA_END)).toThrow(
      expect.objectContaining({
        code: 'CORRUPTION',
        where: 'sst.index',
        file: TEST_PATH,
        message: expect.stringContaining(reason),
      }),
    );
  });

  test('T11: refuses separators out of order', () => {
    expect(() => decode(encode(['c', 'b', 'd', 'e'].map(ascii)), DATA_END)).toThrow('out of order');
  });

  test('gives an index inside its bounds or CORRUPTION for any altered word', () => {
    const words = [0, 1, 2, 12, 100, 113, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
    for (let offset = 0; offset + 4 <= CONTENT.length; offset++) {
      for (const word of [...words, readU32(CONTENT, offset) + 1]) {
        const forged = CONTENT.slice();
        writeU32(forged, offset, word);
        let index: TableIndex;
        try {
          index = decode(forged, DATA_END);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CORRUPTION', where: 'sst.index' });
          continue;
        }
        expect(index.storedEnd(index.blockCount - 1)).toBe(DATA_END);
        expect(index.findBlock(ascii('c'), 0, 1)).toBeLessThanOrEqual(index.blockCount);
      }
    }
  });

  test('refuses every truncation', () => {
    for (let length = 0; length < CONTENT.length; length++) {
      expect(() => decode(CONTENT.slice(0, length), DATA_END)).toThrow(
        expect.objectContaining({ code: 'CORRUPTION', where: 'sst.index' }),
      );
    }
  });
});
