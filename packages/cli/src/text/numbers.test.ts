// Approach: a table of values at and around every border between two units.

import { describe, expect, test } from 'vitest';
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatDuration,
  formatQuantity,
  formatRate,
  formatRatio,
  formatShare,
} from './numbers.js';

describe('formatCount', () => {
  test.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1_217_097, '1,217,097'],
  ])('%d is %s', (count, text) => expect(formatCount(count)).toBe(text));
});

describe('formatQuantity', () => {
  test.each([
    [0, 'table', '0 tables'],
    [1, 'table', '1 table'],
    [1200, 'table', '1,200 tables'],
    [1, 'entry', '1 entry'],
    [2, 'entry', '2 entries'],
    [2, 'key', '2 keys'],
    [2, 'flush', '2 flushes'],
  ])('%d %s is %s', (count, noun, text) => expect(formatQuantity(count, noun)).toBe(text));
});

describe('formatBytes', () => {
  test.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.00 KiB'],
    [10_240, '10.0 KiB'],
    [102_400, '100 KiB'],
    [1_048_575, '1.00 MiB'],
    [50_541_363, '48.2 MiB'],
    [2 ** 40, '1.00 TiB'],
    [2 ** 53, '8.00 PiB'],
  ])('%d is %s', (sizeBytes, text) => expect(formatBytes(sizeBytes)).toBe(text));
});

describe('formatRate', () => {
  test.each([
    [0, 1000, '0/s'],
    [950, 1000, '950/s'],
    [999.9, 1000, '1.00 k/s'],
    [1_420_000, 1000, '1.42 M/s'],
    [10, 0, '10.0 k/s'],
  ])('%d in %d ms is %s', (count, ms, text) => expect(formatRate(count, ms)).toBe(text));
});

describe('formatByteRate', () => {
  test('is bytes per second', () => expect(formatByteRate(1024, 500)).toBe('2.00 KiB/s'));
});

describe('formatDuration', () => {
  test.each([
    [0.42, '0.42 ms'],
    [10, '10 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [59_940, '59.9 s'],
    [59_960, '1 min 00 s'],
    [125_000, '2 min 05 s'],
    [3_780_000, '1 h 03 min'],
  ])('%d ms is %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('formatRatio', () => {
  test.each([
    [2.414, '2.41x'],
    [Number.NaN, '-'],
    [undefined, '-'],
  ])('%d is %s', (ratio, text) => expect(formatRatio(ratio)).toBe(text));
});

describe('formatShare', () => {
  test('is a percentage with one decimal', () => expect(formatShare(0.9734)).toBe('97.3 %'));
});
