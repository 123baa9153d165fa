// Listeners that do with the database what they like, while it tells them.

import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import type { DatabaseEvents } from './events.js';
import { eventually, failWith } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { everythingIn, openSmall } from './testing/open-database.js';

const LARGE = 'v'.repeat(9_000);

describe('A listener', () => {
  test('of diskSlow may write: the write that was slow is done, and so is its own', async () => {
    const clock = new ManualClock();
    const faulty = new FaultyFileSystem(new MemoryFileSystem(), {
      clock,
      block: (ms) => clock.advance(ms),
    });
    const db = await openSmall(faulty, { clock, durability: 'os' });
    await quiescence();
    let count = 0;
    db.events.on('diskSlow', () => {
      count += 1;
      db.putSync(`from the listener ${count}`, '2');
    });
    const effect = { kind: 'delay', ms: 10_000 } as const;
    faulty.addRule({ operation: 'write', path: '*.log', effect });
    await eventually(clock, db.put('slow', '1'));
    await eventually(clock, db.flush());
    expect(count).toBeGreaterThan(0);
    expect(everythingIn(db)).toContainEqual(['slow', '1']);
    expect(everythingIn(db)).toContainEqual(['from the listener 1', '2']);
    await eventually(clock, db.close());
  });

  test.each(['put', 'putSync'] as const)(
    'of stallEnd may call %s: every write is there, and the database goes on',
    async (method) => {
      const clock = new ManualClock();
      const db = await openSmall(new MemoryFileSystem(), { clock, durability: 'os' });
      await quiescence();
      let count = 0;
      db.events.on('stallEnd', () => {
        count += 1;
        void db[method](`listener ${count}`, LARGE);
      });
      for (let index = 0; index < 200; index++) {
        db.putSync(`k${index}`, LARGE);
        if (index % 20 === 0) await quiescence();
      }
      await quiescence();
      await eventually(clock, db.flush());
      expect(count).toBeGreaterThan(0);
      expect(db.state).toBe('open');
      expect(everythingIn(db)).toHaveLength(200 + count);
      await eventually(clock, db.close());
    },
  );

  test('may end itself and begin anew: it is told once of each event', async () => {
    const db = await openSmall(new MemoryFileSystem());
    let count = 0;
    const listen = (): void => {
      const end = db.events.on('flush', () => {
        count += 1;
        end();
        if (count < 100) listen();
      });
    };
    listen();
    for (const key of ['a', 'b']) {
      await db.put(key, '1');
      await db.flush();
    }
    await quiescence();
    expect(count).toBe(2);
    await db.close();
  });

  test('P12: of state may close the database: that is the same closing', async () => {
    const db = await openSmall(new MemoryFileSystem());
    const states: DatabaseEvents['state'][] = [];
    const closings: Promise<void>[] = [];
    db.events.on('state', (event) => {
      states.push(event);
      closings.push(db.close());
    });
    db.putSync('a', '1');
    const closing = db.close();
    await closing;
    await quiescence();
    expect(states.map(({ state }) => state)).toEqual(['closed']);
    expect(closings).toHaveLength(1);
    expect(closings[0]).toBe(closing);
  });

  test('of backgroundError may close the database, and write before that', async () => {
    const clock = new ManualClock();
    const faulty = new FaultyFileSystem(new MemoryFileSystem());
    const db = await openSmall(faulty, { clock, durability: 'os' });
    await quiescence();
    const closings: Promise<void>[] = [];
    db.events.on('backgroundError', () => {
      if (closings.length > 0) return;
      db.putSync('from the listener', '1');
      closings.push(db.close());
    });
    faulty.addRule({ operation: 'create', path: '*.sst', effect: failWith('EIO') });
    db.putSync('a', '1');
    await eventually(clock, db.flush()).catch(() => {});
    await eventually(clock, Promise.all(closings));
    const again = await openSmall(faulty, { clock });
    expect(everythingIn(again).map(([key]) => key)).toEqual(['a', 'from the listener']);
    await again.close();
  });
});
