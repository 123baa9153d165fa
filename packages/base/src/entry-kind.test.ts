import { expect, test } from 'vitest';
import { EntryKind, MAX_SEQUENCE } from './entry-kind.js';

test('EntryKind keeps the numbers that files hold', () => {
  expect(EntryKind).toEqual({
    put: 1,
    delete: 2,
    merge: 3,
    rangeDelete: 4,
    putWithExpiry: 5,
    valuePointer: 6,
  });
});

test('MAX_SEQUENCE is the last number that can be counted to', () => {
  expect(MAX_SEQUENCE).toBe(2 ** 53 - 1);
});
