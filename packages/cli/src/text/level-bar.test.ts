import { describe, expect, test } from 'vitest';
import { levelBar } from './level-bar.js';

const bar = (...fileSizesBytes: number[]) =>
  levelBar(fileSizesBytes, { largestSizeBytes: 100, widthColumns: 20 });
const segmentsOf = (text: string) => [...text.matchAll(/█*▊/g)].map(([segment]) => segment.length);

describe('levelBar', () => {
  test.each([
    ['nothing for an empty level', [], ''],
    ['one file over the whole width', [100], `${'█'.repeat(19)}▊`],
    ['half the width for half the bytes', [50], `${'█'.repeat(9)}▊`],
    ['a border after every file', [25, 25, 25, 25], '████▊████▊████▊████▊'],
    ['files that do not divide the width', [17, 17, 17], '██▊███▊██▊'],
    ['large files longer than small ones', [50, 25, 10, 15], '█████████▊████▊█▊██▊'],
    ['a tiny file between large ones', [50, 1, 49], '█████████▊▊████████▊'],
    ['tiny files at the start', [1, 1, 1, 97], '▊▊▊████████████████▊'],
    ['tiny files at the end', [97, 1, 1, 1], '████████████████▊▊▊▊'],
    ['one column for a tiny level', [1], '▊'],
    ['no borders for too many files', Array(50).fill(2), '▓'.repeat(20)],
    ['no borders for several tiny files', [4, 3, 3], '▓▓'],
  ])('draws %s', (_name, fileSizesBytes, expected) => {
    expect(bar(...fileSizesBytes)).toBe(expected);
  });

  test('is as long as it should be, with a segment per file, for files of any sizes', () => {
    for (let fileCount = 1; fileCount <= 10; fileCount += 1) {
      for (const factor of [0.1, 0.5, 1, 2, 10]) {
        const weights = Array.from({ length: fileCount }, (_, index) => factor ** index);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const segments = segmentsOf(bar(...weights.map((weight) => (weight / total) * 100)));
        expect(segments.length).toBe(fileCount);
        expect(segments.reduce((sum, length) => sum + length, 0)).toBe(20);
      }
    }
  });
});
