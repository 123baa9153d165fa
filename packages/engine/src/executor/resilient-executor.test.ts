// Threads that die, as executors that a test tells when and how to answer.

import { StorageError } from '@varve/base';
import { describe, expect, test } from 'vitest';
import type { Executor, JobDone, JobOutcome, Lane } from './executor.js';
import type { Job } from './job.js';
import { errorToMessage, messageToOutcome } from './outcome-message.js';
import { ResilientExecutor } from './resilient-executor.js';

interface SubmittedJob {
  readonly lane: Lane;
  readonly job: Job;
  readonly done: JobDone;
}

/** Collects jobs; the test answers them. */
class FakeExecutor implements Executor {
  readonly threadCount: number;
  readonly jobs: SubmittedJob[] = [];
  readonly calls: string[] = [];

  constructor(threadCount: number) {
    this.threadCount = threadCount;
  }

  get pendingCount(): number {
    return this.jobs.length;
  }

  submit(lane: Lane, job: Job, done: JobDone): void {
    this.jobs.push({ lane, job, done });
  }

  /** Answers the oldest job. */
  answer(outcome: JobOutcome): void {
    this.jobs.shift()!.done(outcome);
  }

  /** The thread dies: every job it had fails with the same error. */
  die(): void {
    const error = new StorageError('WORKER_FAILED', 'Cannot finish a background job: it died');
    for (const { done } of this.jobs.splice(0)) done({ ok: false, error });
  }

  poll(): void {
    this.calls.push('poll');
  }

  wait(): void {
    this.calls.push('wait');
  }

  async close(): Promise<void> {
    this.calls.push('close');
  }
}

const SUCCESS: JobOutcome = {
  ok: true,
  result: { kind: 'removeFiles', failedPaths: [] },
  durationMs: 0,
};

function removal(name: string): Job {
  return { kind: 'removeFiles', paths: [name] };
}

function makeExecutor() {
  const threads = new FakeExecutor(2);
  const inline = new FakeExecutor(0);
  const lost: Error[] = [];
  const givenUp: Error[] = [];
  const outcomes: JobOutcome[] = [];
  const executor = new ResilientExecutor({
    threads,
    inline,
    onThreadLost: (error) => lost.push(error),
    onThreadsGivenUp: (error) => givenUp.push(error),
  });
  const submit = (name: string, lane: Lane = 'flush'): void =>
    executor.submit(lane, removal(name), (outcome) => outcomes.push(outcome));
  return { executor, threads, inline, lost, givenUp, outcomes, submit };
}

