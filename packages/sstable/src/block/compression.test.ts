import { createRandom, writeU32 } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { randomBytes } from '../testing/entries.js';
import {
  CODEC_LZ4,
  CODEC_NONE,
  COMPRESSED_CONTENT_SIZE_BYTES_MAX,
  compressInPlace,
  contentLengthMax,
  decompressInto,
} from './compression.js';

const PLACE = { file: '000007.sst', where: 'sst.data', offset: 40 } as const;

function text(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => 97 + (index % 17));
}

function compressed(content: Uint8Array): Uint8Array {
  const bytes = content.slice();
  const end = compressInPlace(bytes, 0, bytes.length);
  return bytes.slice(0, end);
}

function decompressed(codec: number, stored: Uint8Array, contentLength: number): Uint8Array {
  const target = new Uint8Array(contentLength + 4);
  decompressInto(codec, stored, 0, stored.length, target, 2, contentLength, PLACE);
  expect([target[0], target[1], target.at(-1)]).toEqual([0, 0, 0]);
  return target.slice(2, -2);
}

describe('compressInPlace', () => {
  test('gives what decompressInto restores', () => {
    for (const length of [64, 300, 4096, 100_000]) {
      const stored = compressed(text(length));
      expect(stored.length).toBeLessThan(length);
      expect(decompressed(CODEC_LZ4, stored, length)).toEqual(text(length));
    }
  });

  test('leaves alone what does not shrink', () => {
    for (const length of [0, 1, 12, 4096]) {
      const content = randomBytes(createRandom(length), length);
      expect(compressed(content)).toEqual(content);
    }
  });

  test('asks for a saving of an eighth', () => {
    // Random bytes with a growing tail of zeros: the tail is saved, less some bytes of overhead.
    const random = randomBytes(createRandom(1), 4096);
    let storedLength = 4096;
    for (let zeros = 500; storedLength === 4096; zeros++) {
      storedLength = compressed(random.slice().fill(0, 4096 - zeros)).length;
    }
    expect(storedLength).toBeLessThanOrEqual(4096 - 512);
    expect(storedLength).toBeGreaterThan(4096 - 512 - 16);
  });

  test('leaves alone what is larger than the cap', () => {
    const content = new Uint8Array(COMPRESSED_CONTENT_SIZE_BYTES_MAX + 1);
    expect(compressInPlace(content, 0, content.length)).toBe(content.length);
    expect(compressInPlace(content, 0, content.length - 1)).toBeLessThan(content.length / 200);
  });
});

describe('decompressInto', () => {
  test('copies what is stored as it is', () => {
    expect(decompressed(CODEC_NONE, text(100), 100)).toEqual(text(100));
    expect(() => decompressed(CODEC_NONE, text(100), 99)).toThrow('content length');
  });

  test('refuses a length that is not the one declared', () => {
    const stored = compressed(text(4096));
    expect(() => decompressed(CODEC_LZ4, stored, 4095)).toThrow('compressed length');
    writeU32(stored, 0, 4095);
    expect(() => decompressed(CODEC_LZ4, stored, 4095)).toThrow(/damaged|length/);
    writeU32(stored, 0, 4097);
    expect(() => decompressed(CODEC_LZ4, stored, 4097)).toThrow(/damaged|length/);
  });

  test('refuses a length that the stored bytes cannot stand for, before allocating it', () => {
    const bomb = new Uint8Array(100);
    writeU32(bomb, 0, 2_000_000_000);
    const target = new Uint8Array(1);
    expect(() =>
      decompressInto(CODEC_LZ4, bomb, 0, bomb.length, target, 0, 2_000_000_000, PLACE),
    ).toThrow('more than the block can hold');
  });

  test('refuses a block too short for a length', () => {
    expect(() => decompressed(CODEC_LZ4, new Uint8Array(3), 3)).toThrow('compressed length');
  });

  test.each([2, 3, 255])('says that codec %i needs a newer version', (codec) => {
    expect(() => decompressed(codec, text(10), 10)).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT', file: PLACE.file, offset: 40 }),
    );
  });

  test('gives damaged bytes or CORRUPTION for any altered byte, and stays usable', () => {
    const content = text(700);
    const stored = compressed(content);
    for (let offset = 4; offset < stored.length; offset++) {
      for (let value = 0; value < 256; value += 5) {
        const altered = stored.slice();
        altered[offset] = value;
        try {
          expect(decompressed(CODEC_LZ4, altered, 700).length).toBe(700);
        } catch (error) {
          expect(error).toMatchObject({ code: 'CORRUPTION', where: 'sst.data', offset: 40 });
        }
      }
    }
    expect(decompressed(CODEC_LZ4, stored, 700)).toEqual(content);
  });
});

describe('contentLengthMax', () => {
  test('allows any plain block, and no LZ4 block beyond its ratio or the cap', () => {
    expect(contentLengthMax(10)).toBe(2550);
    expect(contentLengthMax(COMPRESSED_CONTENT_SIZE_BYTES_MAX / 2)).toBe(
      COMPRESSED_CONTENT_SIZE_BYTES_MAX,
    );
    expect(contentLengthMax(2 ** 31)).toBe(2 ** 31);
  });
});
