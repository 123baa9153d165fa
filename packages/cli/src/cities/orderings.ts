// The orderings of the main job. Each is a keyspace of its own with one entry per city: the key puts the cities in the
// order wanted and ends in the id, which makes it unique; the value is empty.
//
// Every ordering says its order twice, in ways that share nothing: `keyOf` makes the key whose encoded bytes the
// engine sorts, `compare` works on the fields of two cities. The check at the end sorts the source by `compare` and
// expects the store to give exactly that sequence.

import { type City, foldName } from './city.js';
import { mortonCode, toGrid } from './morton.js';

/** The parts of a key, most significant first, as the ordered tuple encoding takes them. */
export type KeyParts = readonly (string | number)[];

/** One way to put all cities in a row. */
export interface Ordering {
  /** Name of the keyspace. */
  readonly name: string;
  /** What it is good for. */
  readonly purpose: string;
  readonly keyOf: (city: City) => KeyParts;
  readonly compare: (one: City, other: City) => number;
}

/** All cities by id: the keyspace that holds the records themselves. */
export const RECORDS_KEYSPACE = 'cities';

/** Turns the order round. Not `-value`, which would make a second zero. */
const descending = (value: number) => 0 - value;
const byId = (one: City, other: City) => one.id - other.id;
/** Folding costs more than comparing, and a sort compares each city some seventeen times. */
const foldedNames = new Map<string, string>();
function foldedNameOf({ name }: City): string {
  const known = foldedNames.get(name);
  if (known !== undefined) {
    return known;
  }
  const folded = foldName(name);
  foldedNames.set(name, folded);
  return folded;
}

const byPopulation = (one: City, other: City) => other.population - one.population;

/** The secondary orderings, each over all cities. */
export const ORDERINGS: readonly Ordering[] = [
  {
    name: 'by-name',
    purpose: 'exact names',
    keyOf: (city) => [city.name, city.id],
    compare: inTurn(
      textOf((city) => city.name),
      byId,
    ),
  },
  {
    name: 'by-folded-name',
    purpose: 'names as people type them, and their beginnings',
    keyOf: (city) => [foldedNameOf(city), city.id],
    compare: inTurn(textOf(foldedNameOf), byId),
  },
  {
    name: 'by-population',
    purpose: 'largest in the world',
    keyOf: (city) => [descending(city.population), city.id],
    compare: inTurn(byPopulation, byId),
  },
  {
    name: 'by-country-population',
    purpose: 'largest in a country',
    keyOf: (city) => [city.country, descending(city.population), city.id],
    compare: inTurn(
      textOf((city) => city.country),
      byPopulation,
      byId,
    ),
  },
  {
    name: 'by-country-admin-name',
    purpose: 'directory of a province',
    keyOf: (city) => [city.country, city.admin, city.name, city.id],
    compare: inTurn(
      textOf((city) => city.country),
      textOf((city) => city.admin),
      textOf((city) => city.name),
      byId,
    ),
  },
  {
    name: 'by-feature-population',
    purpose: 'largest of a kind, such as capitals',
    keyOf: (city) => [city.feature, descending(city.population), city.id],
    compare: inTurn(
      textOf((city) => city.feature),
      byPopulation,
      byId,
    ),
  },
  {
    name: 'by-latitude',
    purpose: 'northernmost and southernmost',
    keyOf: (city) => [city.latitude, city.id],
    compare: inTurn((one, other) => one.latitude - other.latitude, byId),
  },
  {
    name: 'by-position',
    purpose: 'boxes on the map (Z-order curve)',
    keyOf: (city) => [mortonCode(toGrid(city.longitude, city.latitude)), city.id],
    compare: inTurn(compareOnCurve, byId),
  },
];

/** The ordering of that name. */
export function orderingNamed(name: string): Ordering {
  const ordering = ORDERINGS.find((candidate) => candidate.name === name);
  if (ordering === undefined) {
    throw new TypeError(`There is no ordering called ${name}`);
  }
  return ordering;
}

/** Compares text by code points, which is the order of its UTF-8 bytes and not the one of `<`. */
export function compareText(one: string, other: string): number {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index += 1) {
    const difference = rankOf(one.charCodeAt(index)) - rankOf(other.charCodeAt(index));
    if (difference !== 0) {
      return difference;
    }
  }
  return one.length - other.length;
}

/** UTF-16 writes code points above U+FFFF as surrogates (D800-DFFF), which must come after E000-FFFF. */
function rankOf(unit: number): number {
  if (unit < 0xd800) {
    return unit;
  }
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

function textOf(read: (city: City) => string) {
  return (one: City, other: City) => compareText(read(one), read(other));
}

/** Along the curve the axis that matters is the one with the highest differing bit; the row wins a tie. */
function compareOnCurve(one: City, other: City): number {
  const a = toGrid(one.longitude, one.latitude);
  const b = toGrid(other.longitude, other.latitude);
  const columnBits = a.column ^ b.column;
  const rowBits = a.row ^ b.row;
  const rowDecides = Math.clz32(rowBits) <= Math.clz32(columnBits);
  return rowDecides && rowBits !== 0 ? a.row - b.row : a.column - b.column;
}

function inTurn(...compares: readonly ((one: City, other: City) => number)[]) {
  return (one: City, other: City) => {
    for (const compare of compares) {
      const result = compare(one, other);
      if (result !== 0) {
        return result;
      }
    }
    return 0;
  };
}
