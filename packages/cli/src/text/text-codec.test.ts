import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../failures.js';
import { UnprintableBytesError } from './byte-text.js';
import {
  createTextCodec,
  defaultTextEncoding,
  engineEncodingFor,
  TEXT_ENCODINGS,
} from './text-codec.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('createTextCodec', () => {
  test.each(['json', 'msgpack', 'tuple'] as const)(
    '%s reads back any array of JSON values',
    (name) => {
      const codec = createTextCodec(name);
      // JSON has one zero; -0 is written as 0.
      const json = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)));
      fc.assert(
        fc.property(fc.array(json), (value) => {
          const stored = codec.parse(JSON.stringify(value));
          expect(codec.toField(stored)).toEqual(value);
          expect(codec.toField(codec.parseField(value))).toEqual(value);
          expect(JSON.parse(codec.format(stored))).toEqual(value);
          expect(codec.show(stored)).not.toMatch(/\p{Cc}/u);
        }),
      );
    },
  );

  test.each([
    ['json', 'text', /must be JSON/],
    ['msgpack', '{', /must be JSON/],
    ['tuple', '"a"', /must be a JSON array/],
    ['tuple', 'a', /\["CH", 42\]/],
    ['hex', 'x', /as hex/],
  ] as const)('%s refuses %s', (name, text, message) => {
    expect(() => createTextCodec(name).parse(text)).toThrow(UsageError);
    expect(() => createTextCodec(name).parse(text)).toThrow(message);
  });

  test.each([
    [new Date(0), 'a date', '"1970-01-01T00:00:00.000Z"'],
    [new Uint8Array([255]), 'bytes', '"0xff"'],
    [5n, 'a bigint', '"5"'],
    [Number.NaN, 'the number NaN', '"NaN"'],
  ])('msgpack shows %s and refuses to write it as JSON', (value, kind, shown) => {
    const codec = createTextCodec('msgpack');
    expect(codec.show([value])).toBe(`[${shown}]`);
    expect(() => codec.toField({ deep: [value] })).toThrow(UnprintableBytesError);
    expect(() => codec.format({ deep: [value] })).toThrow(kind);
  });

  test.each([
    ['json', '{"id":1234567890123456781}', /1234567890123456781, .* read as 1234567890123456800/],
    ['json', '1e400', /in quotes/],
    ['msgpack', '[1e400]', /Infinity/],
    ['tuple', '["CH", 9007199254740993]', /9007199254740993/],
  ] as const)('%s refuses %s, which holds a number that would change', (name, text, message) => {
    expect(() => createTextCodec(name).parse(text)).toThrow(UsageError);
    expect(() => createTextCodec(name).parse(text)).toThrow(message);
  });

  test('json shows a stored number that would change and refuses to write it', () => {
    const codec = createTextCodec('json');
    const stored = bytes('{"id":1234567890123456781}');
    expect(codec.show(stored)).toBe('{"id":1234567890123456781}');
    expect(() => codec.toField(stored)).toThrow(UnprintableBytesError);
    expect(() => codec.format(stored)).toThrow('holds the number 1234567890123456781');
    expect(() => codec.format(stored)).toThrow(
      expect.objectContaining({ advice: expect.stringContaining('--value-encoding utf8') }),
    );
  });

  test('json shows damaged text instead of failing', () => {
    const codec = createTextCodec('json');
    expect(codec.show(bytes('{"a":'))).toBe('{"a":');
    expect(() => codec.toField(bytes('{"a":'))).toThrow(UnprintableBytesError);
  });

  test('utf8 takes a JSON field that is no text as its JSON', () => {
    const codec = createTextCodec('utf8');
    expect(codec.parseField({ a: 1 })).toEqual(bytes('{"a":1}'));
    expect(codec.parseField('a')).toEqual(bytes('a'));
  });
});

describe('defaultTextEncoding', () => {
  test.each([
    ['utf8', 'utf8'],
    ['binary', 'hex'],
    ['json', 'json'],
    ['msgpack', 'msgpack'],
    ['tuple', 'tuple'],
    ['my-own', 'hex'],
  ])('%s is written as %s', (engine, text) => expect(defaultTextEncoding(engine)).toBe(text));
});

describe('engineEncodingFor', () => {
  test('is such that the same text encoding is the default afterwards, hex standing for all bytes', () => {
    for (const name of TEXT_ENCODINGS) {
      const expected = name === 'base64' ? 'hex' : name;
      expect(defaultTextEncoding(engineEncodingFor(name))).toBe(expected);
    }
  });
});
