import { initializeChecksums, MAX_SEQUENCE } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import { FORMAT, RANK, WriteBench, watch } from '../testing/write-bench.js';

beforeAll(initializeChecksums);

const LOG = '000001.log';

function put(key: string, value: string) {
  return { type: 'put', key, value } as const;
}

describe('CommitQueue', () => {
  test('gives all writes of one turn one append and one sync, and one promise', async () => {
    const bench = new WriteBench();
    const first = bench.put('a', '1');
    const second = bench.queue.del(FORMAT, 'a', RANK.always);
    const third = bench.queue.batch([put('b', '2'), put('c', '3')], () => FORMAT, RANK.always);
    expect(second).toBe(first);
    expect(third).toBe(first);
    expect(bench.recording.lines).toEqual([]);
    await first;
    expect(bench.recording.lines).toEqual([`write ${LOG}`, `sync ${LOG}`]);
    expect(bench.visible).toEqual([4]);
    expect(bench.survivors()).toEqual(['a=1', 'a=undefined', 'b=2', 'c=3']);
  });

  test('B14: acknowledges nothing before the sync that covers it has ended', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const write = watch(bench.put('a', '1'));
    await quiescence();
    expect(bench.scheduler.waiting).toEqual(['syncData /db/000001.log']);
    expect(write.state).toBe('waiting');
    expect(bench.get('a')).toBeUndefined();
    expect(bench.survivors()).toEqual([]);
    bench.scheduler.release();
    await quiescence();
    expect(write.state).toBe('done');
    expect(bench.get('a')).toBe('1');
    expect(bench.survivors()).toEqual(['a=1']);
  });

  test('B13: writes that come while a sync runs share the next one', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const writes = [watch(bench.put('a', '1'))];
    await quiescence();
    for (const key of ['b', 'c', 'd']) {
      writes.push(watch(bench.put(key, '1')));
      await quiescence();
    }
    expect(bench.scheduler.waitingCount).toBe(1);
    bench.scheduler.release();
    await quiescence();
    expect(writes.map(({ state }) => state)).toEqual(['done', 'waiting', 'waiting', 'waiting']);
    bench.scheduler.release();
    await quiescence();
    expect(writes.every(({ state }) => state === 'done')).toBe(true);
    // A sync that ended after the next record was appended says nothing about that record.
    expect(bench.recording.lines).toEqual([
      `write ${LOG}`,
      `sync ${LOG}`,
      `write ${LOG}`,
      `sync ${LOG}`,
    ]);
  });

  test('closes the open group for a synchronous write, and so completes the others in it', async () => {
    const bench = new WriteBench();
    const write = watch(bench.put('a', '1', RANK.os));
    bench.putSync('b', '2');
    expect(bench.get('a')).toBe('1');
    expect(bench.get('b')).toBe('2');
    expect(bench.recording.lines).toEqual([`write ${LOG}`, `sync ${LOG}`]);
    await quiescence();
    expect(write.state).toBe('done');
    expect(bench.recording.lines).toHaveLength(2);
  });

  test('syncs on its own for a synchronous write while an asynchronous sync is under way', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const before = watch(bench.put('a', '1'));
    await quiescence();
    bench.putSync('b', '2');
    expect(bench.get('a')).toBe('1');
    expect(bench.get('b')).toBe('2');
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
    await quiescence();
    expect(before.state).toBe('done');
    bench.scheduler.releaseAll();
    await quiescence();
    expect(bench.visible).toEqual([1, 2]);
  });

  test.each([
    { durability: 'none', logged: false, synced: false },
    { durability: 'os', logged: true, synced: false },
    { durability: 'interval', logged: true, synced: false },
    { durability: 'always', logged: true, synced: true },
  ] as const)('does for $durability what it says, in both forms', async (row) => {
    for (const form of ['put', 'putSync'] as const) {
      const bench = new WriteBench();
      await bench[form]('a', '1', RANK[row.durability]);
      const expected = [
        ...(row.logged ? [`write ${LOG}`] : []),
        ...(row.synced ? [`sync ${LOG}`] : []),
      ];
      expect(bench.recording.lines).toEqual(expected);
      expect(bench.get('a')).toBe('1');
      expect(bench.queue.hasUnloggedWrites).toBe(!row.logged);
    }
  });

  test('does for a group what the strongest of its writes asks for', async () => {
    const bench = new WriteBench();
    const ranks = [RANK.none, RANK.always, RANK.os];
    await Promise.all(ranks.map((rank) => bench.put(`r${rank}`, 'x', rank)));
    expect(bench.recording.lines).toEqual([`write ${LOG}`, `sync ${LOG}`]);
    expect(bench.survivors()).toEqual(['r0=x', 'r3=x', 'r1=x']);
    expect(bench.queue.hasUnloggedWrites).toBe(false);
  });

  test('shows writes in their order: a weak one waits for a strong one before it', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const strong = watch(bench.put('k', 'strong'));
    await quiescence();
    const weak = watch(bench.put('k', 'weak', RANK.none));
    await quiescence();
    expect(bench.get('k')).toBeUndefined();
    expect([strong.state, weak.state]).toEqual(['waiting', 'waiting']);
    bench.scheduler.release();
    await quiescence();
    expect([strong.state, weak.state]).toEqual(['done', 'done']);
    expect(bench.get('k')).toBe('weak');
    expect(bench.visible).toEqual([1, 2]);
  });

  test('P9: keeps its own copy of what it is given', async () => {
    const bench = new WriteBench();
    const write = (value: Uint8Array, target: Buffer, offset: number): number => {
      target.set(value, offset);
      return offset + value.length;
    };
    const bytes = { sizeBound: (value: Uint8Array) => value.length, write };
    const format = { keyspaceId: 0, key: bytes, value: bytes };
    const [key, value] = [Buffer.from('key'), Buffer.from('value')];
    const writing = bench.queue.put(format, key, value, RANK.always);
    const operation = { type: 'put' as const, key: Buffer.from('k2'), value: Buffer.from('v2') };
    const operations = [operation];
    const batching = bench.queue.batch(operations, () => format as never, RANK.always);
    for (const buffer of [key, value, operation.key, operation.value]) buffer.fill(0);
    operations.length = 0;
    await Promise.all([writing, batching]);
    expect(bench.survivors()).toEqual(['key=value', 'k2=v2']);
    expect(bench.get('key')).toBe('value');
  });

  test('does nothing for an empty batch', async () => {
    const bench = new WriteBench();
    await bench.queue.batch([], () => FORMAT, RANK.always);
    bench.queue.batchSync([], () => FORMAT, RANK.always);
    expect(bench.recording.lines).toEqual([]);
    expect(bench.queue.lastSequence).toBe(0);
  });

  test('is done with an empty batch when every write issued before can be read', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const before = watch(bench.put('a', '1'));
    const barrier = watch(bench.queue.batch([], () => FORMAT, RANK.always));
    await quiescence();
    expect([before.state, barrier.state]).toEqual(['waiting', 'waiting']);
    bench.scheduler.release();
    await quiescence();
    expect([before.state, barrier.state]).toEqual(['done', 'done']);
  });

  test('makes writes issued before visible when an empty synchronous batch returns', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const first = bench.put('a', '1');
    await quiescence();
    const second = bench.put('a', '2');
    expect(bench.get('a')).toBeUndefined();
    bench.queue.batchSync([], () => FORMAT, RANK.none);
    expect(bench.get('a')).toBe('2');
    bench.scheduler.release();
    await Promise.all([first, second]);
    expect(bench.queue.lastSequence).toBe(2);
  });

  test('P19: stops long before the sequence numbers are used up', async () => {
    const limit = MAX_SEQUENCE - 2 ** 32;
    const bench = new WriteBench({ lastSequence: limit - 2 });
    await bench.put('a', '1');
    bench.putSync('b', '2');
    expect(bench.queue.lastSequence).toBe(limit);
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
    const refused = expect.objectContaining({ code: 'INTERNAL' });
    expect(() => bench.put('c', '3')).toThrow(refused);
    expect(() => bench.putSync('c', '3')).toThrow(refused);
    expect(bench.get('b')).toBe('2');
    await bench.queue.drain();
  });

  test('looks after background work for those who only write synchronously', () => {
    const bench = new WriteBench();
    for (let count = 0; count < 1024; count++) bench.putSync('k', 'v', RANK.os);
    expect(bench.pollCount).toBe(4);
  });
});

