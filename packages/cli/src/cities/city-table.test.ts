import { describe, expect, test } from 'vitest';
import { createPalette } from '../text/palette.js';
import type { City } from './city.js';
import { renderCities } from './city-table.js';

const geneva: City = {
  id: 2660646,
  name: 'Genève',
  alternateName: '',
  country: 'CH',
  admin: 'GE',
  municipality: '6621',
  subdivision: '',
  feature: 'PPLA',
  population: 183_981,
  longitude: 6.14569,
  latitude: 46.20222,
};

describe('renderCities', () => {
  test('shows as many as asked for, with positions by hemisphere', () => {
    const south = {
      ...geneva,
      name: 'Ushuaia',
      country: 'AR',
      admin: '',
      longitude: -68.3,
      latitude: -54.8,
    };
    const palette = createPalette({ isTTY: false }, {});
    const text = renderCities([geneva, south, geneva], { shownCount: 2, palette });
    expect(text.split('\n')).toEqual([
      'city     country   people          position  kind',
      'Genève   CH GE    183,981  46.20°N   6.15°E  PPLA',
      'Ushuaia  AR       183,981  54.80°S  68.30°W  PPLA',
    ]);
  });
});
