import { initializeChecksums, StorageError } from '@varve/base';
import { beforeAll, describe, expect, test } from 'vitest';
import { quiescence } from '../testing/held-scheduler.js';
import { FORMAT, RANK, WriteBench, watch } from '../testing/write-bench.js';

beforeAll(initializeChecksums);

const LOG = '000001.log';
const LOG_PATH = `/db/${LOG}`;
const MARKER_DELAY_MS = 10;

type Errno = 'EIO' | 'ENOSPC';

function failOnce(bench: WriteBench, operation: 'write' | 'syncData', errno: Errno = 'EIO'): void {
  bench.fileSystem.addRule({ operation, nth: 1, effect: { kind: 'error', errno } });
}

/** Every way to write, each with the code it ends in. */
async function writeInEveryForm(bench: WriteBench): Promise<Record<string, string>> {
  const large = 'v'.repeat(3 * 1024 * 1024);
  const operations = [{ type: 'put', key: 'x', value: 'y' } as const];
  const forms: Record<string, () => unknown> = {
    put: () => bench.put('x', 'y'),
    largePut: () => bench.put('x', large),
    weakPut: () => bench.put('x', 'y', RANK.none),
    putSync: () => bench.putSync('x', 'y'),
    largePutSync: () => bench.putSync('x', large),
    del: () => bench.queue.del(FORMAT, 'x', RANK.os),
    delSync: () => bench.queue.delSync(FORMAT, 'x', RANK.os),
    batch: () => bench.queue.batch(operations, () => FORMAT, RANK.always),
    batchSync: () => bench.queue.batchSync(operations, () => FORMAT, RANK.always),
    rotateIfUsed: () => bench.queue.rotateIfUsed(),
  };
  const codes: Record<string, string> = {};
  for (const [name, write] of Object.entries(forms)) {
    try {
      await write();
      codes[name] = 'done';
    } catch (error) {
      codes[name] = (error as { code?: string }).code ?? String(error);
    }
  }
  return codes;
}

async function expectRefused(bench: WriteBench, code: string): Promise<void> {
  const codes = await writeInEveryForm(bench);
  expect(codes).toEqual(Object.fromEntries(Object.keys(codes).map((name) => [name, code])));
}

function expectReadOnly(bench: WriteBench): Promise<void> {
  return expectRefused(bench, 'READ_ONLY');
}

async function expectDrained(bench: WriteBench): Promise<void> {
  const drained = watch(bench.queue.drain());
  await quiescence();
  expect(drained.state).toBe('done');
}

