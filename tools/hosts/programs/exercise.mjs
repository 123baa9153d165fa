// What every host has to be able to do with the engine: run unchanged by each runtime, and bundled by each bundler.
//
// A few thousand writes, enough for flushes and compactions on background threads; what is read back is compared with a
// sorted map. Gives a report, or throws.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENTRY_COUNT = 6_000;
const OPTIONS = {
  durability: 'os',
  valueEncoding: 'json',
  memoryBudgetBytes: 8 * 1024 * 1024,
  tuning: {
    memtableSizeBytes: 128 * 1024,
    targetFileSizeBytes: 128 * 1024,
    baseLevelSizeBytes: 256 * 1024,
    level0CompactionTrigger: 2,
  },
};

/** @param engine the module `@varve/engine`, however it was loaded */
export async function exercise({ open, verify }) {
  const directory = mkdtempSync(join(tmpdir(), 'varve-host-'));
  try {
    const expected = new Map();
    const report = await withDatabase(open, directory, (db) => fill(db, expected));
    await withDatabase(open, directory, (db) => assertContent(db, expected));
    const { damage } = await verify(directory);
    assert.deepEqual(damage, []);
    return { entries: expected.size, ...report };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Gives an open database to `use`, and closes it whatever happens. */
async function withDatabase(open, directory, use) {
  const db = await open(directory, OPTIONS);
  try {
    await assert.rejects(open(directory, OPTIONS), { code: 'LOCKED' });
    return await use(db);
  } finally {
    await db.close();
  }
}

async function fill(db, expected) {
  const givenUp = [];
  db.events.on('threadsGivenUp', ({ error }) => givenUp.push(error.message));
  await write(db, expected);
  await db.compact();
  await assertContent(db, expected);
  const { writes, backgroundThreadCount } = db.stats();
  return {
    flushes: writes.flushCount,
    compactions: writes.compactionCount,
    threads: backgroundThreadCount,
    givenUp,
  };
}

async function write(db, expected) {
  // A loop that never returns to the event loop, and one that always does.
  for (let index = 0; index < ENTRY_COUNT; index++) {
    const key = `key ${String((index * 7919) % ENTRY_COUNT).padStart(6, '0')}`;
    const value = { index, text: 'synchronous '.repeat(8) };
    db.putSync(key, value);
    expected.set(key, value);
  }
  for (let first = 0; first < ENTRY_COUNT; first += 200) {
    const puts = Array.from({ length: 100 }, (_, step) => {
      const key = `key ${String(first + step).padStart(6, '0')}`;
      const value = { index: first + step, text: 'asynchronous '.repeat(8) };
      expected.set(key, value);
      return db.put(key, value);
    });
    await Promise.all(puts);
  }
  await db.batch([
    { type: 'del', key: 'key 000000' },
    { type: 'put', key: 'last', value: 'durable' },
  ]);
  expected.delete('key 000000');
  expected.set('last', 'durable');
  await db.put('last', 'durable', { durability: 'always' });
  const numbers = await db.keyspace('numbers', { keyEncoding: 'tuple', valueEncoding: 'msgpack' });
  await numbers.put([1, 'a'], { list: [1, 2.5, null] });
}

async function assertContent(db, expected) {
  const sorted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
  assert.deepEqual([...db.entries()], sorted);
  const backwards = [];
  for await (const entry of db.entries({ reverse: true })) backwards.push(entry);
  assert.deepEqual(backwards, sorted.reverse());
  assert.deepEqual(await db.get('last'), 'durable');
  assert.equal(await db.get('key 000000'), undefined);
  const numbers = await db.keyspace('numbers', { keyEncoding: 'tuple', valueEncoding: 'msgpack' });
  assert.deepEqual(numbers.getSync([1, 'a']), { list: [1, 2.5, null] });
}
