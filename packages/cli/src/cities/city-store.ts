// The store of the main job: the records by id, and one keyspace per ordering, written together.
//
// A city is one atomic batch over all keyspaces: after a crash a city is in every ordering or in none. Batches of several
// cities are atomic too and cost less per city.

import { type Database, type Keyspace, open } from '../store/engine-api.js';
import type { City } from './city.js';
import { type KeyParts, ORDERINGS, RECORDS_KEYSPACE } from './orderings.js';

const CITIES_PER_BATCH = 100;

/** The keyspaces of the main job in one open store. */
export interface CityStore {
  readonly database: Database;
  /** The records, by `[id]`. */
  readonly records: Keyspace<KeyParts, City>;
  /** The orderings by name; their values are empty. */
  readonly orderings: ReadonlyMap<string, Keyspace<KeyParts, string>>;
}

/** Entries per city: its record and one for each ordering. */
export const ENTRIES_PER_CITY = 1 + ORDERINGS.length;

/** Opens the store, new or existing. */
export async function openCityStore(directory: string): Promise<CityStore> {
  const database = await open(directory);
  const orderings = new Map(
    ORDERINGS.map((ordering) => [
      ordering.name,
      database.keyspace<KeyParts, string>(ordering.name, { keyEncoding: 'tuple' }),
    ]),
  );
  const records = database.keyspace<KeyParts, City>(RECORDS_KEYSPACE, {
    keyEncoding: 'tuple',
    valueEncoding: 'msgpack',
  });
  return { database, records, orderings };
}

/** Writes every city into every keyspace. `onProgress` gets the number of entries written so far. */
export async function ingestCities(
  store: CityStore,
  cities: readonly City[],
  onProgress: (entryCount: number) => void,
): Promise<void> {
  for (let index = 0; index < cities.length; index += CITIES_PER_BATCH) {
    const batch = cities.slice(index, index + CITIES_PER_BATCH);
    await store.database.batch(
      batch.flatMap((city) => operationsFor(store, city)),
      { durability: 'os' },
    );
    onProgress((index + batch.length) * ENTRIES_PER_CITY);
  }
}

function operationsFor(store: CityStore, city: City) {
  const record = { type: 'put', keyspace: store.records, key: [city.id], value: city };
  const places = ORDERINGS.map((ordering) => ({
    type: 'put',
    keyspace: store.orderings.get(ordering.name),
    key: ordering.keyOf(city),
    value: '',
  }));
  return [record, ...places];
}
