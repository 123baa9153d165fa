// The checks of the main job: the store against the source, every record and every ordering.

import { type City, sameCity } from './city.js';
import { idOf } from './city-reader.js';
import { type CityStore, orderingOf } from './city-store.js';
import { ORDERINGS, type Ordering, RECORDS_KEYSPACE } from './orderings.js';

/** What a check found. */
export interface CheckResult {
  /** What was checked: the keyspace. */
  readonly name: string;
  /** Entries compared. */
  readonly entryCount: number;
  /** The first differences, in words; empty when there is none. */
  readonly problems: readonly string[];
}

/** Told now and then how many entries of the whole were compared. */
export type OnChecked = (entryCount: number) => void;

const PROBLEM_COUNT_MAX = 5;
const REPORT_INTERVAL_ENTRIES = 4096;

/** Compares every record with its source, both ways: nothing missing, nothing different, nothing else there. */
export async function checkRecords(
  store: CityStore,
  cities: readonly City[],
  onChecked: OnChecked,
): Promise<CheckResult> {
  const expected = [...cities].sort((one, other) => one.id - other.id);
  const found = store.records.entries();
  const problems = await compareSequences(found, expected, {
    onChecked,
    problemWith: ([[id], record], city) =>
      id === city.id && sameCity(city, record) ? undefined : `found ${JSON.stringify(record)}`,
  });
  return { name: RECORDS_KEYSPACE, entryCount: cities.length, problems };
}

/** Compares an ordering with the source sorted by the ordering's own comparison. */
export async function checkOrdering(
  store: CityStore,
  cities: readonly City[],
  options: { ordering: Ordering; onChecked: OnChecked },
): Promise<CheckResult> {
  const { onChecked, ordering } = options;
  const expected = [...cities].sort(ordering.compare);
  const keys = orderingOf(store, ordering.name).keys();
  const problems = await compareSequences(keys, expected, {
    onChecked,
    problemWith: (key, city) =>
      idOf(key) === city.id && sameParts(key, ordering.keyOf(city))
        ? undefined
        : `found the key ${JSON.stringify(key)}`,
  });
  return { name: ordering.name, entryCount: cities.length, problems };
}

/** All checks, the records first. */
export async function checkEverything(
  store: CityStore,
  cities: readonly City[],
  onChecked: OnChecked,
): Promise<readonly CheckResult[]> {
  const results = [await checkRecords(store, cities, onChecked)];
  for (const ordering of ORDERINGS) {
    const before = results.length * cities.length;
    results.push(
      await checkOrdering(store, cities, {
        ordering,
        onChecked: (entryCount) => onChecked(before + entryCount),
      }),
    );
  }
  return results;
}

async function compareSequences<Found>(
  found: Iterable<Found> | AsyncIterable<Found>,
  expected: readonly City[],
  options: {
    problemWith: (found: Found, city: City) => string | undefined;
    onChecked: OnChecked;
  },
): Promise<string[]> {
  const problems: string[] = [];
  let index = 0;
  for await (const entry of found) {
    const city = expected[index];
    const problem =
      city === undefined ? 'found an entry too many' : options.problemWith(entry, city);
    if (problem !== undefined && problems.length < PROBLEM_COUNT_MAX) {
      problems.push(`at position ${index}: ${problem}, expected ${JSON.stringify(city)}`);
    }
    index += 1;
    if (index % REPORT_INTERVAL_ENTRIES === 0) {
      options.onChecked(index);
    }
  }
  if (index < expected.length) {
    problems.push(`ends after ${index} entries, expected ${expected.length}`);
  }
  return problems;
}

function sameParts(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
