import { describe, expect, test } from 'vitest';
import { levelBar } from './level-bar.js';

const bar = (fileCount: number, sizeBytes: number) =>
  levelBar({ fileCount, sizeBytes }, { largestSizeBytes: 100, widthColumns: 20 });

describe('levelBar', () => {
  test.each([
    ['nothing for an empty level', 0, 0, ''],
    ['one file over the whole width', 1, 100, `${'█'.repeat(19)}▊`],
    ['half the width for half the bytes', 1, 50, `${'█'.repeat(9)}▊`],
    ['a border after every file', 4, 100, '████▊████▊████▊████▊'],
    ['files that do not divide the width', 3, 50, '██▊███▊██▊'],
    ['one column for a tiny level', 1, 1, '▊'],
    ['no borders for too many files', 50, 100, '▓'.repeat(20)],
    ['no borders for several tiny files', 3, 10, '▓▓'],
  ])('draws %s', (_name, fileCount, sizeBytes, expected) => {
    expect(bar(fileCount, sizeBytes)).toBe(expected);
  });

  test('is as long as it should be for any number of files', () => {
    for (let fileCount = 1; fileCount <= 10; fileCount += 1) {
      expect(bar(fileCount, 100).length).toBe(20);
    }
  });
});
