import { describe, expect, test } from 'vitest';
import { decodeText, encodeText } from './text.js';

describe('decodeText', () => {
  test.each(['', 'plain', 'naïve', '日本語', '🗻', '\u0000', '\ufeffmarked'])(
    'reads back %j',
    (text) => {
      expect(decodeText(encodeText(text))).toBe(text);
    },
  );

  test.each([
    ['80', 'a continuation without a start'],
    ['c3', 'a character cut short'],
    ['c080', 'zero in two bytes'],
    ['eda080', 'half a surrogate pair'],
    ['f4908080', 'beyond U+10FFFF'],
    ['ff', 'a byte that never occurs'],
  ])('gives undefined for %s: %s', (hex) => {
    expect(decodeText(Buffer.from(hex, 'hex'))).toBeUndefined();
  });

  test('reads from shared memory', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(3));
    bytes.set(encodeText('abc'));
    expect(decodeText(bytes)).toBe('abc');
  });
});

describe('encodeText', () => {
  test('replaces half a surrogate pair', () => {
    expect(decodeText(encodeText('a\ud800b'))).toBe('a\ufffdb');
  });
});
