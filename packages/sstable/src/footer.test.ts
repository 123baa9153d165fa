import { checksum64, initializeChecksums, writeU32, writeU64 } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { placeSeed, tableSeed } from './block/trailer.js';
import {
  decodeFooter,
  encodeFooter,
  FOOTER_SIZE_BYTES,
  type Footer,
  footerOffset,
} from './footer.js';
import { TEST_IDENTITY, TEST_PATH } from './testing/tables.js';

beforeAll(initializeChecksums);

const FILE_SIZE_BYTES = 1000 + FOOTER_SIZE_BYTES;

const FOOTER: Footer = {
  ...TEST_IDENTITY,
  fileSizeBytes: FILE_SIZE_BYTES,
  filterOffset: 700,
  indexOffset: 800,
  propertiesOffset: 900,
};

/** The footer with bytes replaced and the checksum right again. */
function forged(alter: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = encodeFooter(FOOTER);
  alter(bytes);
  const seed = placeSeed(tableSeed(TEST_IDENTITY.tableId), footerOffset(FILE_SIZE_BYTES));
  writeU64(bytes, 120, checksum64(bytes, 0, 120, seed));
  return bytes;
}

function decode(bytes: Uint8Array): Footer {
  return decodeFooter(bytes, 0, FILE_SIZE_BYTES, TEST_PATH);
}

describe('decodeFooter', () => {
  test('gives what encodeFooter was given', () => {
    expect(decode(encodeFooter(FOOTER))).toEqual(FOOTER);
    const without = { ...FOOTER, indexOffset: FOOTER.filterOffset };
    expect(decode(encodeFooter(without))).toEqual(without);
  });

  test('reads a footer in the middle of a buffer', () => {
    const bytes = new Uint8Array(FOOTER_SIZE_BYTES + 20);
    bytes.set(encodeFooter(FOOTER), 7);
    expect(decodeFooter(bytes, 7, FILE_SIZE_BYTES, TEST_PATH)).toEqual(FOOTER);
  });

  test('refuses a footer with any bit flipped, padding included', () => {
    for (let bit = 0; bit < FOOTER_SIZE_BYTES * 8; bit++) {
      const bytes = encodeFooter(FOOTER);
      bytes[bit >>> 3] ^= 1 << (bit & 7);
      expect(() => decode(bytes)).toThrow(
        expect.objectContaining({ code: 'CORRUPTION', where: 'sst.footer', file: TEST_PATH }),
      );
    }
  });

  test('refuses a footer that was written at another place', () => {
    expect(() => decodeFooter(encodeFooter(FOOTER), 0, FILE_SIZE_BYTES + 1, TEST_PATH)).toThrow(
      `Cannot decode sst.footer at offset 1001 of ${TEST_PATH}: checksum mismatch`,
    );
  });

  test.each([
    ['another file size', 56, FILE_SIZE_BYTES - 1, 'file size'],
    ['no data blocks', 64, 0, 'one after the other'],
    ['a filter that overlaps the index', 68, 101, 'one after the other'],
    ['a gap before the index', 72, 801, 'one after the other'],
    ['an index of 4 GiB', 76, 0xffff_ffff, 'one after the other'],
    ['a gap before the properties', 80, 901, 'one after the other'],
    ['properties longer than the file', 84, 101, 'one after the other'],
    ['padding that is not zero', 88, 1, 'padding'],
  ])('refuses %s', (_name, offset, value, reason) => {
    expect(() => decode(forged((bytes) => writeU32(bytes, offset, value)))).toThrow(reason);
  });

  test.each([
    ['filter', { indexOffset: 712 }],
    ['index', { propertiesOffset: 812 }],
    ['properties', { propertiesOffset: 988 }],
  ])('refuses a %s shorter than a block', (_name, fields) => {
    expect(() => decode(encodeFooter({ ...FOOTER, ...fields }))).toThrow('too short');
  });

  test.each([
    ['version', 8],
    ['flag', 12],
  ])('says that an unknown %s needs a newer version', (_name, offset) => {
    expect(() => decode(forged((bytes) => writeU32(bytes, offset, 2)))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT', file: TEST_PATH }),
    );
  });

  test('refuses what is not a table', () => {
    expect(() => decode(forged((bytes) => bytes.fill(0, 0, 8)))).toThrow('not a table file');
  });
});
