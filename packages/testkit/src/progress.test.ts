import { describe, expect, test } from 'vitest';
import { progressText } from './progress.js';

describe('progressText', () => {
  test('tells the rate and the time left', () => {
    const text = progressText({ doneCount: 120, share: 0.6 }, { noun: 'seeds', elapsedMs: 50_000 });
    expect(text).toBe('120 seeds, 2.4/s, 60 %, 33 s left');
  });

  test('does not guess before anything is done', () => {
    const text = progressText({ doneCount: 0, share: 0 }, { noun: 'kills', elapsedMs: 5_000 });
    expect(text).toBe('0 kills, 0/s, 0 %, time left unknown');
  });
});
