import { describe, expect, test } from 'vitest';
import { KeyspaceModel, type TextRange } from './model.js';

function keysOf(range: TextRange): string {
  const keyspace = new KeyspaceModel('default');
  for (const key of ['b', 'a', 'ab', '', 'c', 'abc']) keyspace.set(key, 1, key);
  keyspace.set('c', 2, undefined);
  keyspace.set('d', 3, 'd');
  return keyspace
    .entries(2, range)
    .map(([key]) => key || '-')
    .join(' ');
}

describe('KeyspaceModel', () => {
  test.each<[TextRange, string]>([
    [{}, '- a ab abc b'],
    [{ reverse: true }, 'b abc ab a -'],
    [{ gte: 'ab' }, 'ab abc b'],
    [{ gt: 'ab' }, 'abc b'],
    [{ lt: 'ab' }, '- a'],
    [{ lte: 'ab' }, '- a ab'],
    [{ prefix: 'ab' }, 'ab abc'],
    [{ prefix: '', limit: 2 }, '- a'],
    [{ reverse: true, limit: 2 }, 'b abc'],
    [{ gte: 'b', lt: 'a' }, ''],
  ])('gives the keys of %j', (range, keys) => {
    expect(keysOf(range)).toBe(keys);
  });

  test('gives the value that a key had at a sequence', () => {
    const keyspace = new KeyspaceModel('default');
    keyspace.set('a', 2, 'old');
    keyspace.set('a', 5, undefined);
    keyspace.set('a', 7, 'new');
    const values = [1, 2, 4, 5, 6, 7, 99].map((sequence) => keyspace.get('a', sequence));
    expect(values).toEqual([undefined, 'old', 'old', undefined, undefined, 'new', 'new']);
  });
});
