// Approach: round trips over random bytes for the reversible forms, and tables for what is refused or escaped.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../failures.js';
import {
  escapeControls,
  escapeForTerminal,
  formatBytesAsText,
  parseBytes,
  UnprintableBytesError,
} from './byte-text.js';

const bytes = (...values: number[]) => new Uint8Array(values);
const text = (value: string) => new TextEncoder().encode(value);

describe('parseBytes', () => {
  test.each([
    ['utf8', 'né', [0x6e, 0xc3, 0xa9]],
    ['utf8', '', []],
    ['utf8', '\ufeffa', [0xef, 0xbb, 0xbf, 0x61]],
    ['hex', '00Ff', [0, 255]],
    ['hex', '', []],
    ['base64', 'AP8=', [0, 255]],
    ['base64', 'AP8', [0, 255]],
  ] as const)('reads %s %j', (form, input, expected) => {
    expect([...parseBytes(input, form)]).toEqual([...expected]);
  });

  test.each([
    ['utf8', 'a\ud800b'],
    ['hex', 'abc'],
    ['hex', 'zz'],
    ['hex', '0x00'],
    ['base64', 'AP8*'],
    ['base64', 'A'],
    ['base64', 'A==='],
  ] as const)('refuses %s %j', (form, input) => {
    expect(() => parseBytes(input, form)).toThrow(UsageError);
  });

  test('reads back what formatBytesAsText wrote, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (content) => {
        for (const form of ['hex', 'base64'] as const) {
          expect(parseBytes(formatBytesAsText(content, form), form)).toEqual(content);
        }
      }),
    );
  });

  test('reads back any well-formed text as utf8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (content) => {
        expect(formatBytesAsText(parseBytes(content, 'utf8'), 'utf8')).toBe(content);
      }),
    );
  });
});

describe('formatBytesAsText', () => {
  test('refuses to replace bytes that are not utf8, and shows them', () => {
    expect(() => formatBytesAsText(bytes(0x61, 0xff), 'utf8')).toThrow(UnprintableBytesError);
    expect(() => formatBytesAsText(bytes(0x61, 0xff), 'utf8')).toThrow('hex 61ff');
  });
});

describe('escapeForTerminal', () => {
  test.each([
    [text('plain né 漢字'), 'plain né 漢字'],
    [text('tab\tline\n'), 'tab\\x09line\\x0a'],
    [text('\u001b[31mred'), '\\x1b[31mred'],
    [text('\u202egnp.exe'), '\\u{202e}gnp.exe'],
    [bytes(0x61, 0xff, 0xc3, 0xa9, 0xc3), 'a\\xffé\\xc3'],
    [bytes(0xf0, 0x9f, 0x98, 0x80, 0x80), '😀\\x80'],
    [bytes(0xe0, 0x80, 0x80), '\\xe0\\x80\\x80'],
    [bytes(), ''],
  ])('%j becomes %s', (content, expected) => {
    expect(escapeForTerminal(content)).toBe(expected);
  });

  test('never lets a control character out, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (content) => {
        expect(escapeForTerminal(content)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

describe('escapeControls', () => {
  test('leaves ordinary text alone', () => expect(escapeControls('a\\b "c"')).toBe('a\\b "c"'));
});
