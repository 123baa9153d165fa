// Snapshots and iterators that are garbage collected without having been closed (P15).

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { openSmall } from './testing/open-database.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let db: Database;
let told: string[];

beforeEach(async () => {
  db = await openSmall(new MemoryFileSystem());
  told = [];
  db.events.on('lostHandle', ({ kind }) => void told.push(kind));
  for (let index = 0; index < 5; index++) await db.put(`k${index}`, '1');
  return () => db.close();
});

/** Gives the collector several turns to find what nobody has any more. */
async function collect(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectGarbage();
  }
}

async function openAll(how: 'lost' | 'closed'): Promise<void> {
  const snapshot = db.snapshot();
  const cursor = db.cursor();
  cursor.first();
  const reader = db.keys().reader();
  await reader.read(2);
  const iterator = db.entries()[Symbol.asyncIterator]();
  await iterator.next();
  if (how === 'lost') return;
  snapshot.close();
  cursor.close();
  reader.close();
  await iterator.return?.();
}

describe('What is garbage collected unclosed', () => {
  test('P15: is told of by kind, and stays open', async () => {
    await openAll('lost');
    await collect();
    expect(told.sort()).toEqual(['cursor', 'iterator', 'reader', 'snapshot']);
    expect(db.stats()).toMatchObject({ openHandleCount: 4, snapshots: { count: 1 } });
  });

  test('P15: is not told of when it was closed, nor while somebody has it', async () => {
    await openAll('closed');
    const snapshot = db.snapshot();
    await collect();
    expect(told).toEqual([]);
    snapshot.close();
  });
});
