import { encodeText } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { type KeyRange, rangeOf, rangesMeet, totalSizeBytes } from './key-range.js';
import { drawTable } from './testing/tree-text.js';

function range(keys: string): KeyRange {
  const [smallest, largest] = keys.split('-');
  return { smallest: encodeText(smallest), largest: encodeText(largest) };
}

function table(fileNumber: number, keys: string) {
  const { smallest, largest } = range(keys);
  return drawTable({ fileNumber, smallestKey: smallest, largestKey: largest, sizeBytes: 7 });
}

describe('rangesMeet', () => {
  test.each([
    ['a-c', 'd-f', false],
    ['a-c', 'c-f', true],
    ['a-c', 'b-b', true],
    ['a-z', 'c-d', true],
    ['a-a', 'a-a', true],
    ['a-az', 'b-c', false],
    ['a-b', 'b0-c', false],
  ])('of %s and %s is %s, in both orders', (a, b, expected) => {
    expect(rangesMeet(range(a), range(b))).toBe(expected);
    expect(rangesMeet(range(b), range(a))).toBe(expected);
  });
});

describe('rangeOf', () => {
  test('covers all tables, in any order', () => {
    const tables = [table(1, 'd-e'), table(2, 'a-b'), table(3, 'c-z'), table(4, 'f-g')];
    expect(rangeOf(tables)).toEqual(range('a-z'));
    expect(rangeOf(tables.slice(0, 1))).toEqual(range('d-e'));
    expect(totalSizeBytes(tables)).toBe(28);
  });
});
