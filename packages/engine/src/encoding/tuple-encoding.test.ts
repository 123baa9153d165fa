// The order of tuples against a comparator written from the rules, and the one form of each tuple.

import { readFileSync } from 'node:fs';
import { compareWhole, isStorageError } from '@varve/base';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Tuple, TupleEncoding } from './tuple-encoding.js';
import { TUPLE_DEPTH_MAX } from './tuple-format.js';
import type { TupleElement } from './tuple-reader.js';

const SEED = 20_260_302;
const encoding = new TupleEncoding();

function encode(tuple: Tuple): Uint8Array {
  const target = new Uint8Array(encoding.sizeBound(tuple));
  return target.subarray(0, encoding.write(tuple, target, 0));
}

function decode(bytes: Uint8Array): Tuple {
  return encoding.read(bytes, 0, bytes.length);
}

/** Position of the type of an element in the order of types. */
function rankOf(element: TupleElement): number {
  if (element === null) return 0;
  if (typeof element === 'boolean') return element ? 2 : 1;
  if (typeof element === 'number') return 3;
  if (typeof element === 'bigint') return 4;
  if (element instanceof Date) return 5;
  if (typeof element === 'string') return 6;
  return element instanceof Uint8Array ? 7 : 8;
}

function compareCodePoints(a: string, b: string): number {
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    if (left[index] !== right[index]) return left[index] - right[index];
  }
  return left.length - right.length;
}

function compareElements(a: TupleElement, b: TupleElement): number {
  const rank = rankOf(a);
  if (rank !== rankOf(b)) return rank - rankOf(b);
  if (rank < 3) return 0;
  if (rank === 6) return compareCodePoints(a as string, b as string);
  if (rank === 7) return compareWhole(a as Uint8Array, b as Uint8Array);
  if (rank === 8) return compareTuples(a as Tuple, b as Tuple);
  return Number((a as number) > (b as number)) - Number((a as number) < (b as number));
}

/**
 * The order that byte order must equal: element by element, a shorter tuple before those it begins.
 */
function compareTuples(a: Tuple, b: Tuple): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = compareElements(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

const arbitraryText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    '',
    '\0',
    '\u0001',
    '\0\0',
    '\0\u0001',
    '\u0001\0',
    '\uffff',
    '\u{10000}',
    'a',
    'ab',
  ),
);
const arbitraryNumber = fc.oneof(
  fc.double({ noNaN: true }).map((value) => (value === 0 ? 0 : value)),
  fc.integer({ min: -300, max: 300 }),
  fc.constantFrom(0, Number.MIN_VALUE, -Number.MIN_VALUE, Infinity, -Infinity, 2 ** 53, -(2 ** 53)),
);
const arbitraryBigint = fc.oneof(
  fc.bigInt({ min: -(2n ** 512n) + 1n, max: 2n ** 512n - 1n }),
  fc.bigInt({ min: -70_000n, max: 70_000n }),
);
const { tuple: arbitraryTuple } = fc.letrec<{ tuple: TupleElement[]; element: TupleElement }>(
  (tie) => ({
    tuple: fc.array(tie('element'), { maxLength: 4 }),
    element: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant(null),
      fc.boolean(),
      arbitraryNumber,
      arbitraryBigint,
      arbitraryText,
      fc.uint8Array({ max: 3, maxLength: 5 }),
      fc.date({ noInvalidDate: true }),
      tie('tuple'),
    ),
  }),
);

