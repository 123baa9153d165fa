import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { copyOut, isBytes, lengthOf, readUtf8, utf8SizeBound, writeUtf8 } from './native-bytes.js';
import { utf8FaultOffset } from './utf8-check.js';

const SEED = 20_260_303;
const units = fc.array(
  fc.oneof(fc.integer({ max: 0x7f, min: 0 }), fc.integer({ max: 0xffff, min: 0 })),
  { maxLength: 60 },
);
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodable(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

describe('writeUtf8', () => {
  test('writes what TextEncoder does, with U+FFFD for lone surrogates', () => {
    const property = fc.property(units, (codes) => {
      const text = String.fromCharCode(...codes);
      const target = new Uint8Array(utf8SizeBound(text) + 5);
      const end = writeUtf8(text, target, 5);
      expect(target.subarray(5, end)).toEqual(new TextEncoder().encode(text));
    });
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });

  test('refuses a target without room for the largest size', () => {
    expect(() => writeUtf8('ab', new Uint8Array(6), 1)).toThrow('no room');
  });
});

describe('readUtf8', () => {
  test('reads what a strict decoder does, and nothing else', () => {
    const near = fc.array(
      fc.constantFrom(0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xbb, 0xbd, 0xf0, 0xf4, 0x9f, 0xa0),
    );
    const property = fc.property(near, (list) => {
      const bytes = Uint8Array.from(list);
      const padded = Uint8Array.of(0xff, ...bytes, 0xff);
      expect(readUtf8(padded, 1, padded.length - 1)).toBe(decodable(bytes));
      expect(utf8FaultOffset(padded, 1, padded.length - 1) === -1).toBe(
        decodable(bytes) !== undefined,
      );
    });
    fc.assert(property, { seed: SEED, numRuns: 20_000 });
  });

  test('reads U+FFFD where it was written, and a byte order mark', () => {
    for (const text of ['\ufffd', 'a\ufffdb', '\ufeffmark']) {
      const bytes = new TextEncoder().encode(text);
      expect(readUtf8(bytes, 0, bytes.length)).toBe(text);
    }
  });
});

describe('utf8FaultOffset', () => {
  test.each([
    ['41 80', 1],
    ['c2', 0],
    ['41 41 e2 82', 2],
    ['ed a0 80', 0],
    ['f4 90 80 80', 0],
    ['c0 80', 0],
    ['f0 9f 98 80', -1],
  ])('of %s is %i', (hex, offset) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(utf8FaultOffset(bytes, 0, bytes.length)).toBe(offset);
  });
});

describe('copyOut', () => {
  test.each([0, 1, 64, 65, 5_000])(
    'gives %i bytes that share nothing with their source',
    (length) => {
      const source = Buffer.from(new SharedArrayBuffer(length + 4)).fill(7);
      const copy = copyOut(source, 2, length + 2);
      source.fill(0);
      expect(copy.length).toBe(length);
      expect(copy.every((byte) => byte === 7)).toBe(true);
      expect(copy.buffer).not.toBeInstanceOf(SharedArrayBuffer);
    },
  );
});

describe('isBytes', () => {
  test('takes views of bytes of any class and any memory', () => {
    expect(isBytes(new Uint8Array(0))).toBe(true);
    expect(isBytes(Buffer.from('ab'))).toBe(true);
    expect(isBytes(new Uint8Array(new SharedArrayBuffer(2)))).toBe(true);
  });

  test('refuses proxies, impostors and other views', () => {
    expect(isBytes(new Proxy(new Uint8Array(1), {}))).toBe(false);
    expect(isBytes(Object.create(Uint8Array.prototype))).toBe(false);
    expect(isBytes({ [Symbol.toStringTag]: 'Uint8Array', length: 3 })).toBe(false);
    expect(isBytes(new Uint8ClampedArray(1))).toBe(false);
    expect(isBytes(null)).toBe(false);
  });

  test('refuses an array whose memory was transferred away', () => {
    const moved = new Uint8Array(8);
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    expect(isBytes(moved)).toBe(false);
  });
});

describe('lengthOf', () => {
  test('asks the array, not a subclass that says otherwise', () => {
    class Boastful extends Uint8Array {
      override get length(): number {
        return 1_000_000;
      }
    }
    expect(lengthOf(new Boastful(3))).toBe(3);
  });
});
