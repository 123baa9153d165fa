import { createRandom, isStorageError, StorageError } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_COUNT_MAX } from './bloom-format.js';
import { BloomReader, statedFilterLength } from './bloom-reader.js';
import { BloomWriter } from './bloom-writer.js';

fc.configureGlobal({ seed: 1_784_212, numRuns: 500 });

const context = { file: '000007.sst', where: 'sst.filter', baseOffset: 4096 } as const;

function filterOf(keyCount: number): Uint8Array {
  const random = createRandom(keyCount);
  const writer = new BloomWriter(10);
  for (let index = 0; index < keyCount; index++) writer.add(random.u32());
  return writer.finish();
}

function errorOf(filter: Uint8Array): StorageError {
  try {
    new BloomReader(filter, context);
  } catch (error) {
    if (isStorageError(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('statedFilterLength', () => {
  test('tells the length of a filter from its header, wherever that stands', () => {
    for (const keyCount of [0, 1, 1000]) {
      const filter = filterOf(keyCount);
      const bytes = new Uint8Array(filter.length + 100);
      bytes.set(filter, 7);
      expect(statedFilterLength(bytes, 7)).toBe(filter.length);
      expect(statedFilterLength(bytes.subarray(0, 7 + 16), 7)).toBe(filter.length);
      expect(statedFilterLength(bytes.subarray(0, 7 + 15), 7)).toBe(0);
    }
  });

  test.each([
    { name: 'version', offset: 0, value: 2 },
    { name: 'no probes', offset: 1, value: 0 },
    { name: 'too many probes', offset: 1, value: 31 },
    { name: 'reserved bytes', offset: 3, value: 1 },
  ])('is 0 where the header is none: $name', ({ offset, value }) => {
    const filter = filterOf(10);
    filter[offset] = value;
    expect(statedFilterLength(filter, 0)).toBe(0);
  });
});

describe('BloomReader', () => {
  test('finds nothing in a filter of no keys', () => {
    const reader = new BloomReader(filterOf(0), context);
    expect(reader.keyCount).toBe(0);
    expect(reader.sizeBytes).toBe(16);
    const random = createRandom(1);
    for (const hash of [0, 1, -1, 0xffff_ffff, random.u32(), random.u32()]) {
      expect(reader.mayContain(hash)).toBe(false);
    }
  });

  test('tells its size and its keys', () => {
    const reader = new BloomReader(filterOf(1000), context);
    expect(reader.sizeBytes).toBe(16 + 20 * 64);
    expect(reader.keyCount).toBe(1000);
  });

  test('reads a filter that lies inside a larger buffer, and in shared memory', () => {
    const filter = filterOf(100);
    const shared = new Uint8Array(new SharedArrayBuffer(filter.length + 7));
    shared.set(filter, 3);
    const inside = new BloomReader(shared.subarray(3, 3 + filter.length), context);
    const alone = new BloomReader(filter, context);
    const random = createRandom(9);
    for (let draw = 0; draw < 5000; draw++) {
      const hash = random.u32();
      expect(inside.mayContain(hash)).toBe(alone.mayContain(hash));
    }
  });

  test('refuses a filter cut short at every length, and one that is longer', () => {
    const filter = filterOf(100);
    for (let length = 0; length < filter.length; length++) {
      expect(errorOf(filter.slice(0, length)).code).toBe('CORRUPTION');
    }
    expect(errorOf(Uint8Array.of(...filter, 0)).code).toBe('CORRUPTION');
  });

  test('refuses every damage to the header that contradicts the rest', () => {
    // The key count is not bound to anything but zero: it does not change any answer.
    const keyCountOffsets = [4, 5, 6, 7];
    const filter = filterOf(100);
    for (let offset = 0; offset < 16; offset++) {
      if (keyCountOffsets.includes(offset)) continue;
      for (let value = 0; value < 256; value++) {
        const damaged = filter.slice();
        damaged[offset] = value;
        const isProbeCount = offset === 1 && value >= 1 && value <= 30;
        if (value === filter[offset] || isProbeCount) continue;
        expect(errorOf(damaged)).toMatchObject({
          code: offset === 0 && value > 1 ? 'UNSUPPORTED_FORMAT' : 'CORRUPTION',
          file: '000007.sst',
        });
      }
    }
  });

  test.each([
    ['00060000 03000000 01000000 00000000', "version 0 is not a filter's"],
    ['01000000 03000000 01000000 00000000', '0 probes'],
    ['011f0000 03000000 01000000 00000000', '31 probes'],
    ['01060100 03000000 01000000 00000000', 'reserved bytes are not zero'],
    ['01060000 03000000 01000000 01000000', 'reserved bytes are not zero'],
    ['01060000 00000000 01000000 00000000', '1 blocks for 0 keys'],
    ['01060000 03000000 00000000 00000000', '0 blocks for 3 keys'],
    ['01060000 03000000 ffffffff 00000000', '4294967295 blocks for 3 keys'],
    ['01060000 03000000 01000000 00000000', '1 blocks expected in 0 bytes'],
  ])('refuses the header %s: %s', (hex, reason) => {
    const error = errorOf(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    expect(error.code).toBe('CORRUPTION');
    expect(error.where).toBe('sst.filter');
    expect(error.message).toContain(reason);
    expect(error.offset).toBeGreaterThanOrEqual(4096);
  });

  test('refuses one block more than the format allows', () => {
    const header = new Uint8Array(16);
    header.set([1, 6, 0, 0, 1]);
    new DataView(header.buffer).setUint32(8, BLOCK_COUNT_MAX + 1, true);
    expect(errorOf(header).message).toContain('blocks for 1 keys');
  });

  test('refuses a newer version, naming it', () => {
    const filter = filterOf(1);
    filter[0] = 2;
    expect(errorOf(filter)).toMatchObject({
      code: 'UNSUPPORTED_FORMAT',
      message: 'Cannot read filter of 000007.sst: version 2 is not known',
    });
  });

  test('throws nothing but StorageError on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          new BloomReader(bytes, context).mayContain(1);
        } catch (error) {
          expect(error).toBeInstanceOf(StorageError);
        }
      }),
    );
  });
});