describe('TupleEncoding', () => {
  test('orders bytes as the tuples', () => {
    const property = fc.property(arbitraryTuple, arbitraryTuple, (a, b) => {
      expect(Math.sign(compareWhole(encode(a), encode(b)))).toBe(Math.sign(compareTuples(a, b)));
    });
    fc.assert(property, { seed: SEED, numRuns: 5_000 });
  });

  test('orders tuples that share a beginning', () => {
    const property = fc.property(arbitraryTuple, arbitraryTuple, arbitraryTuple, (shared, a, b) => {
      const [left, right] = [
        [...shared, ...a],
        [...shared, ...b],
      ];
      const order = Math.sign(compareTuples(left, right));
      expect(Math.sign(compareWhole(encode(left), encode(right)))).toBe(order);
    });
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });

  test('begins the bytes of a tuple with those of another exactly if the tuple begins with it', () => {
    const property = fc.property(arbitraryTuple, arbitraryTuple, (short, long) => {
      const bytes = encode(short);
      const isBytePrefix = compareWhole(bytes, encode(long).subarray(0, bytes.length)) === 0;
      const isPrefix =
        short.length <= long.length && compareTuples(short, long.slice(0, short.length)) === 0;
      expect(isBytePrefix).toBe(isPrefix);
      expect(compareWhole(bytes, encode([...short, ...long]).subarray(0, bytes.length))).toBe(0);
    });
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });

  test('reads back what it wrote', () => {
    const property = fc.property(arbitraryTuple, (tuple) => {
      expect(decode(encode(tuple))).toEqual(tuple);
    });
    fc.assert(property, { seed: SEED, numRuns: 3_000 });
  });

  test('reads bytes only if they are the one form of their tuple', () => {
    const near = fc.uint8Array({ max: 0x0c, maxLength: 12 });
    const property = fc.property(fc.oneof(near, fc.uint8Array({ maxLength: 24 })), (bytes) => {
      try {
        expect(encode(decode(bytes))).toEqual(bytes);
      } catch (error) {
        expect(isStorageError(error) && error.where).toBe('value');
      }
    });
    fc.assert(property, { seed: SEED, numRuns: 10_000 });
  });

  test.each([
    ['a lone surrogate', ['\ud800'], ['\ufffd']],
    ['-0', [-0], [0]],
    ['a Buffer', [Buffer.from('ab')], [Uint8Array.of(97, 98)]],
    ['a hole', Object.assign(new Array(2), [null]), undefined],
  ])('takes %s as what it stands for, or refuses it', (_, tuple, read) => {
    if (read === undefined) expect(() => encode(tuple)).toThrow(TypeError);
    else expect(decode(encode(tuple))).toEqual(read);
  });

  test('nests as deep as allowed, and refuses what refers to itself', () => {
    let deepest: TupleElement[] = [];
    for (let depth = 0; depth < TUPLE_DEPTH_MAX; depth++) deepest = [deepest];
    const bytes = encode(deepest);
    expect(decode(bytes)).toEqual(deepest);
    expect(() => encode([deepest])).toThrow(RangeError);
    expect(() => decode(Uint8Array.of(9, ...bytes, 0))).toThrow('nested too deep');
    const circle: TupleElement[] = [];
    circle.push(circle);
    expect(() => encode(circle)).toThrow(RangeError);
  });

  test('allows bigints up to 512 bits', () => {
    const largest = 2n ** 512n - 1n;
    expect(decode(encode([largest, -largest]))).toEqual([largest, -largest]);
    expect(() => encode([largest + 1n])).toThrow(RangeError);
    expect(() => encode([-largest - 1n])).toThrow(RangeError);
  });

  test('writes large tuples and small ones after them', () => {
    const large = ['\0'.repeat(100_000), 'x'.repeat(300)];
    expect(decode(encode(large))).toEqual(large);
    expect([...encode(['a'])]).toEqual([7, 97, 0]);
  });

  test('gives damage its place in a message without the bytes', () => {
    expect(() => decode(Uint8Array.of(7, 97))).toThrow(
      'Cannot decode as tuple: the bytes end too early',
    );
    expect(() => decode(Uint8Array.of(4, 0x7f, 255, 255, 255, 255, 255, 255, 255))).toThrow(
      'NaN or -0',
    );
    expect(() => decode(Uint8Array.of(5, 0x81, 0))).toThrow('longer than it needs to be');
    expect(() => decode(Uint8Array.of(6, 0xc0, 0x08, 0, 0, 0, 0, 0, 1))).toThrow(
      'date is out of range',
    );
    expect(() => decode(Uint8Array.of(7, 1, 3, 0))).toThrow('needs no escape');
    expect(() => decode(Uint8Array.of(0))).toThrow('an array ends that has not begun');
    expect(() => decode(Uint8Array.of(9))).toThrow('an array does not end');
    expect(() => decode(Uint8Array.of(0x0a))).toThrow('no type with the tag 10');
  });
});

describe('docs/format/tuple.md', () => {
  test('shows the bytes of its example', () => {
    const page = readFileSync(new URL('../../../../docs/format/tuple.md', import.meta.url), 'utf8');
    const [, lines = ''] = /```hex\n(.*?)```/s.exec(page) ?? [];
    const hex = lines
      .split('\n')
      .map((line) => line.split(/ {2,}/)[0])
      .join('');
    const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
    const tuple = ['user', 7, -1n, null, ['a\u0000']];
    expect(page).toContain(`is ${bytes.length} bytes`);
    expect(encode(tuple)).toEqual(bytes);
    expect(decode(bytes)).toEqual(tuple);
  });
});
