// Range reads of the main job: keys of an ordering, then the records they name.

import type { RangeOptions } from '../store/engine-api.js';
import type { City } from './city.js';
import { type CityStore, orderingOf } from './city-store.js';
import type { KeyParts } from './orderings.js';

/** Answers range reads and counts what they cost. */
export class CityReader {
  readonly #store: CityStore;
  #rangeCount = 0;
  #entryCount = 0;

  constructor(store: CityStore) {
    this.#store = store;
  }

  /** Ranges read so far. */
  get rangeCount(): number {
    return this.#rangeCount;
  }

  /** Entries of orderings read so far. */
  get entryCount(): number {
    return this.#entryCount;
  }

  /** The cities of a range of an ordering, in its order. */
  async range(orderingName: string, range: RangeOptions<KeyParts>): Promise<City[]> {
    const ids: KeyParts[] = [];
    for await (const key of orderingOf(this.#store, orderingName).keys(range)) {
      ids.push([idOf(key)]);
    }
    this.#rangeCount += 1;
    this.#entryCount += ids.length;
    const cities = await this.#store.records.getMany(ids);
    return cities.map((city, index) => {
      if (city === undefined) {
        throw new Error(`${orderingName} names the city ${ids[index]}, which has no record`);
      }
      return city;
    });
  }
}

/** Every key of an ordering ends in the id of its city. */
export function idOf(key: KeyParts): number {
  return Number(key.at(-1));
}
