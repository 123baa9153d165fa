// The questions the main job asks: each is answered twice, by a few range reads of one ordering and by going through
// the whole source, and the two answers must be equal.

import { type City, foldName } from './city.js';
import type { CityReader } from './city-reader.js';
import { boxContains, coverBox, type MapBox } from './morton.js';
import { compareText, orderingNamed } from './orderings.js';

/** A question about the cities of the world. */
export interface Question {
  readonly text: string;
  /** How many of the cities found are shown. */
  readonly shownCount: number;
  /** Answers from the store. */
  readonly ask: (reader: CityReader) => Promise<readonly City[]>;
  /** Answers from the source. */
  readonly expect: (cities: readonly City[]) => readonly City[];
}

/** Sorts after every character that occurs in a name. */
const AFTER_ANY_TEXT = '\u{10ffff}';
/** Ranges of the curve per box: more read fewer cities outside the box and seek more often. */
const BOX_RANGE_COUNT_MAX = 32;

/** Everything the main job asks. */
export const QUESTIONS: readonly Question[] = [
  largestOf('CH', 'Switzerland'),
  {
    text: 'The ten largest cities of the world',
    shownCount: 10,
    ask: (reader) => reader.range('by-population', { limit: 10 }),
    expect: (cities) => sortedBy('by-population', cities).slice(0, 10),
  },
  {
    text: 'The capitals with the most people',
    shownCount: 8,
    ask: (reader) => reader.range('by-feature-population', { prefix: ['PPLC'], limit: 8 }),
    expect: (cities) => sortedBy('by-feature-population', ofFeature(cities, 'PPLC')).slice(0, 8),
  },
  namesBeginningWith('san fr'),
  insideBox('around Lake Geneva', { west: 6, south: 46.15, east: 7, north: 46.55 }),
  {
    text: 'The five northernmost',
    shownCount: 5,
    ask: (reader) => reader.range('by-latitude', { reverse: true, limit: 5 }),
    expect: (cities) => sortedBy('by-latitude', cities).reverse().slice(0, 5),
  },
  {
    text: 'Everything called Springfield',
    shownCount: 5,
    ask: (reader) => reader.range('by-name', { prefix: ['Springfield'] }),
    expect: (cities) =>
      sortedBy(
        'by-name',
        cities.filter((city) => city.name === 'Springfield'),
      ),
  },
  {
    text: 'The directory of the canton of Geneva, from C to M',
    shownCount: 6,
    ask: (reader) =>
      reader.range('by-country-admin-name', { gte: ['CH', 'GE', 'C'], lt: ['CH', 'GE', 'N'] }),
    expect: (cities) =>
      sortedBy(
        'by-country-admin-name',
        cities.filter(
          (city) =>
            city.country === 'CH' &&
            city.admin === 'GE' &&
            compareText(city.name, 'C') >= 0 &&
            compareText(city.name, 'N') < 0,
        ),
      ),
  },
];

function largestOf(country: string, countryName: string): Question {
  return {
    text: `All cities of ${countryName}, the largest first`,
    shownCount: 8,
    ask: (reader) => reader.range('by-country-population', { prefix: [country] }),
    expect: (cities) =>
      sortedBy(
        'by-country-population',
        cities.filter((city) => city.country === country),
      ),
  };
}

function namesBeginningWith(beginning: string): Question {
  return {
    text: `Names that begin with "${beginning}", accents and case aside`,
    shownCount: 6,
    ask: (reader) =>
      reader.range('by-folded-name', { gte: [beginning], lt: [beginning + AFTER_ANY_TEXT] }),
    expect: (cities) =>
      sortedBy(
        'by-folded-name',
        cities.filter((city) => foldName(city.name).startsWith(beginning)),
      ),
  };
}

/** In the order of the curve, for both answers, before the largest are picked out to be shown. */
function insideBox(place: string, box: MapBox): Question {
  const isInside = (city: City) => boxContains(box, city.longitude, city.latitude);
  return {
    text: `Cities ${place}, the largest first`,
    shownCount: 8,
    ask: async (reader) => {
      const found: City[] = [];
      for (const { first, last } of coverBox(box, BOX_RANGE_COUNT_MAX)) {
        found.push(...(await reader.range('by-position', { gte: [first], lt: [last + 1] })));
      }
      return sortedBy('by-population', found.filter(isInside));
    },
    expect: (cities) => sortedBy('by-population', cities.filter(isInside)),
  };
}

function ofFeature(cities: readonly City[], feature: string): readonly City[] {
  return cities.filter((city) => city.feature === feature);
}

function sortedBy(orderingName: string, cities: readonly City[]): City[] {
  return [...cities].sort(orderingNamed(orderingName).compare);
}
