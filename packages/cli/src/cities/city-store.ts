// The store of the main job: the records by id, and one keyspace per ordering, written together.
//
// A city is one atomic batch over all keyspaces: after a crash a city is in every ordering or in none. Batches of several
// cities are atomic too and cost less per city.

import { assert } from '@varve/base';
import {
  type BatchOperation,
  type Database,
  type DatabaseOptions,
  type Keyspace,
  open,
} from '../store/engine-api.js';
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

/** What the store may use. */
export type CityStoreOptions = Pick<DatabaseOptions, 'memoryBudgetBytes' | 'backgroundThreads'>;

/** Opens the store, new or existing. */
export async function openCityStore(
  directory: string,
  options: CityStoreOptions,
): Promise<CityStore> {
  const database = await open(directory, options);
  const orderings = new Map<string, Keyspace<KeyParts, string>>();
  for (const { name } of ORDERINGS) {
    const ordering = await database.keyspace(name, { keyEncoding: 'tuple' });
    // Keys are arrays of any parts to the engine; those of an ordering are texts and numbers.
    orderings.set(name, ordering as unknown as Keyspace<KeyParts, string>);
  }
  const records = await database.keyspace(RECORDS_KEYSPACE, {
    keyEncoding: 'tuple',
    valueEncoding: 'msgpack',
  });
  return { database, records: records as unknown as Keyspace<KeyParts, City>, orderings };
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

function operationsFor(store: CityStore, city: City): BatchOperation<string, string>[] {
  const operations = [put(store.records, [city.id], city)];
  for (const { name, keyOf } of ORDERINGS) {
    operations.push(put(orderingOf(store, name), keyOf(city), ''));
  }
  return operations;
}

/** The keyspace of that ordering. */
export function orderingOf(store: CityStore, name: string): Keyspace<KeyParts, string> {
  const ordering = store.orderings.get(name);
  assert(ordering !== undefined, `there is an ordering called ${name}`);
  return ordering;
}

function put<V>(
  keyspace: Keyspace<KeyParts, V>,
  key: KeyParts,
  value: V,
): BatchOperation<string, string> {
  return { type: 'put', keyspace: keyspace, key, value };
}
