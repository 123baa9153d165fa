// What no cheap test noticed when it was broken on purpose, see testkit/src/mutants: each test here kills one such mutant.

import { createRandom, initializeChecksums } from '@varve/base';
import { MemoryFileSystem } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { everythingIn, openSmall } from './testing/open-database.js';
import { RANK, WriteBench } from './testing/write-bench.js';
import { readWalSync } from './wal/index.js';

beforeAll(initializeChecksums);

describe('Database', () => {
  test('W8: keeps the logs of every memtable that is not flushed yet, when the process dies at any write', async () => {
    const memory = new MemoryFileSystem();
    const random = createRandom(0x5eed);
    const db = await openSmall(memory, {
      durability: 'os',
      tuning: { frozenMemtableCountMax: 4 },
    });
    // Written without a turn of the event loop, so that memtables pile up behind the one that is flushed.
    const images: MemoryFileSystem[] = [];
    for (let index = 0; index < 70; index++) {
      db.putSync(keyOf(index), 'v'.repeat(6_000));
      images.push(memory.crash('kill', random));
    }
    await db.close();
    for (const [index, image] of images.entries()) {
      const reopened = await openSmall(image, { readOnly: true });
      expect(everythingIn(reopened)).toHaveLength(index + 1);
      await reopened.close();
    }
  });

  test('W6: goes on behind the sequence numbers of its tables when its logs are empty', async () => {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory);
    for (const value of ['1', '2', '3']) await db.put('a', value);
    await db.flush();
    await db.close();
    const reopened = await openSmall(memory);
    expect(reopened.getSync('a')).toBe('3');
    await reopened.put('a', '4');
    expect(everythingIn(reopened)).toEqual([['a', '4']]);
    await reopened.close();
  });

  test('T9, P8: compacts the empty key like any other', async () => {
    const db = await openSmall(new MemoryFileSystem());
    for (const value of ['1', '2']) {
      await db.put('', value);
      await db.put('a', value);
      await db.flush();
    }
    await db.compact();
    expect(everythingIn(db)).toEqual([
      ['', '2'],
      ['a', '2'],
    ]);
    await db.close();
  });

  test('shows a batch as a whole', async () => {
    const db = await openSmall(new MemoryFileSystem());
    await db.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: '1' }) as const));
    expect(everythingIn(db).map(([key]) => key)).toEqual(['a', 'b', 'c']);
    await db.close();
  });

  test('shows a keyspace in which nothing was written nothing of another', async () => {
    const db = await openSmall(new MemoryFileSystem());
    const cities = await db.keyspace('cities');
    await db.put('a', '1');
    expect(cities.getSync('a')).toBeUndefined();
    await db.flush();
    expect(cities.getSync('a')).toBeUndefined();
    await db.close();
  });
});

describe('GroupCommitter', () => {
  test('W2: lets a log attest nothing while the log it replaced is not on disk', async () => {
    const bench = new WriteBench({ arenaSizeBytes: 8192 });
    for (const key of ['a', 'b', 'c', 'd']) await bench.put(key, 'v'.repeat(2_500), RANK.os);
    expect(bench.generations.length).toBeGreaterThan(2);
    const random = createRandom(0x5eed);
    const logs = bench.generations.map(({ log }) => ({ logId: log.logId, path: log.path }));
    const databaseId = new Uint8Array(16).fill(0xab); // that of the bench
    // Whatever a power loss takes of them, none of these writes was promised: there is nothing to refuse.
    for (let image = 0; image < 200; image++) {
      const crashed = bench.memory.crash('posix', random);
      readWalSync(crashed, { databaseId, minimumLogId: 1, logs }, () => {});
    }
    bench.queue.committer.close();
  });
});

function keyOf(index: number): string {
  return `k${String(index).padStart(3, '0')}`;
}
