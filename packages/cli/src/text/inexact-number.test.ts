// Approach: whole numbers near 2^53 are held against bigints; texts around a number that is known are made up.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeInexactNumber, findInexactNumber } from './inexact-number.js';

const ID = '1234567890123456781';

describe('findInexactNumber', () => {
  test.each([
    ID,
    `-${ID}`,
    '9007199254740993',
    '1e400',
    '-1E+400',
    '12345678901234567890123',
    '1.234567890123456781e18',
    '9007199254740.993e3',
    '1234567890123456781.5',
    '36893488147419103232',
  ])('finds %s', (literal) => {
    expect(findInexactNumber(`{"a":[true,${literal} ]}`)).toBe(literal);
    expect(findInexactNumber(literal)).toBe(literal);
  });

  test.each([
    '9007199254740991',
    '9007199254740992',
    '-1e21',
    '100000000000000000000',
    '1.5e300',
    '12345678901234567000',
    '1234567890.12345678901234',
    '0.1000000000000000055511151231257827',
    '1e-400',
    '0e999',
  ])('takes %s as it is', (literal) => {
    expect(findInexactNumber(`[${literal}]`)).toBeUndefined();
  });

  test('takes every number that JSON.stringify writes', () => {
    const isTaken = (number: number) => findInexactNumber(JSON.stringify(number)) === undefined;
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), isTaken));
  });

  test('finds a whole number exactly when it is written as another after it was read', () => {
    const limit = 10n ** 21n - 2n ** 17n;
    fc.assert(
      fc.property(fc.bigInt({ min: -limit, max: limit }), (whole) => {
        const isSame = BigInt(String(Number(whole))) === whole;
        expect(findInexactNumber(String(whole))).toBe(isSame ? undefined : String(whole));
      }),
    );
  });

  test('does not look into strings', () => {
    const awkward = { [ID]: ID, 'a\\"': `\\"${ID}`, b: `"${ID}\\`, c1e400: '1e400' };
    expect(findInexactNumber(JSON.stringify(awkward))).toBeUndefined();
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '1', 'e', '{', ']', ':') });
    fc.assert(
      fc.property(fc.array(text), (texts) => {
        const before = JSON.stringify([...texts, ID]).slice(0, -1);
        expect(findInexactNumber(`${before},{"x":-${ID}}]`)).toBe(`-${ID}`);
        expect(findInexactNumber(`${before}]`)).toBeUndefined();
      }),
    );
  });

  test('looks only at the field that matters, and at the last of its name', () => {
    const json = `{"\\u0061" : {"b":[${ID}]}, "b":"a","c":1e400, "c":{"a":5},"d":"1","d":-${ID}}`;
    const found = ['a', 'b', 'c', 'd', 'e'].map((field) => findInexactNumber(json, { field }));
    expect(found).toEqual([ID, undefined, undefined, `-${ID}`, undefined]);
  });

  test('takes a string of millions of escaped characters', () => {
    const json = `["${'\\"'.repeat(5_000_000)}",${ID}]`;
    expect(findInexactNumber(json)).toBe(ID);
  });
});

describe('describeInexactNumber', () => {
  test('says what would become of it', () => {
    expect(describeInexactNumber(ID)).toBe(
      `the number ${ID}, which would be read as 1234567890123456800`,
    );
    expect(describeInexactNumber('1e400')).toContain('Infinity');
  });
});
