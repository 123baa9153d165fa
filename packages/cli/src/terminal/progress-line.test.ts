import { describe, expect, test } from 'vitest';
import { createPalette } from '../text/palette.js';
import { progressLine } from './progress-line.js';

const palette = createPalette({ isTTY: false }, {});
const line = (share: number | undefined, count: number, elapsedMs: number, widthColumns = 120) =>
  progressLine(
    { label: 'Importing', count, noun: 'records', share, elapsedMs },
    { palette, widthColumns },
  );

describe('progressLine', () => {
  test('shows bar, share, count, rate and time left', () => {
    expect(line(0.25, 500_000, 1000)).toBe(
      `Importing  ${'█'.repeat(6)}${'░'.repeat(18)}   25.0 %  500,000 records  500 k/s  3.0 s left`,
    );
  });

  test('says that it estimates while too little is done', () => {
    expect(line(0.01, 10, 500)).toContain('20/s  estimating');
  });

  test('shows the time taken once everything is done', () => {
    expect(line(1, 10, 1500)).toMatch(/100\.0 % {2}10 records {2}7\/s {2}1\.5 s$/);
  });

  test('has no bar when the end is not known', () => {
    expect(line(undefined, 1200, 2000)).toBe('Importing  1,200 records  600/s  2.0 s');
  });

  test('has a shorter bar in a narrow window', () => {
    expect(line(0.5, 10, 1000, 80)).toContain(`  ${'█'.repeat(5)}${'░'.repeat(5)}  `);
  });

  test('draws a full bar when more was done than announced', () => {
    expect(line(1.5, 10, 1000)).toContain('█'.repeat(24));
  });
});
