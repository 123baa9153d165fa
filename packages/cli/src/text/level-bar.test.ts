import { describe, expect, test } from 'vitest';
import { levelBar } from './level-bar.js';

const bar = (sizes: number[], largestSizeBytes = 100, widthColumns = 20) =>
  levelBar(sizes, { largestSizeBytes, widthColumns });

describe('levelBar', () => {
  test.each([
    ['nothing for an empty level', [], ''],
    ['one file over the whole width', [100], `${'█'.repeat(19)}▊`],
    ['half the width for half the bytes', [50], `${'█'.repeat(9)}▊`],
    ['a border after every file', [50, 25, 25], '█████████▊████▊████▊'],
    ['at least one column for a tiny file', [98, 1, 1], '███████████████████▊▊▊'],
    ['one column for a tiny level', [1], '▊'],
    ['no borders for too many files', Array(50).fill(2), '▓'.repeat(20)],
  ])('draws %s', (_name, sizes, expected) => expect(bar(sizes)).toBe(expected));
});
