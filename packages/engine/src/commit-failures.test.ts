// Appends that fail in the middle of a turn of the event loop in which memtables were replaced.

import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import type { Database } from './database.js';
import { eventually, failWith } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

const ERRNOS = ['ENOSPC', 'EIO'] as const;
const DURABILITIES = ['always', 'os'] as const;
/** Of the writes to logs in one such turn. */
const WRITE_NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

async function pass(clock: ManualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000);
    await quiescence();
  }
}

/** More in one turn than a memtable holds. */
function writeInOneTurn(db: Database): ReturnType<typeof watch>[] {
  return Array.from({ length: 12 }, (_, index) => watch(db.put(`k${index}`, 'v'.repeat(9_000))));
}

describe('A turn of which one append fails', () => {
  test.each(ERRNOS.flatMap((errno) => DURABILITIES.map((durability) => ({ errno, durability }))))(
    'P12, I4, I5: with $errno and $durability settles every write, at whichever append, and close() ends',
    async ({ errno, durability }) => {
      for (const nth of WRITE_NUMBERS) {
        const faulty = new FaultyFileSystem(new MemoryFileSystem());
        const clock = new ManualClock();
        const db = await openSmall(faulty, { clock, durability });
        await pass(clock, 1);
        faulty.addRule({ operation: 'write', path: '*.log', nth, effect: failWith(errno) });
        const writes = writeInOneTurn(db);
        await pass(clock, 60);
        const states = writes.map(({ state }) => state);
        expect(states, `at append ${nth}`).not.toContain('waiting');
        const isFailed = errno === 'EIO' && faulty.injected.length > 0;
        expect(db.state, `at append ${nth}`).toBe(isFailed ? 'failed' : 'open');
        for (const [index, state] of states.entries()) {
          expect(db.getSync(`k${index}`) !== undefined, `${nth}: k${index}`).toBe(state === 'done');
        }
        faulty.clearRules();
        await eventually(clock, db.close());
      }
    },
  );
});
