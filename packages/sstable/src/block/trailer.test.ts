import { initializeChecksums } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  checkTrailer,
  placeSeed,
  storedCodec,
  storedContentLength,
  TRAILER_SIZE_BYTES,
  tableSeed,
  writeTrailer,
} from './trailer.js';

beforeAll(initializeChecksums);

const PLACE = { file: '000007.sst', where: 'sst.data', offset: 40 } as const;
const SEED = 0x1234_5678_9abc_def0n;

/** A block with 10 bytes of content at offset 3 of a buffer. */
function sealed(): Uint8Array {
  const bytes = new Uint8Array(3 + 10 + TRAILER_SIZE_BYTES);
  bytes.fill(0x61, 3, 13);
  expect(writeTrailer(bytes, 3, 13, 1, 99, SEED)).toBe(bytes.length);
  return bytes;
}

describe('checkTrailer', () => {
  test('accepts what writeTrailer wrote', () => {
    const bytes = sealed();
    checkTrailer(bytes, 3, bytes.length, SEED, PLACE);
    expect(storedCodec(bytes, bytes.length)).toBe(1);
    expect(storedContentLength(bytes, bytes.length)).toBe(99);
  });

  test('refuses a block with any bit flipped, naming file and offset', () => {
    for (let bit = 3 * 8; bit < sealed().length * 8; bit++) {
      const bytes = sealed();
      bytes[bit >>> 3] ^= 1 << (bit & 7);
      expect(() => checkTrailer(bytes, 3, bytes.length, SEED, PLACE)).toThrow(
        expect.objectContaining({
          code: 'CORRUPTION',
          message: 'Cannot read block at offset 40 of 000007.sst: checksum mismatch',
          ...PLACE,
        }),
      );
    }
  });

  test('refuses a block from another place or another table', () => {
    const bytes = sealed();
    expect(() => checkTrailer(bytes, 3, bytes.length, SEED + 1n, PLACE)).toThrow('checksum');
  });

  test('refuses what is too short to have a trailer', () => {
    for (let length = 0; length < TRAILER_SIZE_BYTES; length++) {
      expect(() => checkTrailer(new Uint8Array(20), 0, length, SEED, PLACE)).toThrow(
        `${length} bytes cannot hold a block`,
      );
    }
  });
});

describe('placeSeed', () => {
  test('differs for every position and every table', () => {
    const seeds = new Set<bigint>();
    for (const tableByte of [0, 1, 255]) {
      const table = tableSeed(new Uint8Array(16).fill(tableByte));
      for (const offset of [0, 1, 4109, 0xffff_ffff]) seeds.add(placeSeed(table, offset));
    }
    expect(seeds.size).toBe(12);
  });
});
