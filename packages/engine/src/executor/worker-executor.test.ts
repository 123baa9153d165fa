// Real threads, running the built entry: `npx tsc -b packages/engine` has to come first.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { EntryKind, encodeText, hashKey, initializeChecksums, StorageError } from '@varve/base';
import { TableReader } from '@varve/sstable';
import { NodeFileSystem } from '@varve/vfs';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { tableFileName } from '../directory/index.js';
import { entrySize, Memtable, writePut } from '../memtable/index.js';
import { ManualClock } from '../testing/manual-clock.js';
import { readTable } from '../testing/table-contents.js';
import type { JobOutcome, Lane } from './executor.js';
import type { Job } from './job.js';
import { locateWorkerEntry, type WorkerEntry } from './worker-entry.js';
import { WorkerExecutor } from './worker-executor.js';

const ENTRY = fileURLToPath(new URL('../../dist/executor/worker-main.js', import.meta.url));
const SOURCE_MODULE = ENTRY.replace('worker-main', 'worker-source');
const DATABASE_ID = new Uint8Array(16).fill(0xdb);

let entry: WorkerEntry;
let directory: string;
let clock: ManualClock;
let executor: WorkerExecutor;
const workers: Worker[] = [];
const onWorker = (worker: Worker): void => void workers.push(worker);

beforeAll(async () => {
  await initializeChecksums();
  entry = await locateWorkerEntry();
});

beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'varve-executor-'));
  workers.length = 0;
  clock = new ManualClock();
  process.on('worker', onWorker);
});

afterEach(async () => {
  process.off('worker', onWorker);
  vi.restoreAllMocks();
  await executor.close();
  fs.rmSync(directory, { recursive: true });
});

function removal(...names: string[]): Job {
  return { kind: 'removeFiles', paths: names.map((name) => `${directory}/${name}`) };
}

function touch(name: string): void {
  fs.writeFileSync(`${directory}/${name}`, '');
}

function run(job: Job, lane: Lane = 'flush'): Promise<JobOutcome> {
  return new Promise((resolve) => executor.submit(lane, job, resolve));
}

/** A memtable that takes a thread some time to write out. */
function largeFlush(): Job {
  const memtable = new Memtable({ arenaSizeBytes: 32 * 1024 * 1024, firstSequence: 1 });
  const value = new Uint8Array(200).fill(0x76);
  for (let index = 0; index < 100_000; index++) {
    const key = encodeText(`key ${String(index).padStart(9, '0')}`);
    const offset = memtable.arena.reserve(entrySize(EntryKind.put, 0, key.length, value.length));
    writePut(memtable.arena.bytes, offset, 0, key, 0, key.length, value, 0, value.length);
    memtable.insert(offset, index + 1);
  }
  return {
    kind: 'flush',
    memtable: memtable.image(),
    keyspaces: [{ id: 0, writer: {} }],
    snapshots: [],
    output: {
      directory,
      databaseId: DATABASE_ID,
      tableIdBase: new Uint8Array(16),
      firstFileNumber: 10,
      fileNumberCount: 100,
      targetFileSizeBytes: 64 * 1024 * 1024,
    },
  };
}

