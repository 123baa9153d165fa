// A database on a real disk with real threads, which die. The built worker entry has to be there: `npx tsc -b packages/engine`.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Database, open } from './database.js';
import { SMALL } from './testing/open-database.js';

const ENTRY = fileURLToPath(new URL('../dist/executor/worker-main.js', import.meta.url));
const VALUE = 'v'.repeat(2_000);

let directory: string;
let db: Database;
let workers: Worker[];
const onWorker = (worker: Worker): void => void workers.push(worker);

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-threads-'));
  workers = [];
  process.on('worker', onWorker);
});

afterEach(async () => {
  process.off('worker', onWorker);
  await db.close();
  fs.rmSync(directory, { recursive: true });
});

async function openThreaded(backgroundThreads: 1 | 2): Promise<Database> {
  return (await open(directory, {
    backgroundThreads,
    durability: 'os',
    memoryBudgetBytes: 8 * 1024 * 1024,
    tuning: { ...SMALL, level0CompactionTrigger: 2 },
  })) as Database;
}

async function fill(rounds: number, round = 0): Promise<void> {
  for (let count = 0; count < rounds; count++) {
    const writes = Array.from({ length: 200 }, (_, index) =>
      db.put(`k${index}`, `${round + count}${VALUE}`),
    );
    await Promise.all(writes);
  }
}

function tableFiles(): string[] {
  return fs.readdirSync(directory).filter((name) => name.endsWith('.sst'));
}

function expectFilled(lastRound: number): void {
  for (let index = 0; index < 200; index++) {
    expect(db.getSync(`k${index}`)).toBe(`${lastRound}${VALUE}`);
  }
}

describe.skipIf(!fs.existsSync(ENTRY))('A database with threads', () => {
  test.each([1, 2] as const)('flushes and compacts on %i of them', async (count) => {
    db = await openThreaded(count);
    await fill(5);
    await db.compact();
    expectFilled(4);
    const { writes, tables } = db.stats();
    expect(writes.flushCount).toBeGreaterThan(3);
    expect(writes.compactionCount).toBeGreaterThan(0);
    // Removed in the background, and compact() does not wait for that.
    await vi.waitFor(() => expect(tableFiles()).toHaveLength(tables.count), { timeout: 10_000 });
    expect(workers.length).toBeLessThanOrEqual(count);
    await db.close();
    db = await openThreaded(count);
    expectFilled(4);
  });

  test('serves a writer who never returns to the event loop', async () => {
    db = await openThreaded(2);
    for (let count = 0; count < 5; count++) {
      for (let index = 0; index < 200; index++) db.putSync(`k${index}`, `${count}${VALUE}`);
    }
    expect(db.stats().writes.flushCount).toBeGreaterThan(0);
    expectFilled(4);
    await db.settle();
    expectFilled(4);
  });

  test('P5: survives threads that die in the middle of their work, again and again', async () => {
    db = await openThreaded(2);
    const lost: string[] = [];
    db.events.on('backgroundError', ({ error, willRetry }) => {
      lost.push(`${(error as { code?: string }).code} ${willRetry}`);
    });
    await fill(1);
    for (let round = 1; round <= 8; round++) {
      // Only threads that have done something die: Node leaves files open of one that is still loading its modules.
      await db.settle();
      const loaded = workers.splice(0);
      const filling = fill(1, round);
      for (const worker of loaded) void worker.terminate();
      await filling;
    }
    await db.settle();
    expect(db.status).toBe('open');
    expectFilled(8);
    expect(new Set(lost)).toEqual(new Set(['WORKER_FAILED true']));
    await db.compact();
    expectFilled(8);
    await db.close();
    db = await openThreaded(1);
    expectFilled(8);
    expect(fs.readdirSync(directory).filter((name) => name.endsWith('.sst'))).toHaveLength(
      db.stats().tables.count,
    );
  });

  test('can be closed in the middle of its work', async () => {
    for (let round = 0; round < 5; round++) {
      db = await openThreaded(2);
      await fill(2, round);
      await db.close();
    }
    db = await openThreaded(1);
    expectFilled(5);
  });
});