describe('ResilientExecutor', () => {
  test('gives a job whose thread died once to a new thread, in its lane', () => {
    const { threads, inline, lost, outcomes, submit } = makeExecutor();
    submit('a', 'compact');
    threads.die();
    expect(outcomes).toEqual([]);
    expect(lost).toHaveLength(1);
    expect(threads.jobs).toMatchObject([{ lane: 'compact', job: removal('a') }]);
    threads.answer(SUCCESS);
    expect(outcomes).toEqual([SUCCESS]);
    expect(inline.pendingCount).toBe(0);
  });

  test.each([3, 4])('runs everything inline after 3 deaths in a row (of %i)', (deathCount) => {
    const { executor, threads, inline, lost, givenUp, outcomes, submit } = makeExecutor();
    submit('a');
    expect(executor.threadCount).toBe(2);
    for (let death = 1; death <= deathCount; death++) threads.die();
    expect(lost).toHaveLength(3);
    expect(givenUp).toEqual([lost[2]]);
    expect(executor.threadCount).toBe(0);
    expect(inline.jobs).toMatchObject([{ job: removal('a') }]);
    submit('b');
    expect(threads.pendingCount).toBe(0);
    expect(inline.jobs).toMatchObject([{ job: removal('a') }, { job: removal('b') }]);
    inline.answer(SUCCESS);
    inline.answer(SUCCESS);
    expect(outcomes).toEqual([SUCCESS, SUCCESS]);
  });

  test('P5: runs a job inline that three threads died of, whatever others complete meanwhile, and only that one', () => {
    const { threads, inline, outcomes, submit } = makeExecutor();
    for (let death = 1; death <= 3; death++) {
      if (death === 1) submit('deadly', 'compact');
      threads.die();
      if (death === 3) break;
      // The other thread completes its job: this one is not forgiven.
      submit('harmless');
      const index = threads.jobs.findIndex(({ lane }) => lane === 'flush');
      threads.jobs.push(...threads.jobs.splice(0, index));
      threads.answer(SUCCESS);
    }
    expect(inline.jobs).toMatchObject([{ lane: 'compact', job: removal('deadly') }]);
    expect(threads.pendingCount).toBe(0);
    inline.answer(SUCCESS);
    submit('later');
    expect(threads.pendingCount).toBe(1);
    expect(outcomes).toEqual([SUCCESS, SUCCESS, SUCCESS]);
  });

  test('starts counting again after a job that a thread completed', () => {
    const { threads, inline, submit } = makeExecutor();
    for (let round = 0; round < 4; round++) {
      submit(`job ${round}`);
      threads.die();
      threads.die();
      threads.answer(SUCCESS);
    }
    expect(inline.pendingCount).toBe(0);
  });

  test('counts the death of a thread with many jobs once', () => {
    const { threads, inline, lost, outcomes, submit } = makeExecutor();
    for (const name of ['a', 'b', 'c', 'd', 'e']) submit(name);
    threads.die();
    expect(lost).toHaveLength(1);
    expect(inline.pendingCount).toBe(0);
    expect(threads.pendingCount).toBe(5);
    expect(outcomes).toEqual([]);
  });

  test('gives every job of the last thread to the inline executor, and no failure to anybody', () => {
    const { threads, inline, outcomes, submit } = makeExecutor();
    for (const name of ['a', 'b', 'c', 'd', 'e']) submit(name);
    for (let death = 1; death <= 3; death++) threads.die();
    expect(inline.pendingCount).toBe(5);
    expect(outcomes).toEqual([]);
  });

  test('prepares the log of opening inline, and starts no thread for it', () => {
    const { executor, threads, inline } = makeExecutor();
    const preparation = { kind: 'prepareLog' } as Job;
    executor.submit('flush', preparation, () => {});
    executor.submit('flush', preparation, () => {});
    expect([inline.pendingCount, threads.pendingCount]).toEqual([1, 1]);
  });

  test('runs everything inline at once when no thread can be started', () => {
    const { threads, inline, lost, givenUp, outcomes, submit } = makeExecutor();
    submit('a');
    submit('b', 'compact');
    for (const job of threads.jobs.splice(0)) {
      const text = 'Cannot start background threads: forbidden';
      const error = new StorageError('WORKER_FAILED', text, { retryable: false });
      job.done({ ok: false, error });
    }
    expect(inline.jobs).toMatchObject([{ job: removal('a') }, { lane: 'compact' }]);
    expect(lost).toHaveLength(1);
    expect(givenUp).toEqual(lost);
    expect(outcomes).toEqual([]);
  });

  test('passes on a failure of the job itself, and one of the inline executor', () => {
    const { threads, inline, lost, outcomes, submit } = makeExecutor();
    const full: JobOutcome = {
      ok: false,
      error: new StorageError('NO_SPACE', 'Cannot write: full'),
    };
    submit('a');
    threads.answer(full);
    expect(outcomes).toEqual([full]);
    expect(lost).toEqual([]);
    submit('b');
    for (let death = 1; death <= 3; death++) threads.die();
    const failed: JobOutcome = { ok: false, error: new StorageError('WORKER_FAILED', 'no') };
    inline.answer(failed);
    expect(outcomes).toEqual([full, failed]);
  });

  test('P5: does not count a job that throws what it should not as a death', () => {
    const { threads, lost, outcomes, submit } = makeExecutor();
    const thrown = errorToMessage(new TypeError('x is undefined'));
    for (let round = 0; round < 5; round++) {
      submit('a');
      threads.answer(messageToOutcome({ id: 1, error: thrown }));
    }
    expect(lost).toEqual([]);
    expect(outcomes).toHaveLength(5);
    expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'INTERNAL' } });
  });

  test('waits inline when something is there, otherwise on the threads', async () => {
    const { executor, threads, inline, submit } = makeExecutor();
    submit('a');
    expect(executor.pendingCount).toBe(1);
    executor.wait(Number.POSITIVE_INFINITY);
    executor.poll();
    expect([threads.calls, inline.calls]).toEqual([['wait', 'poll'], []]);
    for (let death = 1; death <= 3; death++) threads.die();
    expect(executor.pendingCount).toBe(1);
    executor.wait(Number.POSITIVE_INFINITY);
    expect(inline.calls).toEqual(['wait']);
    await executor.close();
    expect([threads.calls.at(-1), inline.calls.at(-1)]).toEqual(['close', 'close']);
  });
});
