// What the child of the kill loop writes: a numbered sequence of batches, each of which follows from its number alone.
//
// So whoever knows how many batches a database holds knows everything that must be in it. Every batch puts its number under
// one key of the default keyspace; the rest of it puts and deletes records in one keyspace and keeps an index of them in
// another, so a batch that is only half there cannot go unseen.

import { createRandom } from '@varve/base';
import type { BatchOperation, Database, Keyspace } from '@varve/engine';

/** Options of the database in every process of the loop: memtables so small that flushes and compactions never end. */
export const DATABASE_OPTIONS = {
  memoryBudgetBytes: 16 * 1024 * 1024,
  tuning: {
    memtableSizeBytes: 64 * 1024,
    targetFileSizeBytes: 64 * 1024,
    baseLevelSizeBytes: 128 * 1024,
    levelSizeMultiplier: 3,
    level0CompactionTrigger: 2,
  },
} as const;

/** The key under which every batch puts its number. */
export const LAST_KEY = 'last';

const RECORD_COUNT = 2_000;
const STEP_COUNT_MAX = 6;
const VALUE_SIZE_MAX = 400;

/** The keyspaces of the workload. */
export interface WorkloadKeyspaces {
  readonly database: Database;
  readonly records: Keyspace<string, string>;
  readonly index: Keyspace<string, string>;
}

/** Opens the keyspaces, creating them if they are missing. */
export async function openKeyspaces(database: Database): Promise<WorkloadKeyspaces> {
  const records = await database.keyspace('records');
  const index = await database.keyspace('index', { compression: 'none' });
  return { database, records, index };
}

/** The whole content, as maps by keyspace. */
export interface Content {
  /** Number of the last batch; 0 before the first. */
  last: number;
  readonly records: Map<string, string>;
  /** Record by value: kept by the writer, so a part of every batch. */
  readonly index: Map<string, string>;
}

/** One change of a batch; `value` undefined deletes. */
export interface Change {
  readonly keyspace: 'records' | 'index';
  readonly key: string;
  readonly value: string | undefined;
}

/** The content before the first batch. */
export function emptyContent(): Content {
  return { last: 0, records: new Map(), index: new Map() };
}

/** Gives the changes of the batch that follows `content`, and makes them there. */
export function nextBatch(content: Content, seed: number): Change[] {
  content.last += 1;
  const random = createRandom(seed ^ Math.imul(content.last, 0x9e37_79b1));
  const changes: Change[] = [];
  const change = (keyspace: Change['keyspace'], key: string, value?: string): void => {
    changes.push({ keyspace, key, value });
    if (value === undefined) content[keyspace].delete(key);
    else content[keyspace].set(key, value);
  };
  const stepCount = 1 + random.below(STEP_COUNT_MAX);
  for (let step = 0; step < stepCount; step++) {
    const key = `record/${random.below(RECORD_COUNT)}`;
    const before = content.records.get(key);
    if (before !== undefined) change('index', before);
    if (random.below(5) === 0) {
      change('records', key);
      continue;
    }
    const value = `${content.last}.${step}:`.padEnd(random.below(VALUE_SIZE_MAX), '-');
    change('records', key, value);
    change('index', value, key);
  }
  return changes;
}

/** The operations of a batch, as the engine takes them. */
export function operationsOf(
  { records, index }: WorkloadKeyspaces,
  { last, changes }: { readonly last: number; readonly changes: readonly Change[] },
): BatchOperation<string, string>[] {
  const operations: BatchOperation<string, string>[] = [
    { type: 'put', key: LAST_KEY, value: String(last) },
  ];
  for (const { keyspace: name, key, value } of changes) {
    const keyspace = name === 'records' ? records : index;
    operations.push(
      value === undefined ? { type: 'del', key, keyspace } : { type: 'put', key, value, keyspace },
    );
  }
  return operations;
}

/** Reads the whole content of a database. */
export function readContent({ database, records, index }: WorkloadKeyspaces): Content {
  return {
    last: Number(database.getSync(LAST_KEY) ?? 0),
    records: new Map(records.entries()),
    index: new Map(index.entries()),
  };
}

/** Says in what the content differs from that of as many batches as it has; null if in nothing. */
export function refuteContent(found: Content, seed: number): string | null {
  const expected = emptyContent();
  while (expected.last < found.last) nextBatch(expected, seed);
  return (
    firstDifference('records', expected.records, found.records) ??
    firstDifference('index', expected.index, found.index)
  );
}

function firstDifference(
  name: string,
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string | null {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    if (expected.get(key) === found.get(key)) continue;
    const texts = [expected.get(key), found.get(key)].map((value) => JSON.stringify(value));
    return `${name} ${JSON.stringify(key)}: expected ${texts[0]}, found ${texts[1]}`;
  }
  return null;
}
