import { initializeChecksums, StorageError } from '@varve/base';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import { FORMAT, RANK, WriteBench, watch } from '../testing/write-bench.js';

beforeAll(initializeChecksums);

const BIG = 'v'.repeat(2500);
/** Needs most of an arena. */
const HUGE = 'v'.repeat(7000);
const deletion = [{ type: 'del', key: 'full', value: undefined }] as const;
let bench: WriteBench;

beforeEach(async () => {
  bench = new WriteBench({ arenaSizeBytes: 8192, writeTimeoutMs: 100 });
  await bench.put('full', BIG, RANK.os);
  bench.mayRotate = false;
});

function wait(key: string): ReturnType<typeof watch> {
  return watch(bench.put(key, BIG, RANK.os));
}

function waitFirst(): ReturnType<typeof watch> {
  return watch(bench.queue.batchFirst(deletion, () => FORMAT, RANK.os));
}

function allowOneRotation(): void {
  bench.mayRotate = true;
  const rotate = bench.rotate.bind(bench);
  bench.rotate = (minimum) => {
    bench.mayRotate = false;
    return rotate(minimum);
  };
}

async function admit(): Promise<void> {
  bench.mayRotate = true;
  bench.queue.admitWaiting();
  await quiescence();
}

describe('CommitQueue.boundary', () => {
  test('is the newest sequence when nothing waits', () => {
    expect(bench.queue.boundary()).toEqual({ sequence: 1 });
  });

  test('is that of the last write that waits, once it is let in, whatever comes behind it', async () => {
    wait('a');
    wait('b');
    const boundaries = [bench.queue.boundary(), bench.queue.boundary()];
    wait('c');
    expect(boundaries.map(({ sequence }) => sequence)).toEqual([Infinity, Infinity]);
    await admit();
    expect(boundaries.map(({ sequence }) => sequence)).toEqual([3, 3]);
    expect(bench.queue.boundary()).toEqual({ sequence: 4 });
  });

  test('counts nothing that was refused', async () => {
    const refused = [wait('a'), wait('b')];
    const boundary = bench.queue.boundary();
    bench.clock.advance(50);
    const later = wait('c');
    bench.clock.advance(50);
    expect(boundary.sequence).toBe(1);
    await admit();
    expect(boundary.sequence).toBe(1);
    expect([...refused, later].map(({ state }) => state)).toEqual(['BUSY', 'BUSY', 'done']);
  });

  test('is known when the queue is drained, and all up to it can be read', async () => {
    // A sync is under way, so the group that the first of those joins that wait stays open.
    bench.holdSyncs();
    void bench.put('small', '1');
    await quiescence();
    const [admitted, refused] = ['a', 'b'].map((key) => watch(bench.put(key, HUGE, RANK.os)));
    const boundary = bench.queue.boundary();
    const drained = watch(bench.queue.drain());
    allowOneRotation();
    bench.queue.admitWaiting();
    bench.queue.rejectWaiting(new Error('no room') as never);
    await quiescence();
    const states = [admitted!, refused!, drained].map(({ state }) => state);
    expect(states).toEqual(['waiting', 'Error: no room', 'waiting']);
    bench.scheduler.releaseAll();
    await quiescence();
    expect([admitted!.state, drained.state]).toEqual(['done', 'done']);
    expect(boundary.sequence).toBe(3);
  });
});

describe('CommitQueue, when there is no memory for a group', () => {
  async function fail(): Promise<void> {
    const { memtable } = bench.generations[0]!;
    vi.spyOn(memtable, 'reserveIndex').mockImplementationOnce(() => {
      throw new RangeError('Array buffer allocation failed');
    });
    await quiescence();
  }

  test('gives its sequences to the next', async () => {
    const refused = watch(bench.put('small', '1', RANK.os));
    await fail();
    expect([refused.state, bench.queue.lastSequence]).toEqual(['BUSY', 1]);
  });

  test('gives nobody else those up to a boundary', async () => {
    const refused = ['a', 'b'].map((key) => watch(bench.put(key, '1', RANK.os)));
    const boundary = bench.queue.boundary();
    refused.push(watch(bench.put('c', '1', RANK.os)));
    await fail();
    expect(refused.map(({ state }) => state)).toEqual(['BUSY', 'BUSY', 'BUSY']);
    await bench.put('d', '1', RANK.os);
    expect([boundary.sequence, bench.queue.lastSequence]).toEqual([3, 4]);
  });
});

describe('CommitQueue.close', () => {
  test('tells whoever waits all the same, and holds the process no more', async () => {
    const waiting = [wait('a'), waitFirst()];
    bench.queue.close(new StorageError('CLOSED', 'closed'));
    await quiescence();
    expect(waiting.map(({ state }) => state)).toEqual(['CLOSED', 'CLOSED']);
    expect(bench.clock.timerCount).toBe(0);
  });
});

describe('CommitQueue.drain', () => {
  test('waits for all that wait, also for what was issued last and put first', async () => {
    const older = wait('a');
    bench.clock.advance(60);
    const first = waitFirst();
    const drained = watch(bench.queue.drain());
    bench.clock.advance(60);
    await quiescence();
    expect([older, first, drained].map(({ state }) => state)).toEqual([
      'BUSY',
      'waiting',
      'waiting',
    ]);
    bench.clock.advance(60);
    await quiescence();
    expect([first, drained].map(({ state }) => state)).toEqual(['BUSY', 'done']);
  });
});

describe('CommitQueue.batchFirst', () => {
  test('is a batch when nothing waits', async () => {
    bench.mayRotate = true;
    await bench.queue.batchFirst(deletion, () => FORMAT, RANK.os);
    expect(bench.get('full')).toBeUndefined();
  });

  test('is let in before what waits', async () => {
    const later = wait('full');
    const first = waitFirst();
    expect(bench.queue.waitingCount).toBe(2);
    await admit();
    expect([first.state, later.state]).toEqual(['done', 'done']);
    expect(bench.get('full')).toBe(BIG);
  });

  test('P17: keeps nobody behind it waiting for longer than the timeout', async () => {
    const older = wait('a');
    bench.clock.advance(60);
    const first = waitFirst();
    bench.clock.advance(60);
    await quiescence();
    expect([older.state, first.state]).toEqual(['BUSY', 'waiting']);
    bench.clock.advance(40);
    await quiescence();
    expect(first.state).toBe('BUSY');
    expect(bench.queue.waitingCount).toBe(0);
  });

  test('is refused when nothing can be written', async () => {
    const waiting = wait('a');
    const error = Object.assign(new Error('worker'), { code: 'WORKER_FAILED' });
    bench.queue.committer.refuse(error as never);
    expect(() => bench.queue.batchFirst(deletion, () => FORMAT, RANK.os)).toThrow(
      expect.objectContaining({ code: 'READ_ONLY' }),
    );
    bench.queue.fail(error as never);
    await quiescence();
    expect(waiting.state).toContain('worker');
  });
});

describe('CommitQueue.publishSync', () => {
  test('makes visible what looking after background work lets in, too', async () => {
    const waiting = Array.from({ length: 3 }, (_, index) => wait(`w${index}`));
    bench.poll = () => {
      bench.mayRotate = true;
      bench.queue.admitWaiting();
    };
    for (let count = 0; bench.queue.waitingCount > 0 && count < 1000; count++) {
      bench.queue.publishSync();
    }
    expect(bench.visible.at(-1)).toBe(bench.queue.lastSequence);
    expect(bench.queue.lastSequence).toBe(4);
    await quiescence();
    expect(waiting.every(({ state }) => state === 'done')).toBe(true);
  });
});
