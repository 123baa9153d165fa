import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readVarint, VARINT_SIZE_BYTES_MAX, varintLength, writeVarint } from './varint.js';

fc.configureGlobal({ seed: 1_784_203, numRuns: 1000 });

function encode(value: number): string {
  const bytes = new Uint8Array(VARINT_SIZE_BYTES_MAX);
  return Buffer.from(bytes.subarray(0, writeVarint(bytes, 0, value))).toString('hex');
}

function decode(hex: string): number {
  const bytes = Buffer.from(hex, 'hex');
  return readVarint(bytes, 0, bytes.length);
}

/** Values of every length alike, which uniform numbers are not. */
const anyValue = fc
  .tuple(fc.maxSafeNat(), fc.nat(53))
  .map(([value, shift]) => Math.floor(value / 2 ** shift));

const examples: [number, string][] = [
  [0, '00'],
  [1, '01'],
  [127, '7f'],
  [128, '8001'],
  [300, 'ac02'],
  [16_383, 'ff7f'],
  [16_384, '808001'],
  [2 ** 31 - 1, 'ffffffff07'],
  [2 ** 31, '8080808008'],
  [2 ** 32, '8080808010'],
  [2 ** 49 - 1, 'ffffffffffff7f'],
  [2 ** 49, '8080808080808001'],
  [2 ** 53 - 1, 'ffffffffffffff0f'],
];

describe('writeVarint', () => {
  test.each(examples)('writes %d as %s', (value, hex) => {
    expect(encode(value)).toBe(hex);
  });

  test('gives the offset after the value and touches nothing beyond it', () => {
    const bytes = new Uint8Array(8).fill(0xee);
    expect(writeVarint(bytes, 3, 300)).toBe(5);
    expect(bytes).toEqual(Uint8Array.of(0xee, 0xee, 0xee, 0xac, 0x02, 0xee, 0xee, 0xee));
  });
});

describe('varintLength', () => {
  test('is what writeVarint takes, on both sides of every limit', () => {
    for (let bits = 0; bits <= 53; bits++) {
      for (const value of [2 ** bits - 1, 2 ** bits].filter(Number.isSafeInteger)) {
        expect(varintLength(value)).toBe(encode(value).length / 2);
      }
    }
  });
});

describe('readVarint', () => {
  test.each(examples)('reads %d from %s', (value, hex) => {
    expect(decode(hex)).toBe(value);
  });

  test('reads what writeVarint wrote, amid other bytes', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(5), fc.nat(0xff), (value, offset, filler) => {
        const bytes = new Uint8Array(20).fill(filler);
        const end = writeVarint(bytes, offset, value);
        expect(readVarint(bytes, offset, bytes.length)).toBe(value);
        expect(end - offset).toBe(varintLength(value));
      }),
    );
  });

  test('refuses a value cut short at every length', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = new Uint8Array(VARINT_SIZE_BYTES_MAX);
        const length = writeVarint(bytes, 0, value);
        for (let end = 0; end < length; end++) expect(readVarint(bytes, 0, end)).toBe(-1);
      }),
    );
  });

  test.each([
    ['8000', 'a zero with a second byte'],
    ['ff00', 'a last byte of zero'],
    ['8080808080808000', 'a zero of eight bytes'],
    ['ffffffffffffff10', '2^53 and more'],
    ['ffffffffffffff7f', '56 bits'],
    ['ffffffffffffff8f00', 'a ninth byte'],
    ['ffffffffffffffffff01', 'the ten bytes of a 64-bit value'],
  ])('refuses %s: %s', (hex) => {
    expect(decode(hex)).toBe(-1);
  });

  test('accepts no bytes that writeVarint would not write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (bytes) => {
        const value = readVarint(bytes, 0, bytes.length);
        fc.pre(value >= 0);
        expect(Buffer.from(bytes).toString('hex').startsWith(encode(value))).toBe(true);
      }),
    );
  });
});
