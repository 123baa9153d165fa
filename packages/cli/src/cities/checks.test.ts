// Approach: a store that is nothing but arrays, once right and then with one thing wrong at a time: each wrong thing must
// be noticed.

import { describe, expect, test } from 'vitest';
import { checkEverything, checkOrdering, checkRecords } from './checks.js';
import { type City, loadCities } from './city.js';
import type { CityStore } from './city-store.js';
import { type KeyParts, ORDERINGS, orderingNamed } from './orderings.js';

const cities = (await loadCities()).slice(0, 200);
const byId = [...cities].sort((one, other) => one.id - other.id);

function storeOf(changes: { records?: [KeyParts, City][]; keys?: KeyParts[] } = {}): CityStore {
  const records = changes.records ?? byId.map((city) => [[city.id], city]);
  const orderings = ORDERINGS.map((ordering) => {
    const keys = changes.keys ?? [...cities].sort(ordering.compare).map(ordering.keyOf);
    return [ordering.name, { keys: () => keys }];
  });
  return { records: { entries: () => records }, orderings: new Map(orderings as never) } as never;
}

const rightRecords = (): [KeyParts, City][] => byId.map((city) => [[city.id], city]);
const ordering = orderingNamed('by-name');
const rightKeys = () => [...cities].sort(ordering.compare).map(ordering.keyOf);
const ignore = () => {};

describe('checkRecords', () => {
  test('finds nothing wrong with the right records', async () => {
    expect(await checkRecords(storeOf(), cities, ignore)).toEqual({
      name: 'cities',
      entryCount: 200,
      problems: [],
    });
  });

  test.each([
    ['a missing record', (all: [KeyParts, City][]) => all.toSpliced(3, 1)],
    ['a missing last record', (all: [KeyParts, City][]) => all.slice(0, -1)],
    ['a record too many', (all: [KeyParts, City][]) => [...all, all[0]!]],
    [
      'a changed field',
      (all: [KeyParts, City][]) => all.with(5, [all[5]![0], { ...all[5]![1], population: -1 }]),
    ],
    ['a changed key', (all: [KeyParts, City][]) => all.with(5, [[1], all[5]![1]])],
    ['no records at all', () => []],
  ])('notices %s', async (_name, change) => {
    const store = storeOf({ records: change(rightRecords()) });
    expect((await checkRecords(store, cities, ignore)).problems).not.toEqual([]);
  });
});

describe('checkOrdering', () => {
  test.each([
    ['two keys the wrong way round', (keys: KeyParts[]) => [keys[1]!, keys[0]!, ...keys.slice(2)]],
    ['a missing key', (keys: KeyParts[]) => keys.slice(1)],
    ['a repeated key', (keys: KeyParts[]) => [keys[0]!, ...keys]],
    [
      'a key with other parts and the right id',
      (keys: KeyParts[]) => keys.with(0, ['x', keys[0]!.at(-1)!]),
    ],
    ['a longer key', (keys: KeyParts[]) => keys.with(0, ['x', ...keys[0]!])],
  ])('notices %s', async (_name, change) => {
    const store = storeOf({ keys: change(rightKeys()) });
    const { problems } = await checkOrdering(store, cities, { ordering, onChecked: ignore });
    expect(problems).not.toEqual([]);
    expect(problems.length).toBeLessThanOrEqual(6);
  });
});

describe('checkEverything', () => {
  test('checks the records and all orderings', async () => {
    const results = await checkEverything(storeOf(), cities, ignore);
    expect(results.map((result) => result.name)).toEqual([
      'cities',
      ...ORDERINGS.map((one) => one.name),
    ]);
    expect(results.flatMap((result) => result.problems)).toEqual([]);
  });
});
