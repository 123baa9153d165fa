// One contract, six encodings, one suite; what is special to one of them is tested beside it.

import { isStorageError } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CustomEncoding, describeType, type Encoding } from './encoding.js';
import { type EncodingOption, resolveEncoding } from './resolve-encoding.js';

const SEED = 20_260_301;

const reversed: CustomEncoding<string> = {
  name: 'reversed',
  encode: (text) => new TextEncoder().encode([...text].reverse().join('')),
  decode(bytes) {
    if (bytes.includes(0)) throw new Error('zero');
    return [...new TextDecoder().decode(bytes)].reverse().join('');
  },
};

interface EncodingCase {
  option: EncodingOption;
  values: fc.Arbitrary<unknown>;
  samples: unknown[];
  refused: unknown[];
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 });
const bytes = fc.uint8Array({ maxLength: 300 });
/** None of these encodings tells -0 from 0. */
const number = fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value));
const scalar = fc.oneof(fc.constant(null), fc.boolean(), number, text);
const json = fc
  .jsonValue({ stringUnit: 'binary' })
  .map((value): unknown => JSON.parse(JSON.stringify(value)))
  .filter((value) => !JSON.stringify(value).includes('__proto__'));

const CASES: EncodingCase[] = [
  {
    option: 'utf8',
    values: text,
    samples: ['', 'user:1', 'ä', '\u{1f600}', '\ufffd', '\ufeffmark', 'x'.repeat(5_000), '\0'],
    refused: [undefined, null, 7, new Uint8Array(1), Object('boxed'), Symbol('s')],
  },
  {
    option: 'binary',
    values: bytes,
    samples: [new Uint8Array(0), new Uint8Array(65).fill(7), Buffer.from('buffer')],
    refused: [
      undefined,
      'text',
      [1, 2],
      new Uint16Array(2),
      new ArrayBuffer(2),
      new DataView(new ArrayBuffer(1)),
    ],
  },
  {
    option: 'json',
    values: json,
    samples: [null, 'text', { a: [1, { b: 'ä' }] }, '\ud800 alone'],
    refused: [undefined, () => 1, Symbol('s'), 1n],
  },
  {
    option: 'msgpack',
    values: json,
    samples: [null, { a: [1, { b: 'ä' }] }, 5n, 2n ** 63n, -(2n ** 63n), 1.5, [], {}, 2 ** 53],
    refused: [undefined, () => 1, Symbol('s'), 2n ** 64n, new Set([1]), /x/, new Float64Array(1)],
  },
  {
    option: 'tuple',
    values: fc.array(fc.oneof(scalar, fc.bigInt(), bytes, fc.array(scalar))),
    samples: [[], [null, true, false, 'a\0\u0001b', 1n, -5n], [[['deep']], []], [new Date(0)]],
    refused: [
      undefined,
      'a',
      { length: 0 },
      [undefined],
      [Number.NaN],
      [2n ** 512n],
      [new Date(Number.NaN)],
      [{}],
    ],
  },
  {
    option: reversed,
    values: text.filter((value) => !value.includes('\0')),
    samples: ['abc', ''],
    refused: [{ [Symbol.iterator]: () => assertNever() }],
  },
];

function assertNever(): never {
  throw new TypeError('refused by the user');
}

/** Encodes into the middle of shared memory and gives exactly the bytes written. */
function encode(encoding: Encoding<unknown>, value: unknown): Uint8Array {
  const bound = encoding.sizeBound(value);
  const target = Buffer.from(new SharedArrayBuffer(bound + 20)).fill(0xa5);
  const end = encoding.write(value, target, 10);
  expect(end - 10).toBeLessThanOrEqual(bound);
  expect(target.subarray(0, 10).equals(Buffer.alloc(10, 0xa5))).toBe(true);
  expect(target.subarray(10 + bound).equals(Buffer.alloc(10, 0xa5))).toBe(true);
  return Uint8Array.from(target.subarray(10, end));
}

/** Decodes from the middle of shared memory, which is overwritten afterwards. */
function decode(encoding: Encoding<unknown>, encoded: Uint8Array): unknown {
  const source = Buffer.from(new SharedArrayBuffer(encoded.length + 20)).fill(0x5a);
  source.set(encoded, 10);
  const value = encoding.read(source, 10, 10 + encoded.length);
  source.fill(0x33);
  return value;
}

/** A value, or the one error that damage may cause. */
function expectValueOrCorruption(encoding: Encoding<unknown>, damaged: Uint8Array): void {
  try {
    decode(encoding, damaged);
  } catch (error) {
    expect(isStorageError(error) && `${error.code} ${error.where}`).toBe('CORRUPTION value');
  }
}

function plain(value: unknown): unknown {
  return Buffer.isBuffer(value) ? Uint8Array.from(value) : value;
}

describe.each(CASES)('the encoding $option', ({ option, values, samples, refused }) => {
  const encoding: Encoding<unknown> = resolveEncoding(option);

  test.each(samples.map((sample) => [sample]))('reads back the sample %#', (sample) => {
    expect(plain(decode(encoding, encode(encoding, sample)))).toEqual(plain(sample));
  });

  test('reads back any value, within its bound, from shared memory', () => {
    const property = fc.property(values, (value) => {
      const read = plain(decode(encoding, encode(encoding, value)));
      expect(read).toEqual(value);
    });
    fc.assert(property, { seed: SEED, numRuns: 300 });
  });

  test.each(refused.map((value) => [value]))(
    'refuses the value %# with TypeError or RangeError',
    (value) => {
      const refusal = caught(() => encoding.sizeBound(value));
      expect([TypeError, RangeError]).toContain(refusal?.constructor);
      expect(refusal?.message).toMatch(/^[A-Z]|^refused/);
    },
  );

  test('gives a value or CORRUPTION for arbitrary bytes', () => {
    const property = fc.property(bytes, (damaged) => expectValueOrCorruption(encoding, damaged));
    fc.assert(property, { seed: SEED, numRuns: 2_000 });
  });

  test('gives a value or CORRUPTION for every prefix and every flipped bit of a sample', () => {
    for (const sample of samples) {
      const encoded = encode(encoding, sample).subarray(0, 200);
      for (let length = 0; length < encoded.length; length++) {
        expectValueOrCorruption(encoding, encoded.slice(0, length));
        for (let bit = 0; bit < 8; bit++) {
          const flipped = encoded.slice();
          flipped[length] ^= 1 << bit;
          expectValueOrCorruption(encoding, flipped);
        }
      }
    }
  });
});

function caught(run: () => unknown): Error | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

describe('describeType', () => {
  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    ['secret', 'string'],
    [{ secret: 1 }, 'Object'],
    [Object.create(null), 'object'],
    [new Date(0), 'Date'],
    [{ constructor: 'secret' }, 'object'],
  ])('names the type of value %#, not what it holds', (value, type) => {
    expect(describeType(value)).toBe(type);
  });
});
