import { describe, expect, expectTypeOf, test } from 'vitest';
import type { CustomEncoding } from './encoding.js';
import {
  type EncodingOption,
  encodings,
  resolveEncoding,
  resolveEncodings,
  type ValueOf,
} from './resolve-encoding.js';
import type { Tuple } from './tuple-encoding.js';

const upper: CustomEncoding<string> = {
  encode: (text) => new TextEncoder().encode(text),
  decode: (bytes) => new TextDecoder().decode(bytes),
};

describe('resolveEncoding', () => {
  test.each(['utf8', 'binary', 'json', 'msgpack', 'tuple'] as const)('knows %s', (name) => {
    expect(resolveEncoding(name).name).toBe(name);
  });

  test('names a custom encoding as it asks, or custom', () => {
    expect(resolveEncoding(upper).name).toBe('custom');
    expect(resolveEncoding({ ...upper, name: 'upper' }).name).toBe('upper');
  });

  test('gives keys and values their own memory', () => {
    for (const name of ['json', 'msgpack', 'tuple'] as const) {
      expect(resolveEncoding(name)).not.toBe(resolveEncoding(name));
    }
  });

  test.each([
    [
      'an unknown name',
      'utf-8',
      'Cannot use an encoding named "utf-8": there are utf8, binary, json, msgpack, tuple',
    ],
    ['a name every object has', 'toString', 'Cannot use an encoding named "toString"'],
    [
      'the name of a built-in one',
      { ...upper, name: 'json' },
      'Cannot use an encoding named "json": expected 1 to 64',
    ],
    ['an empty name', { ...upper, name: '' }, 'Cannot use an encoding named ""'],
    ['a long name', { ...upper, name: 'x'.repeat(65) }, 'expected 1 to 64 characters'],
  ])('throws RangeError for %s', (_, option, message) => {
    expect(() => resolveEncoding(option as EncodingOption)).toThrow(RangeError);
    expect(() => resolveEncoding(option as EncodingOption)).toThrow(message);
  });

  test.each([
    [undefined, 'expected a name or { encode, decode }, received undefined'],
    [null, 'received null'],
    [7, 'received number'],
    [{ encode: upper.encode }, 'received Object'],
    [{ ...upper, name: 7 }, 'its name must be a string, received number'],
  ])('throws TypeError for %j', (option, message) => {
    expect(() => resolveEncoding(option as unknown as EncodingOption)).toThrow(TypeError);
    expect(() => resolveEncoding(option as unknown as EncodingOption)).toThrow(message);
  });

  test('gives the type of the values', () => {
    expectTypeOf<ValueOf<'utf8'>>().toEqualTypeOf<string>();
    expectTypeOf<ValueOf<'binary'>>().toEqualTypeOf<Uint8Array>();
    expectTypeOf<ValueOf<'json'>>().toEqualTypeOf<unknown>();
    expectTypeOf<ValueOf<'tuple'>>().toEqualTypeOf<Tuple>();
    expectTypeOf<ValueOf<CustomEncoding<Date>>>().toEqualTypeOf<Date>();
    expectTypeOf(resolveEncoding('utf8').read).returns.toEqualTypeOf<string>();
    expectTypeOf(resolveEncoding(upper).read).returns.toEqualTypeOf<string>();
  });
});

describe('resolveEncodings', () => {
  const inPlace = { ...encodings.utf8, name: 'in-place' };

  test('gives both, which may have one name, or one object of two functions', () => {
    for (const option of ['utf8', 'binary', 'json', 'msgpack', 'tuple', upper] as const) {
      const { key, value } = resolveEncodings(option, option);
      expect(key.name).toBe(value.name);
    }
    const other = { ...inPlace };
    expect(resolveEncodings(inPlace, other)).toEqual({ key: inPlace, value: other });
  });

  test('throws TypeError for one object that works in place, for both', () => {
    const resolving = () => resolveEncodings(inPlace, inPlace);
    expect(resolving).toThrow(TypeError);
    expect(resolving).toThrow('"in-place", for both keys and values');
    expect(resolving).toThrow('give two objects');
  });
});