describe('GroupCommitter, when an append fails', () => {
  test.each([
    { errno: 'ENOSPC', code: 'NO_SPACE', later: 'NO_SPACE', how: 'until there is a new log' },
    { errno: 'EIO', code: 'IO', later: 'READ_ONLY', how: 'for good' },
  ] as const)(
    'I4, I5: $errno rejects the whole group with $code and stops writing $how',
    async (row) => {
      const bench = new WriteBench();
      await bench.put('a', 'acknowledged');
      failOnce(bench, 'write', row.errno);
      const writes = [watch(bench.put('a', 'lost')), watch(bench.put('b', 'lost'))];
      await quiescence();
      expect(writes.map(({ state }) => state)).toEqual([row.code, row.code]);
      expect(bench.get('a')).toBe('acknowledged');
      expect(bench.get('b')).toBeUndefined();
      const told = row.later === 'NO_SPACE' ? bench.lostLogs : bench.failures;
      expect(told).toMatchObject([{ code: row.code }]);
      await expectRefused(bench, row.later);
      expect(bench.get('a')).toBe('acknowledged');
      expect(bench.lostLogs.length + bench.failures.length).toBe(1);
      await expectDrained(bench);
    },
  );

  test('I5: leaves what was appended before to a sync of its own, which may fail', async () => {
    const bench = new WriteBench();
    await bench.put('a', '1', RANK.os);
    failOnce(bench, 'write', 'ENOSPC');
    await expect(bench.put('b', '2')).rejects.toMatchObject({ code: 'NO_SPACE' });
    failOnce(bench, 'syncData');
    expect(() => bench.queue.committer.syncAllSync()).toThrow(
      expect.objectContaining({ code: 'DURABILITY_UNKNOWN' }),
    );
  });

  test('I5: goes on in a new generation once the lost log is needed no more', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    await bench.put('a', '1');
    await bench.put('b', '2', RANK.interval);
    failOnce(bench, 'write', 'ENOSPC');
    await expect(bench.put('c', '3')).rejects.toMatchObject({ code: 'NO_SPACE', retryable: true });
    const [lost] = bench.generations;
    bench.recording.clear();
    bench.queue.committer.forget(lost!.log);
    lost!.log.closeSync();
    bench.clock.advance(1000);
    await quiescence();
    bench.queue.resume(bench.addGeneration());
    await bench.put('d', '4');
    expect(bench.visible).toEqual([1, 2, 4]);
    expect(bench.recording.lines.filter((line) => line.includes(LOG))).toEqual([]);
    expect(bench.failures).toEqual([]);
  });

  test('tells a synchronous writer, and those whose group it joined', async () => {
    const bench = new WriteBench();
    failOnce(bench, 'write', 'ENOSPC');
    const joined = watch(bench.put('a', '1'));
    expect(() => bench.putSync('b', '2')).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    await quiescence();
    expect(joined.state).toBe('NO_SPACE');
    await expectRefused(bench, 'NO_SPACE');
  });

  test('appends nothing behind a record that may be there in part', async () => {
    const bench = new WriteBench();
    await bench.put('a', '1');
    const effect = { kind: 'short', sizeBytes: 11 } as const;
    bench.fileSystem.addRule({ operation: 'write', nth: 1, effect });
    await expect(bench.put('b', '2')).rejects.toMatchObject({ code: 'IO' });
    bench.recording.clear();
    await expectReadOnly(bench);
    bench.clock.advance(1000);
    expect(bench.recording.lines).toEqual([]);
    expect(bench.survivors()).toEqual(['a=1']);
  });

  test('still acknowledges what was appended before, once it is synced', async () => {
    // The record that failed stands behind those; they are whole, and one sync may cover them.
    const bench = new WriteBench();
    bench.holdSyncs();
    const syncing = watch(bench.put('a', '1'));
    await quiescence();
    bench.put('b', '2', RANK.os).catch(() => {});
    failOnce(bench, 'write', 'ENOSPC');
    expect(() => bench.putSync('c', '3')).toThrow(expect.objectContaining({ code: 'NO_SPACE' }));
    expect(syncing.state).toBe('waiting');
    const drained = watch(bench.queue.drain());
    bench.scheduler.release();
    await quiescence();
    expect(syncing.state).toBe('done');
    expect(drained.state).toBe('done');
    expect(bench.get('a')).toBe('1');
    expect(bench.get('b')).toBeUndefined();
    expect(bench.survivors()).toEqual(['a=1']);
  });
});

