import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHORTENED_TEXT_SIZE_BYTES_MIN } from './byte-order-marks.js';
import { MsgpackEncoding } from './msgpack-encoding.js';
import { packMessage } from './msgpack-library.js';

const SEED = 20_260_305;
const encoding = new MsgpackEncoding();

function encode(value: unknown): Uint8Array {
  const target = new Uint8Array(encoding.sizeBound(value));
  return target.subarray(0, encoding.write(value, target, 0));
}

function readBack(value: unknown): unknown {
  const bytes = encode(value);
  return encoding.read(bytes, 0, bytes.length);
}

describe('MsgpackEncoding', () => {
  test('P10: goes on with a message in whose midst a large one was encoded', () => {
    const large = 'x'.repeat(3_000_000);
    for (let count = 0; count < 3; count++) {
      const value = {
        first: count,
        get inner() {
          return packMessage(large).length;
        },
        last: 'end',
      };
      expect(readBack(value)).toEqual({ first: count, inner: 3_000_005, last: 'end' });
    }
  });

  test.each([
    ['undefined in an object', { a: undefined }, { a: null }],
    ['holes', new Array(2), [null, null]],
    ['-0', -0, 0],
    ['a lone surrogate', '\ud800x', '\ufffdx'],
    ['a lone surrogate in a long string', `\ud800${'x'.repeat(100)}`, `\ufffd${'x'.repeat(100)}`],
    ['a Map', new Map([['a', 1]]), { a: 1 }],
    ['a URL', new URL('http://a/'), 'http://a/'],
    [
      'an object of a class',
      new (class {
        readonly field = 1;
      })(),
      { field: 1 },
    ],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['a set that has toJSON', Object.assign(new Set([1]), { toJSON: () => [1] }), [1]],
  ])('stores %s as what it stands for', (_, value, read) => {
    expect(readBack(value)).toEqual(read);
  });

  test.each([
    ['Set', new Set([1])],
    ['function', { run: () => 1 }],
    ['RegExp', [/x/]],
    ['TypeError', new TypeError('x')],
    ['Float64Array', new Float64Array([1.5])],
    ['Uint8ClampedArray', new Uint8ClampedArray(2)],
    ['DataView', new DataView(new ArrayBuffer(2))],
    ['ArrayBuffer', { a: new ArrayBuffer(2) }],
    ['Promise', Promise.resolve(1)],
    ['String', Object('text')],
    ['Index', new (class Index extends Map<string, number> {})([['a', 1]])],
  ])('refuses a %s', (name, value) => {
    expect(() => encode(value)).toThrow(TypeError);
    expect(() => encode(value)).toThrow(
      `Cannot encode as msgpack: a ${name} would not be read back as one`,
    );
  });

  test.each([
    ['a symbol', [Symbol('s')], 'a symbol has no bytes'],
    ['a bigint of 65 bits', 2n ** 64n, 'a bigint has more than 64 bits'],
    ['a Map with numbers as keys', new Map([[1, 2]]), 'it has a map key that is not text'],
    ['a key named __proto__', JSON.parse('{"__proto__":1}'), 'it has a map key named __proto__'],
    ['keys that become equal', { '\ud800': 1, '\ud801': 2 }, 'it has a map key that comes twice'],
    ['an invalid date', new Date(Number.NaN), 'it has a value that is not data'],
    ['a circle', circle(), 'it is nested too deep, or holds itself'],
    ['65 levels', nested(65), 'it is nested more than 64 deep'],
  ])('refuses %s', (_, value, reason) => {
    expect(() => encode(value)).toThrow(TypeError);
    expect(() => encode(value)).toThrow(reason);
    expect(readBack({ after: 'a refusal' })).toEqual({ after: 'a refusal' });
  });

  test('lets what a getter throws through', () => {
    const problem = new Error('mine');
    const value = {
      get field(): never {
        throw problem;
      },
    };
    expect(() => encode(value)).toThrow(problem);
  });

  test('keeps dates to the millisecond', () => {
    // One range for each of the forms of a timestamp.
    const of32And64Bits = fc.date({
      noInvalidDate: true,
      min: new Date(0),
      max: new Date(2 ** 32 * 1000 - 1),
    });
    const ofAnySize = fc.date({ noInvalidDate: true });
    const property = fc.property(fc.oneof(of32And64Bits, ofAnySize), (date) => {
      expect(readBack(date)).toEqual(date);
    });
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });

  test('keeps numbers and bigints of 64 bits', () => {
    const bigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
    const property = fc.property(fc.oneof(fc.double(), fc.maxSafeInteger(), bigint), (value) => {
      expect(readBack(value)).toEqual(value === 0 ? 0 : value);
    });
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });

  test('keeps a byte order mark at the start of texts and keys of any length', () => {
    const lengths = [0, 1, 20, 40, 61, 62, 63, 64, 65, 66, 250, 253, 300, 65_535, 70_000];
    const texts = lengths.map((length) => `\ufeff${'x'.repeat(length)}`);
    expect(readBack(texts)).toEqual(texts);
    for (const text of texts) {
      expect(readBack(text)).toBe(text);
      expect(readBack({ before: 1, [text]: [text], after: text })).toEqual({
        before: 1,
        [text]: [text],
        after: text,
      });
    }
    expect(SHORTENED_TEXT_SIZE_BYTES_MIN).toBe(65);
  });

  test('gives byte strings that share no memory with the message', () => {
    const bytes = encode({ field: Uint8Array.of(1, 2, 3) });
    const { field } = encoding.read(bytes, 0, bytes.length) as { field: Uint8Array };
    bytes.fill(0);
    readBack({ field: new Uint8Array(3) });
    expect([...field]).toEqual([1, 2, 3]);
  });

  test('writes and reads a message of some megabytes, and small ones after it', () => {
    const large = { text: 'ä'.repeat(2_000_000), bytes: Buffer.alloc(1_000_000, 3) };
    const read = readBack(large) as typeof large;
    expect(read.text === large.text).toBe(true);
    expect(large.bytes.equals(read.bytes)).toBe(true);
    expect(readBack({ a: 1 })).toEqual({ a: 1 });
  });

  test('gives the memory of a large message back', () => {
    encode({ text: 'x'.repeat(4_000_000) });
    expect(packMessage(null).buffer.byteLength).toBeLessThan(100_000);
  });

  test('does not change the prototype of what it reads', () => {
    const read = readBack({ constructor: 1, toString: 2, hasOwnProperty: 3 }) as object;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});

function circle(): unknown {
  const value: Record<string, unknown> = {};
  value['self'] = value;
  return value;
}

function nested(depth: number): unknown {
  let value: unknown = null;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}
