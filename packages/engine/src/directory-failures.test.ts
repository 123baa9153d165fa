// A sync of the directory that fails below an open database, beside others that succeed.

import { FaultyFileSystem, MemoryFileSystem } from '@varve/vfs';
import { describe, expect, test, vi } from 'vitest';
import { VersionSet } from './manifest/index.js';
import { eventually, failWith } from './testing/eventually.js';
import { HeldScheduler, quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, everythingIn, openSmall } from './testing/open-database.js';
import { watch } from './testing/write-bench.js';

/** What CURRENT says. */
function currentOf(files: MemoryFileSystem): string {
  const file = files.openSync(`${DIRECTORY}/CURRENT`, 'read');
  const bytes = new Uint8Array(file.sizeSync());
  file.readSync(bytes, 0, bytes.length, 0);
  file.closeSync();
  return Buffer.from(bytes).toString('latin1');
}

describe('A database whose directory cannot be opened for want of descriptors', () => {
  test('I6: while a fresh manifest is on its way, tries again, and goes on', async () => {
    const faulty = new FaultyFileSystem(new MemoryFileSystem());
    const clock = new ManualClock();
    const db = await openSmall(faulty, { clock });
    await quiescence();
    faulty.addRule({ operation: 'write', path: 'MANIFEST-*', effect: failWith('ENOSPC') });
    // The first is for the next log, the second for the name of the fresh manifest.
    faulty.addRule({ operation: 'syncDirectory', nth: 2, effect: failWith('EMFILE') });
    await db.put('a', '1');
    await eventually(clock, db.flush()).catch(() => {});
    await eventually(clock, db.settle());
    expect(faulty.injected.map(({ call }) => call.operation)).toEqual(['write', 'syncDirectory']);
    expect(db.state).toBe('open');
    await db.put('b', '2');
    await eventually(clock, db.flush());
    await eventually(clock, db.close());
  });

  test('I6: once CURRENT may name the fresh manifest stops writing, since nobody knows which it names', async () => {
    const faulty = new FaultyFileSystem(new MemoryFileSystem());
    const clock = new ManualClock();
    const db = await openSmall(faulty, { clock });
    await quiescence();
    faulty.addRule({ operation: 'write', path: 'MANIFEST-*', effect: failWith('ENOSPC') });
    faulty.addRule({ operation: 'syncDirectory', nth: 3, effect: failWith('EMFILE') });
    await db.put('a', '1');
    await eventually(clock, db.flush()).catch(() => {});
    expect(db.failure).toMatchObject({ code: 'DURABILITY_UNKNOWN' });
    await eventually(clock, db.close());
    const again = await openSmall(faulty, { clock });
    expect(everythingIn(again)).toEqual([['a', '1']]);
    await again.close();
  });

  test('I6: goes on with a manifest that has only grown while there can be no other', async () => {
    const faulty = new FaultyFileSystem(new MemoryFileSystem());
    const clock = new ManualClock();
    const db = await openSmall(faulty, { clock });
    await quiescence();
    const grown = vi.spyOn(VersionSet.prototype, 'needsRotation', 'get').mockReturnValue(true);
    const effect = failWith('EMFILE');
    faulty.addRule({ operation: 'create', path: 'MANIFEST-*', duration: 'sticky', effect });
    for (const key of ['a', 'b', 'c']) {
      await db.put(key, '1');
      await eventually(clock, db.flush());
    }
    expect(faulty.injected.length).toBeGreaterThan(0);
    expect(db.state).toBe('open');
    grown.mockRestore();
    await eventually(clock, db.close());
  });
});

describe('A database whose directory cannot be synced', () => {
  test.each(['EIO', 'ENOSPC'] as const)(
    'I3: puts no fresh manifest in force after a flush failed to with %s, though the sync for the manifest succeeds',
    async (errno) => {
      const scheduler = new HeldScheduler();
      const memory = new MemoryFileSystem({ scheduler });
      const faulty = new FaultyFileSystem(memory);
      const clock = new ManualClock();
      const db = await openSmall(faulty, { clock });
      await quiescence();
      await db.put('a', '1');
      const before = currentOf(memory);
      scheduler.holds = ({ operation }) => operation === 'syncDirectory';
      // The next log meets a full disk when it is named, which leads to a fresh manifest. While the directory is synced for
      // that one (2), after the log (1), the flush fails to (3): that may have cost the manifest its name, too.
      faulty.addRule({
        ...{ operation: 'write', path: 'MANIFEST-*', nth: 1, duration: 'once' },
        effect: failWith('ENOSPC'),
      });
      faulty.addRule({ operation: 'syncDirectory', nth: 3, effect: failWith(errno) });
      const flushing = watch(db.flush());
      for (let turn = 0; turn < 5; turn++) await quiescence();
      expect(scheduler.waiting).toEqual([`syncDirectory ${DIRECTORY}`]);
      scheduler.releaseAll();
      await quiescence();
      expect(faulty.injected.map(({ call }) => call.operation)).toEqual(['write', 'syncDirectory']);
      expect(flushing.state).toBe('DURABILITY_UNKNOWN');
      expect(db.state).toBe('failed');
      expect(db.failure).toMatchObject({ code: 'DURABILITY_UNKNOWN', file: DIRECTORY });
      expect(currentOf(memory)).toBe(before);
      expect(db.getSync('a')).toBe('1');
      await expect(db.put('a', '2')).rejects.toMatchObject({ code: 'READ_ONLY' });
      await eventually(clock, db.close());
      faulty.clearRules();
      expect(currentOf(memory)).toBe(before);
      const again = await openSmall(faulty, { clock });
      expect(everythingIn(again)).toEqual([['a', '1']]);
      await again.close();
    },
  );
});