describe('GroupCommitter, when a sync fails', () => {
  test('I1: rejects every write it covers, shows none of them, and never touches the log again', async () => {
    const bench = new WriteBench();
    await bench.put('a', 'acknowledged');
    failOnce(bench, 'syncData');
    const writes = [watch(bench.put('a', 'lost')), watch(bench.put('b', 'lost', RANK.os))];
    await quiescence();
    expect(writes.map(({ state }) => state)).toEqual(['DURABILITY_UNKNOWN', 'DURABILITY_UNKNOWN']);
    expect(bench.get('a')).toBe('acknowledged');
    expect(bench.get('b')).toBeUndefined();
    expect(bench.failures).toMatchObject([{ code: 'DURABILITY_UNKNOWN' }]);
    bench.recording.clear();
    await expectReadOnly(bench);
    bench.clock.advance(60_000);
    await expectDrained(bench);
    expect(bench.recording.lines).toEqual([]);
    expect(bench.survivors()).toEqual(['a=acknowledged']);
  });

  test('I1: rejects a synchronous write, with the group it joined', async () => {
    const bench = new WriteBench();
    failOnce(bench, 'syncData');
    const joined = watch(bench.put('a', '1'));
    expect(() => bench.putSync('b', '2')).toThrow(
      expect.objectContaining({ code: 'DURABILITY_UNKNOWN' }),
    );
    await quiescence();
    expect(joined.state).toBe('DURABILITY_UNKNOWN');
    expect(bench.visible).toEqual([]);
    await expectReadOnly(bench);
    await expectDrained(bench);
  });

  test('rejects the writes that came while it ran', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    bench.fileSystem.addRule({
      operation: 'syncData',
      nth: 2,
      effect: { kind: 'error', errno: 'EIO' },
    });
    const first = watch(bench.put('a', '1'));
    await quiescence();
    const failing = watch(bench.put('b', '2'));
    bench.scheduler.release();
    // The second sync fails as soon as it starts; these come while the first one runs.
    const behind = [watch(bench.put('c', '3')), watch(bench.put('d', '4', RANK.none))];
    await quiescence();
    expect(first.state).toBe('done');
    expect(failing.state).toBe('DURABILITY_UNKNOWN');
    expect(behind.every(({ state }) => state !== 'waiting' && state !== 'done')).toBe(true);
    expect(bench.get('c')).toBeUndefined();
    await expectDrained(bench);
  });

  test('rejects the writes that were gathering when a sync under way failed', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const failing = watch(bench.put('a', '1'));
    await quiescence();
    const gathering = watch(bench.put('b', '2'));
    await quiescence();
    bench.hooked.afterAsyncCall = ({ operation }) => {
      if (operation === 'syncData') throw new StorageError('IO', 'the disk is gone');
    };
    bench.scheduler.release();
    await quiescence();
    expect([failing.state, gathering.state]).toEqual(['DURABILITY_UNKNOWN', 'READ_ONLY']);
    expect(bench.visible).toEqual([]);
    await expectDrained(bench);
    await expectReadOnly(bench);
  });

  test('a sync that ends well after another one failed acknowledges nothing', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const underway = watch(bench.put('a', '1'));
    await quiescence();
    failOnce(bench, 'syncData');
    expect(() => bench.putSync('b', '2')).toThrow(
      expect.objectContaining({ code: 'DURABILITY_UNKNOWN' }),
    );
    await quiescence();
    expect(underway.state).toBe('DURABILITY_UNKNOWN');
    bench.scheduler.releaseAll();
    await quiescence();
    expect(bench.visible).toEqual([]);
    expect(bench.get('a')).toBeUndefined();
    await expectDrained(bench);
  });
});

describe('GroupCommitter, refusing because of what happened elsewhere', () => {
  test('acknowledges what is appended, and rejects everything after', async () => {
    const bench = new WriteBench();
    bench.holdSyncs();
    const appended = watch(bench.put('a', '1'));
    await quiescence();
    const gathering = watch(bench.put('b', '2'));
    const cause = Object.assign(new Error('full'), { code: 'NO_SPACE' });
    bench.queue.fail(cause as never);
    bench.scheduler.releaseAll();
    await quiescence();
    expect([appended.state, gathering.state]).toEqual(['done', 'READ_ONLY']);
    expect(bench.survivors()).toEqual(['a=1']);
    expect(bench.failures).toEqual([]);
    await expectReadOnly(bench);
  });
});

describe('GroupCommitter with durability interval', () => {
  test('syncs once the interval is over, however many writes there were', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    await bench.put('a', '1', RANK.interval);
    bench.clock.advance(60);
    await bench.put('b', '2', RANK.interval);
    expect(bench.survivors()).toEqual([]);
    bench.clock.advance(40);
    await quiescence();
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
    bench.clock.advance(1000);
    await quiescence();
    expect(bench.recording.lines.filter((line) => line === `sync ${LOG}`)).toHaveLength(1);
  });

  test('does not sync what another write has synced meanwhile', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    await bench.put('a', '1', RANK.interval);
    await bench.put('b', '2', RANK.always);
    bench.clock.advance(1000);
    await quiescence();
    expect(bench.recording.lines.filter((line) => line === `sync ${LOG}`)).toHaveLength(1);
  });

  test('keeps the interval when a slow sync is under way that began before the write', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    bench.holdSyncs();
    const strong = watch(bench.put('a', '1', RANK.always));
    await quiescence();
    bench.putSync('b', '2'); // completes the first group through the second description
    bench.putSync('c', '3', RANK.interval);
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
    bench.clock.advance(100);
    bench.scheduler.releaseAll();
    await quiescence();
    expect(strong.state).toBe('done');
    expect(bench.survivors()).toEqual(['a=1', 'b=2', 'c=3']);
  });

  test('keeps the interval across a rotation: the old log first, then the new one', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    await bench.put('a', '1', RANK.interval);
    bench.queue.rotateIfUsed();
    await bench.put('b', '2', RANK.interval);
    bench.recording.clear();
    bench.clock.advance(100);
    await quiescence();
    expect(bench.recording.lines).toEqual([`sync ${LOG}`, 'sync 000002.log']);
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
  });

  test('stops trying after a sync failed', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    await bench.put('a', '1', RANK.interval);
    failOnce(bench, 'syncData');
    bench.clock.advance(100);
    await quiescence();
    expect(bench.failures).toMatchObject([{ code: 'DURABILITY_UNKNOWN' }]);
    bench.recording.clear();
    bench.clock.advance(1000);
    await quiescence();
    expect(bench.recording.lines).toEqual([]);
    await expectReadOnly(bench);
    expect(bench.get('a')).toBe('1');
  });
});

