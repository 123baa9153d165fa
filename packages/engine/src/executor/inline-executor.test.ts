import { initializeChecksums } from '@varve/base';
import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import { ManualClock } from '../testing/manual-clock.js';
import type { JobOutcome } from './executor.js';
import { InlineExecutor } from './inline-executor.js';
import type { Job } from './job.js';

beforeAll(initializeChecksums);

let memory: MemoryFileSystem;
let faulty: FaultyFileSystem;
let executor: InlineExecutor;
let outcomes: string[];

beforeEach(() => {
  memory = new MemoryFileSystem();
  memory.makeDirectorySync('/db');
  faulty = new FaultyFileSystem(memory);
  executor = new InlineExecutor(faulty, new ManualClock());
  outcomes = [];
});

function prepare(logId: number): Job {
  return {
    kind: 'prepareLog',
    directory: '/db',
    fileName: `00000${logId}.log`,
    recycledFileName: null,
    logId,
    databaseId: new Uint8Array(16),
    preallocateBytes: 0,
  };
}

function note(name: string): (outcome: JobOutcome) => void {
  return (outcome) => outcomes.push(outcome.ok ? name : `${name}: ${outcome.error.message}`);
}

describe('InlineExecutor', () => {
  test('runs each job in a later turn, flushes before compactions, each lane in its order', async () => {
    executor.submit('compact', prepare(1), note('compact 1'));
    executor.submit('flush', prepare(2), note('flush 2'));
    executor.submit('compact', prepare(3), note('compact 3'));
    executor.submit('flush', prepare(4), note('flush 4'));
    expect(outcomes).toEqual([]);
    expect(executor.pendingCount).toBe(4);
    while (executor.pendingCount > 0) await quiescence();
    expect(outcomes).toEqual(['flush 2', 'flush 4', 'compact 1', 'compact 3']);
  });

  test('runs one job at once for a caller who waits', async () => {
    executor.submit('flush', prepare(1), note('first'));
    executor.submit('flush', prepare(2), note('second'));
    executor.poll();
    expect(outcomes).toEqual([]);
    executor.wait(Number.POSITIVE_INFINITY);
    expect(outcomes).toEqual(['first']);
    executor.wait(Number.POSITIVE_INFINITY);
    expect(outcomes).toEqual(['first', 'second']);
    await quiescence();
    expect(outcomes).toHaveLength(2);
  });

  test('takes the job as it is now, and shares nothing of the result', async () => {
    const job = prepare(1) as { databaseId: Uint8Array } & Job;
    const results: unknown[] = [];
    executor.submit('flush', job, (outcome) => results.push(outcome));
    job.databaseId.fill(0xff);
    await quiescence();
    expect(results).toEqual([{ ok: true, result: { kind: 'prepareLog' }, durationMs: 0 }]);
    const file = memory.openSync('/db/000001.log', 'read');
    const header = new Uint8Array(64);
    file.readSync(header, 0, 64, 0);
    file.closeSync();
    expect([...header]).not.toContain(0xff);
  });

  test('gives the error of a job that fails, as it is', async () => {
    faulty.addRule({ operation: 'create', nth: 1, effect: { kind: 'error', errno: 'ENOSPC' } });
    const results: JobOutcome[] = [];
    executor.submit('flush', prepare(1), (outcome) => results.push(outcome));
    await quiescence();
    expect(results).toMatchObject([{ ok: false, error: { code: 'NO_SPACE' } }]);
  });

  test('lets a job submit the next from its answer', async () => {
    executor.submit('flush', prepare(1), () =>
      executor.submit('flush', prepare(2), note('second')),
    );
    await quiescence();
    await quiescence();
    expect(outcomes).toEqual(['second']);
  });

  test('delivers nothing after it was closed', async () => {
    executor.submit('flush', prepare(1), note('first'));
    await executor.close();
    await quiescence();
    expect(outcomes).toEqual([]);
    expect(executor.pendingCount).toBe(0);
    expect(memory.listSync('/db')).toEqual([]);
  });
});
