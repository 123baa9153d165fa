import { createRandom, initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { BlockBuffer } from './block-source.js';
import { DirectBlockSource } from './direct-block-source.js';
import { TableReader } from './table-reader.js';
import { randomBytes } from './testing/entries.js';
import { ascii, BytesFile, buildTable, TEST_IDENTITY } from './testing/tables.js';

beforeAll(initializeChecksums);

/**
 * A table of about 1.6 MB, one block of which is larger than a window, and how often it was read.
 */
function openLarge(): { reader: TableReader; file: BytesFile } {
  const random = createRandom(1);
  const entries = Array.from({ length: 300 }, (_, index) => ({
    key: ascii(String(index).padStart(4, '0')),
    value: randomBytes(random, index === 150 ? 400_000 : 4000),
    sequence: index,
    kind: 1,
  }));
  const { bytes } = buildTable(entries);
  const file = new BytesFile(bytes);
  const reader = TableReader.openSync(file, { ...TEST_IDENTITY, sizeBytes: bytes.length });
  file.readCount = 0;
  return { reader, file };
}

function checkBlock(
  source: DirectBlockSource,
  reader: TableReader,
  blockIndex: number,
  direction: 1 | -1,
): void {
  const buffer = new BlockBuffer();
  source.fetch(reader, blockIndex, buffer, direction);
  const expected = new Uint8Array(reader.contentLength(blockIndex));
  reader.readBlockSync(blockIndex, expected, 0);
  expect(buffer.length).toBe(expected.length);
  expect(Buffer.compare(buffer.bytes.subarray(0, buffer.length), expected)).toBe(0);
}

describe('DirectBlockSource', () => {
  test.each([1, -1] as const)('reads ahead in large windows, direction %i', (direction) => {
    const { reader, file } = openLarge();
    const source = new DirectBlockSource();
    for (let count = 0; count < reader.blockCount; count++) {
      checkBlock(source, reader, direction > 0 ? count : reader.blockCount - 1 - count, direction);
    }
    // Every block was read once more for comparison.
    expect(file.readCount - reader.blockCount).toBeLessThanOrEqual(9);
  });

  test('gives the right block in any order', () => {
    const { reader } = openLarge();
    const source = new DirectBlockSource();
    const random = createRandom(2);
    for (let count = 0; count < 60; count++) {
      checkBlock(source, reader, random.below(reader.blockCount), random.below(2) === 0 ? 1 : -1);
    }
  });

  test('tells tables apart', () => {
    const [first, second] = [openLarge(), openLarge()];
    const source = new DirectBlockSource();
    checkBlock(source, first.reader, 0, 1);
    second.file.bytes[100] ^= 1;
    expect(() => source.fetch(second.reader, 0, new BlockBuffer(), 1)).toThrow('checksum mismatch');
    checkBlock(source, first.reader, 1, 1);
  });

  test('does not use a window whose read failed', () => {
    const { reader, file } = openLarge();
    const source = new DirectBlockSource();
    const intact = file.bytes;
    checkBlock(source, reader, 0, 1);
    // The next window can be read in part, so what was in its memory is lost.
    let nextIndex = 1;
    while (reader.storedOffset(nextIndex) < 256 * 1024) nextIndex++;
    file.bytes = intact.slice(0, 300_000);
    expect(() => source.fetch(reader, nextIndex, new BlockBuffer(), 1)).toThrow('ends after');
    file.bytes = intact;
    checkBlock(source, reader, 0, 1);
    checkBlock(source, reader, nextIndex, 1);
  });
});

describe('BlockBuffer', () => {
  test('grows for a large block and gives the memory back at the next small one', () => {
    const buffer = new BlockBuffer();
    buffer.ensure(10);
    const small = buffer.bytes;
    buffer.ensure(4096);
    expect(buffer.bytes).toBe(small);
    buffer.ensure(3_000_000);
    expect(buffer.bytes.length).toBe(3_000_000);
    buffer.ensure(2_000_000);
    expect(buffer.bytes.length).toBe(3_000_000);
    buffer.ensure(100);
    expect(buffer.bytes.length).toBe(4096);
  });
});
