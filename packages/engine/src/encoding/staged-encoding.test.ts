import { BugError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { JsonEncoding } from './json-encoding.js';
import { MsgpackEncoding } from './msgpack-encoding.js';
import { TupleEncoding } from './tuple-encoding.js';

describe('StagedEncoding', () => {
  test.each([new JsonEncoding(), new MsgpackEncoding(), new TupleEncoding()])(
    'looks at a value once: $name',
    (encoding) => {
      let readCount = 0;
      const value = Object.defineProperty([0], '0', {
        get: () => `x${++readCount}`,
        enumerable: true,
      });
      const target = new Uint8Array(encoding.sizeBound(value));
      const end = encoding.write(value, target, 0);
      expect(encoding.read(target, 0, end)).toEqual(['x1']);
      expect(readCount).toBe(1);
    },
  );

  test.each([new JsonEncoding(), new MsgpackEncoding(), new TupleEncoding()])(
    'keeps what it staged when the value changes before it is written: $name',
    (encoding) => {
      const value = ['before'];
      const target = new Uint8Array(encoding.sizeBound(value));
      value[0] = 'changed, and longer than what was staged';
      expect(encoding.read(target, 0, encoding.write(value, target, 0))).toEqual(['before']);
    },
  );

  test('refuses to write what was not staged last', () => {
    const encoding = new JsonEncoding();
    const target = new Uint8Array(100);
    expect(() => encoding.write('never', target, 0)).toThrow(BugError);
    encoding.sizeBound('first');
    encoding.sizeBound('second');
    expect(() => encoding.write('first', target, 0)).toThrow(BugError);
    expect(encoding.write('second', target, 0)).toBe('"second"'.length);
    expect(() => encoding.write('second', target, 0)).toThrow(BugError);
  });

  test('a value that writes another one while it is encoded is written whole', () => {
    const encoding = new TupleEncoding();
    const inner = new Uint8Array(100);
    const first = ['its memory is used again'];
    encoding.write(first, new Uint8Array(encoding.sizeBound(first)), 0);
    const outer = Object.defineProperty(['first', 0, 'last'], '1', {
      get() {
        const value = ['y'.repeat(20)];
        encoding.sizeBound(value);
        return encoding.write(value, inner, 0);
      },
    });
    const target = new Uint8Array(encoding.sizeBound(outer));
    expect(encoding.read(target, 0, encoding.write(outer, target, 0))).toEqual([
      'first',
      22,
      'last',
    ]);
  });
});
