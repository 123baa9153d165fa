import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { createRandom } from '@varve/base';
import { describe, expect, test } from 'vitest';
import { open } from './database.js';
import { destroy } from './destroy.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';

const within = async <T>(p: Promise<T>): Promise<T | 'PENDING'> => {
  p.catch(() => {});
  for (let i = 0; i < 60; i++) await quiescence();
  return Promise.race([p, Promise.resolve('PENDING' as const)]);
};

describe('probe', () => {
  test('S: wrong encodings on a db with > 1 MiB recovered', async () => {
    const memory = new MemoryFileSystem();
    const opts = { fileSystem: memory, clock: new ManualClock(), backgroundThreads: 0 as const };
    const db = await open('/db', opts);
    for (let i = 0; i < 20; i++) await db.put(`k${i}`, 'x'.repeat(100_000));
    const image = memory.crash('kill', createRandom(1));
    await db.close();
    const p = open('/db', { ...opts, fileSystem: image, keyEncoding: 'json' } as never);
    const r = await within(p.then(() => 'opened', (e) => e.code));
    expect(r).toBe('INVALID_ARGUMENT');
  });

  test('X: flush pending when log sync fails', async () => {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const fs = new FaultyFileSystem(memory);
    const db = await openSmall(fs);
    await db.put('a', '1');
    await quiescence();
    scheduler.holds = ({ operation, path }) => operation === 'syncData' && path.endsWith('.log');
    // fill the memtable while a sync is in flight: rotates with an unpublished group
    const puts = [];
    for (let i = 0; i < 20; i++) puts.push(db.put(`k${i}`, 'x'.repeat(6000)).then(() => 'ok', (e) => e.code));
    await quiescence();
    const settled = (db as never as { settle(): Promise<void> }).settle().then(() => 'ok', (e) => e.code);
    const flushed = db.flush().then(() => 'ok', (e) => e.code);
    await quiescence();
    fs.addRule({ operation: 'syncData', path: '*.log', effect: { kind: 'error', errno: 'EIO' }, duration: 'sticky' });
    scheduler.releaseAll();
    console.log(await within(Promise.all(puts)), await within(settled), await within(flushed), db.status);
    expect(await within(settled)).not.toBe('PENDING');
    expect(await within(flushed)).not.toBe('PENDING');
    await db.close().catch(() => {});
  });

  test('GG: drop keyspace while a merge is queued', async () => {
    const memory = new MemoryFileSystem();
    const clock = new ManualClock();
    const db = await openSmall(memory, { clock });
    const ks = await db.keyspace('a');
    const errors: string[] = [];
    db.events.on('backgroundError', ({ error }) => errors.push(error.message));
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 60; i++) await ks.put(`k${i}`, 'x'.repeat(500 + round));
      await db.flush();
    }
    const compacted = db.compact({ keyspace: 'a' }).then(() => 'ok', (e) => e.code);
    // wait until a merge is queued: drop at once after flush
    const drops: unknown[] = [];
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    await db.dropKeyspace('a');
    for (let i = 0; i < 20; i++) { await quiescence(); clock.advance(1000); }
    console.log(errors, db.status, await within(compacted), drops);
    expect(errors).toEqual([]);
    await db.close();
  });

  test('H: drop twice at once', async () => {
    const db = await openSmall(new MemoryFileSystem());
    await db.keyspace('a');
    const r = await Promise.all([db.dropKeyspace('a'), db.dropKeyspace('a')].map((p) => p.then(() => 'ok', (e) => `${e.name} ${e.code} ${e.message}`)));
    console.log(r);
    expect(r[1]).toContain('NOT_FOUND');
    await db.close();
  });

  test('A: jobs after close', async () => {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const db = await openSmall(memory);
    const ks = await db.keyspace('a');
    for (let i = 0; i < 20; i++) await ks.put(`k${i}`, 'x'.repeat(1000));
    await db.flush();
    await db.settle();
    scheduler.holds = ({ operation, path }) => operation === 'syncData' && path.includes('MANIFEST');
    const dropped = db.dropKeyspace('a').catch((e) => e.code);
    for (let i = 0; i < 10; i++) await quiescence();
    const closed = db.close();
    for (let i = 0; i < 10; i++) await quiescence();
    scheduler.releaseAll();
    await closed; await dropped;
    const after = memory.listSync('/db');
    for (let i = 0; i < 10; i++) await quiescence();
    console.log(after, memory.listSync('/db'));
    expect(memory.listSync('/db')).toEqual(after);
  });

  test('Q: failing recovery leaks log', async () => {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory);
    for (let i = 0; i < 20; i++) await db.put(`k${i}`, 'x'.repeat(1000));
    const image = memory.crash('kill', createRandom(1));
    await db.close();
    for (let nth = 1; nth < 40; nth++) {
      const attempt = image.crash('kill', createRandom(1));
      const fs = new FaultyFileSystem(attempt);
      fs.addRule({ operation: 'write', nth, effect: { kind: 'error', errno: 'ENOSPC' } });
      try { await (await openSmall(fs)).close(); } catch (e) {
        expect([nth, (e as Error).message, attempt.openPaths()]).toEqual([nth, expect.anything(), []]);
      }
    }
  });

  test('temporary log left by a crash', async () => {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory);
    await db.close();
    memory.openSync('/db/000900.log.tmp', 'create').closeSync();
    const again = await openSmall(memory);
    console.log(memory.listSync('/db'));
    await again.close();
    await destroy('/db', { fileSystem: memory });
    expect(memory.existsSync('/db')).toBe(false);
  });

  test('W: flush of a failed database', async () => {
    const memory = new MemoryFileSystem();
    const fs = new FaultyFileSystem(memory);
    const clock = new ManualClock();
    const db = await openSmall(fs, { clock });
    await db.put('a', '1');
    fs.addRule({ operation: 'create', path: '*.sst', effect: { kind: 'error', errno: 'ENOSPC' }, duration: 'sticky' });
    const f = db.flush().catch((e) => e.code);
    for (let i = 0; i < 20; i++) { await quiescence(); clock.advance(1000); }
    console.log(await within(f), db.status, await db.flush().catch((e) => e.code));
    await db.close();
  });

  test('compact under constant writing', async () => {
    const memory = new MemoryFileSystem();
    const db = await openSmall(memory);
    let writing = true;
    let n = 0;
    const writer = (async () => { while (writing) { await db.put(`k${n++ % 5000}`, 'x'.repeat(3000), { durability: 'os' }); } })();
    await new Promise((r) => setTimeout(r, 200));
    let done = false;
    const compacted = db.compact().then(() => { done = true; });
    const start = Date.now();
    while (!done && Date.now() - start < 6000) await new Promise((r) => setTimeout(r, 50));
    console.log('compact done', done, Date.now() - start, 'ms', n);
    writing = false; await writer; await compacted; await db.close();
    expect(done).toBe(true);
  });
  test('attempts are counted per job', async () => {
    const memory = new MemoryFileSystem();
    const fs = new FaultyFileSystem(memory);
    const clock = new ManualClock();
    const db = await openSmall(fs, { clock });
    for (let i = 0; i < 20; i++) await db.put(`k${i}`, 'x'.repeat(1000));
    for (let i = 0; i < 20; i++) await quiescence();
    const error = { kind: 'error', errno: 'EIO' } as const;
    fs.addRule({ operation: 'create', path: '*.sst', effect: error });
    fs.addRule({ operation: 'create', path: '*.tmp', effect: error, nth: 1 });
    fs.addRule({ operation: 'create', path: '*.tmp', effect: error, nth: 2 });
    const errors: unknown[] = [];
    db.events.on('backgroundError', (e) => errors.push([e.error.message, e.willRetry]));
    const f = db.flush().then(() => 'ok', (e) => e.code);
    for (let i = 0; i < 20; i++) { await quiescence(); clock.advance(1000); }
    console.log(await within(f), db.status, errors);
    expect(db.status).toBe('open');
    await db.close();
  });
  test('L: retired log at close, power loss before the manifest is synced', async () => {
    const scheduler = new HeldScheduler();
    const memory = new MemoryFileSystem({ scheduler });
    const db = await openSmall(memory, { durability: 'os' });
    for (let i = 0; i < 20; i++) await quiescence();
    for (let i = 0; i < 9; i++) await db.put(`b${i}`, 'x'.repeat(6000));
    scheduler.holds = ({ operation, path }) => operation === 'syncData' && path.includes('MANIFEST');
    const k = db.keyspace('other').catch(() => {});
    await quiescence();
    const f = db.flush().catch(() => {});
    for (let i = 0; i < 20; i++) await quiescence();
    await db.put('c', '1');
    const closed = db.close().catch((e) => console.log(e));
    for (let i = 0; i < 5; i++) await quiescence();
    const bad: unknown[] = [];
    for (let i = 0; i < 20 && scheduler.waitingCount > 0; i++) {
      console.log('waiting', scheduler.waiting, db.status);
      for (const model of ['drop', 'ordered', 'posix', 'posix', 'posix'] as const) {
        const image = memory.crash(model, createRandom(i));
        try { const again = await openSmall(image); await again.close(); }
        catch (e) { bad.push([i, model, (e as Error).message]); }
      }
      scheduler.release();
      for (let t = 0; t < 5; t++) await quiescence();
    }
    scheduler.releaseAll();
    await k; await closed; await f;
    expect(bad).toEqual([]);
  });
  void DIRECTORY; void everythingIn;
});
