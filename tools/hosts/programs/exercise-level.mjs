// The same for VarveLevel: what programs written for abstract-level do, on small memtables. Gives a report, or throws.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENTRY_COUNT = 3_000;
const OPTIONS = { valueEncoding: 'json', writeBufferSize: 128 * 1024 };

/** @param module `@varve/abstract-level`, however it was loaded */
export async function exerciseLevel({ VarveLevel }) {
  const directory = mkdtempSync(join(tmpdir(), 'varve-level-'));
  try {
    const expected = new Map();
    await withLevel(VarveLevel, directory, (db) => write(db, expected));
    await withLevel(VarveLevel, directory, (db) => assertContent(db, expected));
    return { entries: expected.size, interface: 'abstract-level' };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function withLevel(VarveLevel, directory, use) {
  const db = new VarveLevel(directory, OPTIONS);
  try {
    await db.open();
    await use(db);
  } finally {
    await db.close();
  }
}

async function write(db, expected) {
  for (let first = 0; first < ENTRY_COUNT; first += 100) {
    const operations = Array.from({ length: 100 }, (_, step) => {
      const key = `key ${String(first + step).padStart(6, '0')}`;
      const value = { number: first + step, text: 'level '.repeat(20) };
      expected.set(key, value);
      return { type: 'put', key, value };
    });
    await db.batch(operations);
  }
  await db.del('key 000007');
  expected.delete('key 000007');
  const part = db.sublevel('part', { valueEncoding: 'utf8' });
  await part.put('a', '1', { sync: true });
  const snapshot = db.snapshot();
  await part.put('a', '2');
  assert.equal(await part.get('a', { snapshot }), '1');
  await snapshot.close();
}

async function assertContent(db, expected) {
  const range = { gte: 'key ', lt: 'key!' };
  assert.deepEqual(await db.iterator(range).all(), [...expected]);
  const backwards = [];
  for await (const entry of db.iterator({ ...range, reverse: true })) backwards.push(entry);
  assert.deepEqual(backwards, [...expected].reverse());
  assert.deepEqual(db.getSync('key 000008'), expected.get('key 000008'));
  assert.equal(await db.get('key 000007'), undefined);
  assert.equal(await db.sublevel('part').get('a'), '2');
}
