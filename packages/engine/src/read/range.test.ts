import { createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { resolveEncoding } from '../encoding/index.js';
import { afterPrefix, encodeKey, encodeRange, type RangeOptions } from './range.js';

const text = resolveEncoding('utf8');
const binary = resolveEncoding('binary');

function bounds(range: RangeOptions<string>): [string | null, string | null] {
  const { lower, upper } = encodeRange(text, range);
  const show = (bytes: Uint8Array | null): string | null =>
    bytes === null ? null : String.fromCharCode(...bytes);
  return [show(lower), show(upper)];
}

describe('encodeRange', () => {
  test.each<[RangeOptions<string>, [string | null, string | null]]>([
    [{}, [null, null]],
    [{ gte: 'b' }, ['b', null]],
    [{ gt: 'b' }, ['b\0', null]],
    [{ lt: 'd' }, [null, 'd']],
    [{ lte: 'd' }, [null, 'd\0']],
    [{ gte: '', lte: '' }, ['', '\0']],
    [{ gt: '' }, ['\0', null]],
    [{ gt: 'b', gte: 'c' }, ['c', null]],
    [{ gt: 'c', gte: 'b' }, ['c\0', null]],
    [{ gt: 'b', gte: 'b' }, ['b\0', null]],
    [{ lt: 'd', lte: 'c' }, [null, 'c\0']],
    [{ lt: 'c', lte: 'd' }, [null, 'c']],
    [{ lt: 'd', lte: 'd' }, [null, 'd']],
    [{ prefix: 'ab' }, ['ab', 'ac']],
    [{ prefix: '' }, ['', null]],
    [{ prefix: 'ab', gte: 'abc', lt: 'z' }, ['abc', 'ac']],
    [{ prefix: 'ab', gte: 'a', lt: 'abx' }, ['ab', 'abx']],
    [{ gte: 'z', lt: 'a' }, ['z', 'a']],
  ])('%j reads from and up to %j', (range, expected) => {
    expect(bounds(range)).toEqual(expected);
  });

  test.each([
    [[0x61], [0x62]],
    [[0x61, 0xff], [0x62]],
    [[0x61, 0xff, 0xff], [0x62]],
    [[0x00], [0x01]],
    [[0xfe, 0xff], [0xff]],
    [[0xff, 0xff], null],
    [[], null],
  ])('the keys that start with %j end before %j', (prefix, end) => {
    const after = afterPrefix(Uint8Array.from(prefix));
    expect(after === null ? null : [...after]).toEqual(end);
  });

  test('agrees with what the options say, key by key', () => {
    // Short keys of few bytes, so that every relation between key and bound comes up.
    const random = createRandom(0x4a9e);
    const randomKey = (): Uint8Array =>
      Uint8Array.from(
        { length: random.below(4) },
        () => [0, 1, 0x7f, 0xfe, 0xff][random.below(5)]!,
      );
    const maybe = (): Uint8Array | undefined => (random.below(2) === 0 ? randomKey() : undefined);
    for (let round = 0; round < 5000; round++) {
      const options = { gt: maybe(), gte: maybe(), lt: maybe(), lte: maybe(), prefix: maybe() };
      const given = Object.fromEntries(
        Object.entries(options).filter(([, value]) => value !== undefined),
      ) as RangeOptions<Uint8Array>;
      const { lower, upper } = encodeRange(binary, given);
      const key = randomKey();
      const { gt, gte, lt, lte, prefix } = given;
      const wanted =
        (gt === undefined || Buffer.compare(key, gt) > 0) &&
        (gte === undefined || Buffer.compare(key, gte) >= 0) &&
        (lt === undefined || Buffer.compare(key, lt) < 0) &&
        (lte === undefined || Buffer.compare(key, lte) <= 0) &&
        (prefix === undefined || Buffer.compare(key.subarray(0, prefix.length), prefix) === 0);
      const isIn =
        (lower === null || Buffer.compare(key, lower) >= 0) &&
        (upper === null || Buffer.compare(key, upper) < 0);
      expect(isIn, JSON.stringify({ given, key: [...key] })).toBe(wanted);
    }
  });

  test('keeps its own copy of the bounds', () => {
    const gte = Buffer.from('b');
    const { lower } = encodeRange(binary, { gte });
    gte.fill(0);
    expect([...lower!]).toEqual([0x62]);
  });

  test('fills in direction, limit and snapshot', () => {
    const snapshot = { sequence: 3, released: false };
    expect(encodeRange(text, {})).toMatchObject({
      reverse: false,
      limit: Number.POSITIVE_INFINITY,
    });
    expect(encodeRange(text, { reverse: true, limit: 0, snapshot })).toMatchObject({
      reverse: true,
      limit: 0,
      snapshot,
    });
  });

  test.each([-1, 1.5, Number.NaN, Number.NEGATIVE_INFINITY, '3', null])(
    'refuses the limit %j',
    (limit) => {
      expect(() => encodeRange(text, { limit: limit as number })).toThrow(RangeError);
    },
  );

  test.each([0, 'yes', null])('refuses the direction %j', (reverse) => {
    expect(() => encodeRange(text, { reverse: reverse as unknown as boolean })).toThrow(TypeError);
  });

  test.each(['gt', 'gte', 'lt', 'lte', 'prefix'])('refuses a %s of another type', (name) => {
    expect(() => encodeRange(text, { [name]: 7 })).toThrow(TypeError);
  });

  test('encodes one key as it is', () => {
    expect([...encodeKey(text, 'é')]).toEqual([0xc3, 0xa9]);
    expect(encodeKey(text, '')).toHaveLength(0);
  });
});
