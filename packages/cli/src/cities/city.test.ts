import { describe, expect, test } from 'vitest';
import { foldName, loadCities, sameCity } from './city.js';

describe('foldName', () => {
  test.each([
    ['Zürich', 'zurich'],
    ['São Paulo', 'sao paulo'],
    ['Ħamrun', 'ħamrun'],
    ['Øksfjord', 'øksfjord'],
  ])('%s becomes %s', (name, folded) => expect(foldName(name)).toBe(folded));
});

describe('loadCities', () => {
  test('gives every city of the source with a unique id', async () => {
    const cities = await loadCities();
    expect(cities.length).toBe(135_233);
    expect(new Set(cities.map((city) => city.id)).size).toBe(cities.length);
    expect(cities.find((city) => city.id === 2660646)).toEqual({
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
    });
  });
});

describe('sameCity', () => {
  test('notices a difference in any field', async () => {
    const [city] = await loadCities();
    expect(sameCity(city!, { ...city! })).toBe(true);
    expect(sameCity(city!, undefined)).toBe(false);
    for (const field of Object.keys(city!)) {
      expect(sameCity(city!, { ...city!, [field]: 'other' })).toBe(false);
    }
  });
});
