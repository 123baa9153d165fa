import { describe, expect, test } from 'vitest';
import { assert, assertNever, BugError } from './assert.js';

describe('assert', () => {
  test.each([true, 1, 'text', {}])('lets %j pass', (condition) => {
    expect(() => assert(condition, 'unused')).not.toThrow();
  });

  test.each([false, 0, '', null, undefined])('throws BugError for %j', (condition) => {
    expect(() => assert(condition, 'offset is negative')).toThrow(
      new BugError('offset is negative'),
    );
  });
});

describe('assertNever', () => {
  test('throws BugError that names the value', () => {
    const value = 'sideways' as never;
    expect(() => assertNever(value)).toThrow(new BugError('Unexpected value: sideways'));
  });
});

describe('BugError', () => {
  test('is an Error with its own name', () => {
    const error = new BugError('text');
    expect(error).toBeInstanceOf(Error);
    expect(`${error}`).toBe('BugError: text');
  });
});
