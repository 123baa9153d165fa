import { describe, expect, test } from 'vitest';
import { type EntryFormat, entryJson, entryLine } from './entry-text.js';
import { createPalette } from './palette.js';
import { createTextCodec } from './text-codec.js';

const palette = createPalette({ isTTY: false }, {});
const bytes = (text: string) => new TextEncoder().encode(text);
const [utf8, hex, base64, json] = (['utf8', 'hex', 'base64', 'json'] as const).map(createTextCodec);
const format = (changes: Partial<EntryFormat> = {}): EntryFormat => ({
  keyCodec: utf8!,
  valueCodec: utf8!,
  part: 'both',
  ...changes,
});

describe('entryLine', () => {
  test.each([
    [format(), 'k\tv\\x0a'],
    [format({ part: 'keys' }), 'k'],
    [format({ part: 'values' }), 'v\\x0a'],
    [format({ keyCodec: hex!, valueCodec: base64! }), '6b\tdgo='],
  ])('%# gives %j', (entryFormat, line) => {
    expect(entryLine(bytes('k'), bytes('v\n'), { format: entryFormat, palette })).toBe(line);
  });
});

describe('entryJson', () => {
  test.each([
    [format(), '{"key":"k","value":"v\\n"}'],
    [format({ part: 'keys' }), '{"key":"k"}'],
    [format({ part: 'values', valueCodec: hex! }), '{"value":"760a"}'],
  ])('%j gives %s', (entryFormat, line) => {
    expect(entryJson(bytes('k'), bytes('v\n'), entryFormat)).toBe(line);
  });

  test('puts structured values into the object as they are', () => {
    const line = entryJson(bytes('k'), bytes('{"a":[1]}'), format({ valueCodec: json! }));
    expect(line).toBe('{"key":"k","value":{"a":[1]}}');
  });

  test('refuses bytes that are not utf8', () => {
    expect(() => entryJson(new Uint8Array([255]), bytes(''), format())).toThrow('not valid UTF-8');
  });
});
