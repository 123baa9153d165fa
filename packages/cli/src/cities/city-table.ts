// Cities as a table for the terminal.

import { formatCount } from '../text/numbers.js';
import type { Palette } from '../text/palette.js';
import { renderTable } from '../text/table.js';
import type { City } from './city.js';

const COLUMNS = [
  { title: 'city' },
  { title: 'country' },
  { title: 'people', align: 'right' },
  { title: 'position', align: 'right' },
  { title: 'kind' },
] as const;

/** Draws the first cities of an answer. */
export function renderCities(
  cities: readonly City[],
  options: { shownCount: number; palette: Palette },
): string {
  const { palette, shownCount } = options;
  const rows = cities
    .slice(0, shownCount)
    .map((city) => [
      palette.key(city.name),
      city.admin === '' ? city.country : `${city.country} ${palette.quiet(city.admin)}`,
      formatCount(city.population),
      `${degrees(city.latitude, 'NS')} ${degrees(city.longitude, 'EW')}`,
      city.feature,
    ]);
  return renderTable(COLUMNS, rows, palette);
}

function degrees(value: number, letters: 'NS' | 'EW'): string {
  const letter = value < 0 ? letters[1] : letters[0];
  return `${Math.abs(value)
    .toFixed(2)
    .padStart(letters === 'NS' ? 5 : 6)}°${letter}`;
}