describe('CommitQueue with a write that cannot be encoded', () => {
  const TOO_LONG = 'x'.repeat(65_537);

  function broken(bench: WriteBench): Record<string, () => unknown> {
    const operations = [put('good', '1'), put(TOO_LONG, '2')];
    return {
      put: () => bench.put(TOO_LONG, 'v'),
      putSync: () => bench.putSync(TOO_LONG, 'v'),
      del: () => bench.queue.del(FORMAT, TOO_LONG, RANK.always),
      delSync: () => bench.queue.delSync(FORMAT, TOO_LONG, RANK.always),
      batch: () => bench.queue.batch(operations, () => FORMAT, RANK.always),
      batchSync: () => bench.queue.batchSync(operations, () => FORMAT, RANK.always),
    };
  }

  const names = ['put', 'putSync', 'del', 'delSync', 'batch', 'batchSync'];

  test.each(names)('%s leaves nothing behind, and nobody waiting', async (name) => {
    const bench = new WriteBench();
    expect(broken(bench)[name]!).toThrow(expect.objectContaining({ code: 'KEY_TOO_LARGE' }));
    const drained = watch(bench.queue.drain());
    await quiescence();
    expect(drained.state).toBe('done');
    expect(bench.recording.lines).toEqual([]);
    expect(bench.queue.lastSequence).toBe(0);
    expect(bench.generations[0]!.memtable.arena.usedBytes).toBe(0);
    await bench.put('a', '1');
    expect(bench.survivors()).toEqual(['a=1']);
  });

  test.each(names)('%s does not disturb the writes of the same turn', async (name) => {
    const bench = new WriteBench();
    const before = bench.put('a', '1');
    expect(broken(bench)[name]!).toThrow(expect.objectContaining({ code: 'KEY_TOO_LARGE' }));
    const after = bench.put('b', '2');
    await Promise.all([before, after]);
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
    expect(bench.visible.at(-1)).toBe(2);
  });

  test.each(['batch', 'batchSync'] as const)(
    'P10: %s is refused whose encoding asks for an empty batch, and nothing of it is there',
    async (method) => {
      const bench = new WriteBench();
      const meddling = {
        ...FORMAT,
        value: {
          ...FORMAT.value,
          sizeBound: (value: string): number => {
            if (value === '2') bench.queue.batchSync([], () => FORMAT, RANK.always);
            return FORMAT.value.sizeBound(value);
          },
        },
      };
      const operations = [put('a', '1'), put('b', '2'), put('c', '3')];
      expect(() => bench.queue[method](operations, () => meddling, RANK.always)).toThrow(
        expect.objectContaining({ code: 'BUSY' }),
      );
      await bench.queue.drain();
      bench.putSync('d', '4');
      expect(bench.get('a')).toBeUndefined();
      expect(bench.survivors()).toEqual(['d=4']);
    },
  );

  test('an encoding that throws is passed on, and leaves nothing behind', async () => {
    const bench = new WriteBench();
    const failing = {
      ...FORMAT,
      value: {
        sizeBound: () => 10,
        write: (): number => {
          throw new TypeError('no such value');
        },
      },
    };
    expect(() => bench.queue.put(failing, 'a', 'b', RANK.always)).toThrow('no such value');
    await bench.queue.drain();
    bench.putSync('b', '2');
    expect(bench.survivors()).toEqual(['b=2']);
  });
});

describe('CommitQueue.drain', () => {
  test('waits for what is encoded, appended, and being synced', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const first = watch(bench.put('a', '1'));
    await quiescence();
    const second = watch(bench.put('b', '1'));
    const drained = watch(bench.queue.drain());
    await quiescence();
    bench.scheduler.release();
    await quiescence();
    expect([first.state, second.state, drained.state]).toEqual(['done', 'waiting', 'waiting']);
    bench.scheduler.release();
    await quiescence();
    expect([second.state, drained.state]).toEqual(['done', 'done']);
  });

  test('ends although others go on writing', async () => {
    const bench = new WriteBench();
    let writing = true;
    const writer = (async () => {
      for (let count = 0; writing && count < 10_000; count++) await bench.put('k', `${count}`);
    })();
    await bench.put('a', '1');
    const drained = watch(bench.queue.drain());
    for (let turn = 0; turn < 20 && drained.state === 'waiting'; turn++) await quiescence();
    expect(drained.state).toBe('done');
    writing = false;
    await writer;
  });
});
