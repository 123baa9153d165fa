// Approach: the source alone, to keep every question worth asking. That the store answers the same is checked by the main
// job itself, on every run.

import { describe, expect, test } from 'vitest';
import { loadCities } from './city.js';
import { QUESTIONS } from './questions.js';

describe('QUESTIONS', () => {
  test('all have an answer in the source, and show some of it', async () => {
    const cities = await loadCities();
    for (const question of QUESTIONS) {
      const answer = question.expect(cities);
      expect(answer.length, question.text).toBeGreaterThanOrEqual(question.shownCount);
    }
  });
});
