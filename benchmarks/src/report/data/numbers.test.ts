import { expect, test } from 'vitest';
import { bytesText, countText, figureText, microsecondsText, ratioText } from './numbers.js';

test.each([
  [countText(0), '0'],
  [countText(999.4), '999'],
  [countText(999.6), '1 k'],
  [countText(1_240_000), '1.24 M'],
  [countText(null), '–'],
  [countText(Number.NaN), '–'],
  [bytesText(4096), '4 KiB'],
  [bytesText(64 * 2 ** 20), '64 MiB'],
  [microsecondsText(0.45), '450 ns'],
  [microsecondsText(1500), '1.5 ms'],
  [microsecondsText(0), '0 µs'],
  [figureText(1.0849), '1.08'],
  [figureText(Number.POSITIVE_INFINITY), '–'],
  [ratioText(0.939), '0.94×'],
  [ratioText(18.13), '18.1×'],
  [ratioText(150.4), '150×'],
])('a number is written as %s', (written, expected) => {
  expect(written.replaceAll('\u202f', ' ')).toBe(expected);
});
