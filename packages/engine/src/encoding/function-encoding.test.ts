import { StorageError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import type { CustomEncoding } from './encoding.js';
import { resolveEncoding } from './resolve-encoding.js';

describe('FunctionEncoding', () => {
  test('copies what encode() gives, since the next call may fill the same buffer', () => {
    const shared = new Uint8Array(1);
    const counter: CustomEncoding<number> = {
      encode(value) {
        shared[0] = value;
        return shared;
      },
      decode: (bytes) => bytes[0],
    };
    const encoding = resolveEncoding(counter);
    const target = new Uint8Array(1);
    encoding.sizeBound(1);
    shared[0] = 2;
    encoding.write(1, target, 0);
    expect(target[0]).toBe(1);
  });

  test('gives decode() bytes of its own', () => {
    const keeper: CustomEncoding<Uint8Array> = {
      encode: (value) => value,
      decode: (bytes) => bytes,
    };
    const source = Uint8Array.of(1, 2, 3);
    const kept = resolveEncoding(keeper).read(source, 1, 3);
    source.fill(9);
    expect([...kept]).toEqual([2, 3]);
    kept.fill(7);
    expect([...source]).toEqual([9, 9, 9]);
  });

  test('calls the functions as methods of the object', () => {
    class Shifted {
      readonly shift = 3;
      encode(value: number): Uint8Array {
        return Uint8Array.of(value + this.shift);
      }
      decode(bytes: Uint8Array): number {
        return bytes[0] - this.shift;
      }
    }
    const encoding = resolveEncoding(new Shifted());
    const target = new Uint8Array(encoding.sizeBound(4));
    expect(encoding.read(target, 0, encoding.write(4, target, 0))).toBe(4);
  });

  test.each([
    ['a string', 'text'],
    ['an array', [1]],
    ['a promise', Promise.resolve(new Uint8Array(1))],
    ['nothing', undefined],
  ])('refuses %s from encode()', (_, result) => {
    const encoding = resolveEncoding({ encode: () => result as never, decode: () => 0 });
    expect(() => encoding.sizeBound(1)).toThrow(TypeError);
    expect(() => encoding.sizeBound(1)).toThrow(
      'Cannot encode as custom: expected encode() to return a Uint8Array, received',
    );
  });

  test('lets an error of encode() through and makes one of decode() the cause of CORRUPTION', () => {
    const problem = new Error('the user knows');
    const fail = (): never => {
      throw problem;
    };
    const encoding = resolveEncoding<CustomEncoding<number>>({
      name: 'failing',
      encode: fail,
      decode: fail,
    });
    expect(() => encoding.sizeBound(1)).toThrow(problem);
    const expected = new StorageError(
      'CORRUPTION',
      'Cannot decode as failing: decode() refused the 2 bytes',
      {
        where: 'value',
        cause: problem,
      },
    );
    expect(() => encoding.read(new Uint8Array(5), 1, 3)).toThrow(expected);
  });
});