describe('GroupCommitter, leaving a marker in an idle log', () => {
  test('attests what is durable, once', async () => {
    const bench = new WriteBench();
    await bench.put('a', '1');
    bench.recording.clear();
    bench.clock.advance(MARKER_DELAY_MS - 1);
    expect(bench.recording.lines).toEqual([]);
    bench.clock.advance(1);
    expect(bench.recording.lines).toEqual([`write ${LOG}`]);
    bench.clock.advance(1000);
    expect(bench.recording.lines).toEqual([`write ${LOG}`]);
    expect(bench.clock.timerCount).toBe(0);
  });

  test('is put off while there are writes, whose records attest as much', async () => {
    const bench = new WriteBench();
    for (let count = 0; count < 10; count++) {
      await bench.put('a', '1');
      bench.clock.advance(MARKER_DELAY_MS - 1);
    }
    const sizes = bench.memory.statSync(LOG_PATH).sizeBytes;
    bench.clock.advance(MARKER_DELAY_MS);
    expect(bench.memory.statSync(LOG_PATH).sizeBytes).toBe(sizes + 16);
  });

  test('is not written to a log that was replaced', async () => {
    const bench = new WriteBench();
    await bench.put('a', '1');
    bench.queue.rotateIfUsed();
    bench.recording.clear();
    bench.clock.advance(1000);
    expect(bench.recording.lines.filter((line) => line.includes(LOG))).toEqual([]);
  });

  test.each([
    { errno: 'ENOSPC', later: 'NO_SPACE' },
    { errno: 'EIO', later: 'READ_ONLY' },
  ] as const)(
    'that cannot be written for $errno stops writing, and harms nobody else',
    async ({ errno, later }) => {
      const bench = new WriteBench();
      await bench.put('a', '1');
      failOnce(bench, 'write', errno);
      bench.clock.advance(1000);
      expect([...bench.lostLogs, ...bench.failures]).toHaveLength(1);
      await expectRefused(bench, later);
      expect(bench.get('a')).toBe('1');
    },
  );

  test('that cannot be written rejects what waits for the sync under way, and goes into no log', async () => {
    const bench = new WriteBench();
    await bench.put('a', '1');
    bench.holdSyncs();
    const syncing = watch(bench.put('b', '2', RANK.always));
    await quiescence();
    const waiting = watch(bench.put('c', '3'));
    bench.queue.suspend(new StorageError('NO_SPACE', 'the disk is full'));
    bench.scheduler.releaseAll();
    await quiescence();
    expect([syncing.state, waiting.state]).toEqual(['done', 'NO_SPACE']);
    expect(bench.survivors()).toEqual(['a=1', 'b=2']);
  });

  test('is not written after closing, also not by a sync that ends later', async () => {
    const bench = new WriteBench({ syncIntervalMs: 100 });
    await bench.put('a', '1', RANK.interval);
    bench.holdSyncs();
    bench.clock.advance(100);
    expect(bench.scheduler.waitingCount).toBe(1);
    bench.queue.committer.close();
    bench.scheduler.releaseAll();
    await quiescence();
    expect(bench.clock.timerCount).toBe(0);
  });
});