describe.skipIf(!fs.existsSync(ENTRY))('WorkerExecutor', () => {
  test.each([1, 2])(
    'runs jobs of both lanes on %i threads, each lane in its order',
    async (count) => {
      executor = new WorkerExecutor({ threadCount: count, entry, clock });
      const order: string[] = [];
      const jobs = Array.from({ length: 10 }, async (_, index) => {
        touch(`${index}`);
        const lane = index % 2 === 0 ? 'flush' : 'compact';
        const outcome = await run(removal(`${index}`, 'absent'), lane);
        order.push(`${lane} ${index}`);
        return outcome;
      });
      const outcomes = await Promise.all(jobs);
      const result = { kind: 'removeFiles', failedPaths: [] };
      const done = { ok: true, result, durationMs: expect.any(Number) };
      expect(outcomes).toEqual(new Array(10).fill(done));
      expect(fs.readdirSync(directory)).toEqual([]);
      expect(workers).toHaveLength(count);
      for (const lane of ['flush', 'compact']) {
        const ofLane = order.filter((name) => name.startsWith(lane));
        expect(ofLane).toEqual([...ofLane].sort());
      }
    },
  );

  test('starts a thread only when there is work for it', async () => {
    executor = new WorkerExecutor({ threadCount: 2, entry, clock });
    expect(workers).toHaveLength(0);
    await run(removal('x'), 'compact');
    expect(workers).toHaveLength(1);
  });

  test('reads a memtable where it lies', async () => {
    executor = new WorkerExecutor({ threadCount: 2, entry, clock });
    const outcome = await run(largeFlush());
    if (!outcome.ok) throw outcome.error;
    const { result } = outcome;
    if (result.kind !== 'flush') throw new Error('another kind of result');
    const [{ table }] = result.tables as [(typeof result.tables)[0]];
    const place = { directory, databaseId: DATABASE_ID };
    const entries = readTable(new NodeFileSystem(), place, table);
    expect(entries).toHaveLength(100_000);
    expect(entries[99_999]).toMatchObject({ key: 'key 000099999', sequence: 100_000 });
    const file = new NodeFileSystem().openSync(
      `${directory}/${tableFileName(table.fileNumber)}`,
      'read',
    );
    const reader = TableReader.adoptSync(file, { ...table, databaseId: DATABASE_ID }, table.image);
    expect(reader.separator(reader.blockCount - 1)).toEqual(table.largestKey);
    expect(reader.mayContain(hashKey(table.largestKey, 0, table.largestKey.length))).toBe(true);
    reader.close();
  });

  test('keeps what an error says about the place', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    touch('000007.sst');
    const table = { fileNumber: 7, tableId: new Uint8Array(16), sizeBytes: 1000 };
    const output = { directory, databaseId: DATABASE_ID, targetFileSizeBytes: 1000 };
    const job = {
      kind: 'compact',
      runs: [[table]],
      output,
      writer: {},
      snapshots: [],
      boundaries: [],
    };
    const outcome = await run(job as unknown as Job);
    expect(outcome).toMatchObject({
      ok: false,
      error: {
        code: 'CORRUPTION',
        where: 'sst.identity',
        file: `${directory}/000007.sst`,
        retryable: false,
      },
    });
  });

  test('lets a caller wait without the event loop', () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    touch('a');
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', removal('a'), (outcome) => outcomes.push(outcome));
    executor.submit('flush', removal('b'), (outcome) => outcomes.push(outcome));
    while (outcomes.length < 2) executor.wait(Number.POSITIVE_INFINITY);
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
    expect(fs.existsSync(`${directory}/a`)).toBe(false);
    expect(executor.pendingCount).toBe(0);
  });

  test('delivers from poll() what has arrived, once', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    await run(removal('x')); // the thread is up now
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', removal('a'), (outcome) => outcomes.push(outcome));
    for (let spin = 0; spin < 1e8 && outcomes.length === 0; spin++) executor.poll();
    expect(outcomes).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outcomes).toHaveLength(1);
  });

  test('P5: fails the jobs of a thread that dies, and gives the next to a new one', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    await run(removal('x'));
    const lost = [run(largeFlush()), run(removal('y'))];
    await new Promise((resolve) => setTimeout(resolve, 5));
    await workers[0]!.terminate();
    for (const outcome of await Promise.all(lost)) {
      expect(outcome).toMatchObject({
        ok: false,
        error: { code: 'WORKER_FAILED', retryable: true },
      });
    }
    touch('z');
    expect(await run(removal('z'))).toMatchObject({ ok: true });
    expect(fs.existsSync(`${directory}/z`)).toBe(false);
    expect(workers).toHaveLength(2);
  });

  test('P5: notices a thread that dies while this one is blocked, and no event can tell', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    await run(removal('x'));
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', largeFlush(), (outcome) => outcomes.push(outcome));
    void workers[0]!.terminate();
    // Before this returns, no event of the thread can arrive.
    executor.wait(Number.POSITIVE_INFINITY);
    expect(outcomes).toMatchObject([{ ok: false, error: { code: 'WORKER_FAILED' } }]);
    expect((outcomes[0] as { error: Error }).error.message).toMatch(/died/);
    expect(await run(removal('z'))).toMatchObject({ ok: true });
  });

  test('P5: fails a job that throws what it should not, and goes on', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    const poisoned = { kind: 'flush', memtable: null } as unknown as Job;
    expect(await run(poisoned)).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
    expect(await run({ kind: 'unknown' } as unknown as Job)).toMatchObject({ ok: false });
    expect(await run(removal('x'))).toMatchObject({ ok: true });
    expect(workers).toHaveLength(1);
  });

  test('P6: gives up a thread that does not move while somebody waits', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    await run(removal('x'));
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', removal('y'), (outcome) => outcomes.push(outcome));
    // The thread may have answered already; to the one who waits it has not.
    vi.spyOn(Atomics, 'wait').mockReturnValue('timed-out');
    while (outcomes.length === 0) executor.wait(Number.POSITIVE_INFINITY);
    vi.restoreAllMocks();
    expect(outcomes).toHaveLength(1);
    expect(await run(removal('z'))).toMatchObject({ ok: true });
  });

  test('runs jobs from code that is a text instead of a file', async () => {
    const { workerSource } = (await import(SOURCE_MODULE)) as { workerSource: string };
    const url = new URL(`data:text/javascript,${encodeURIComponent(workerSource)}`);
    executor = new WorkerExecutor({ threadCount: 1, entry: url, clock });
    touch('a');
    expect(await run(removal('a'))).toMatchObject({ ok: true });
    expect(fs.existsSync(`${directory}/a`)).toBe(false);
    expect(await run(largeFlush())).toMatchObject({ ok: true });
    expect(workers).toHaveLength(1);
  });

  test('P5: answers every job when no thread can be started, in a later turn or who waits', async () => {
    const reason = new StorageError('WORKER_FAILED', 'Cannot start background threads: forbidden');
    executor = new WorkerExecutor({ threadCount: 2, entry: reason, clock });
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', removal('x'), (outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([]);
    executor.wait(Number.POSITIVE_INFINITY);
    expect(outcomes).toMatchObject([{ ok: false, error: { code: 'WORKER_FAILED' } }]);
    const later = await Promise.all([run(removal('y')), run(removal('z'), 'compact')]);
    expect(later.map(({ ok }) => ok)).toEqual([false, false]);
    expect(executor.pendingCount).toBe(0);
    expect(workers).toHaveLength(0);
  });

  test('P5: says so when the system refuses a thread', async () => {
    executor = new WorkerExecutor({
      threadCount: 1,
      entry: new URL('https://example.invalid/worker.js'),
      clock,
    });
    expect(await run(removal('x'))).toMatchObject({
      ok: false,
      error: { code: 'WORKER_FAILED', retryable: false },
    });
  });

  test('P6: gives up a thread that does not move while nobody waits', async () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    await run(removal('x'));
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', largeFlush(), (outcome) => outcomes.push(outcome));
    // Time flies: between two signs of life of the thread many seconds go by.
    while (outcomes.length === 0) clock.advance(1000);
    expect(outcomes).toMatchObject([{ ok: false, error: { code: 'WORKER_FAILED' } }]);
    expect((outcomes[0] as { error: Error }).error.message).toMatch(/hangs/);
    expect(await run(removal('z'))).toMatchObject({ ok: true });
    expect(workers).toHaveLength(2);
  });

  test('looks after its threads only while they have work', async () => {
    executor = new WorkerExecutor({ threadCount: 2, entry, clock });
    expect(clock.timerCount).toBe(0);
    await run(removal('x'));
    expect(clock.timerCount).toBe(1);
    clock.advance(1000);
    expect(clock.timerCount).toBe(0);
  });

  test('P17: lets a caller wait no longer than it wants to', () => {
    executor = new WorkerExecutor({ threadCount: 1, entry, clock });
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', largeFlush(), (outcome) => outcomes.push(outcome));
    executor.wait(1);
    expect(outcomes).toEqual([]);
    executor.wait(Number.POSITIVE_INFINITY);
    expect(outcomes).toHaveLength(1);
  });

  test('close() ends the threads and delivers nothing more', async () => {
    executor = new WorkerExecutor({ threadCount: 2, entry, clock });
    await run(removal('x'));
    const outcomes: JobOutcome[] = [];
    executor.submit('flush', largeFlush(), (outcome) => outcomes.push(outcome));
    executor.submit('compact', removal('y'), (outcome) => outcomes.push(outcome));
    await executor.close();
    await executor.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(outcomes).toEqual([]);
    expect(executor.pendingCount).toBe(0);
  });
});
