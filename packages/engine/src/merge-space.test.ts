import { StorageError } from '@varve/base';
import { type FileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { MergeSpace } from './merge-space.js';
import { eventually } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';

const NO_SPACE = new StorageError('NO_SPACE', 'Cannot write');

/** Of a merge of 1 MB. */
function makeSpace(free: () => number, clock = new ManualClock()): MergeSpace {
  const fileSystem = { freeSpaceSync: free } as Partial<FileSystem> as FileSystem;
  return new MergeSpace({ clock, fileSystem, directory: DIRECTORY, inputSizeBytes: 1_000_000 });
}

describe('MergeSpace', () => {
  test('lets a merge be tried again that failed of something else', () => {
    const space = makeSpace(() => 0);
    expect(space.obstacleAfter(new StorageError('IO', 'Cannot write'))).toBeNull();
    expect(space.obstacleAfter(new Error('no storage error'))).toBeNull();
  });

  test.each([1_000_000, Number.POSITIVE_INFINITY])(
    'lets a merge be tried again when %s bytes are free, which is enough or unknown',
    (freeBytes) => {
      expect(makeSpace(() => freeBytes).obstacleAfter(NO_SPACE)).toBeNull();
    },
  );

  test('lets a merge be tried again where nobody knows what is free', () => {
    const space = makeSpace(() => {
      throw new StorageError('IO', 'Cannot tell');
    });
    expect(space.obstacleAfter(NO_SPACE)).toBeNull();
  });

  test.each([
    { least: 0, enough: 65_536, what: '64 KiB' },
    { least: 100_000, enough: 200_000, what: 'twice what there was' },
    { least: 600_000, enough: 700_000, what: 'a quarter of what was missing' },
  ])('holds a merge back until $what is free, and begins anew after that', ({ least, enough }) => {
    let freeBytes = least;
    const space = makeSpace(() => freeBytes);
    const figures = { code: 'NO_SPACE', expected: 1_000_000, actual: least };
    for (let round = 0; round < 2; round++) {
      freeBytes = least;
      expect(space.obstacleAfter(NO_SPACE)).toMatchObject(figures);
      freeBytes = enough - 1;
      expect(space.obstacleAfter(NO_SPACE)).not.toBeNull();
      freeBytes = enough;
      expect(space.obstacleAfter(NO_SPACE)).toBeNull();
    }
  });

  test('lets a merge be tried once a minute, since it may need less than it reads', () => {
    const clock = new ManualClock();
    const space = makeSpace(() => 500_000, clock);
    let attemptCount = 0;
    for (let second = 0; second < 300; second++) {
      if (space.obstacleAfter(NO_SPACE) === null) attemptCount += 1;
      clock.advance(1000);
    }
    expect(attemptCount).toBe(4);
  });
});

describe('A merge that does not fit on the disk', () => {
  const RESERVE_SIZE_BYTES = 100_000;

  /** Leaves that much free. */
  function leaveFree(memory: MemoryFileSystem, sizeBytes: number): void {
    memory.setCapacity(1e9);
    memory.setCapacity(1e9 - memory.freeSpaceSync(DIRECTORY) + sizeBytes);
  }

  async function pass(clock: ManualClock, seconds: number): Promise<void> {
    for (let step = 0; step < seconds * 10; step++) {
      clock.advance(100);
      await quiescence();
    }
  }

  test('I5: is begun once, leaves the reserve to flushes, and is done within a second of there being room', async () => {
    const memory = new MemoryFileSystem();
    const recording = new RecordingFileSystem(memory, { root: DIRECTORY });
    const clock = new ManualClock();
    const tuning = { memtableSizeBytes: 128 * 1024, baseLevelSizeBytes: 16 * 1024 * 1024 };
    const open = (level0CompactionTrigger: number) =>
      openSmall(recording, {
        ...{ clock, compression: 'none', reserveSizeBytes: RESERVE_SIZE_BYTES, durability: 'os' },
        tuning: { ...tuning, level0CompactionTrigger },
      });
    const first = await open(10);
    for (let round = 0; round < 4; round++) {
      for (let index = 0; index < 10; index++) first.putSync(`k${index}`, 'v'.repeat(9_000));
      await eventually(clock, first.flush());
    }
    await pass(clock, 1);
    await eventually(clock, first.close());
    expect(memory.existsSync(`${DIRECTORY}/RESERVE`)).toBe(true);
    leaveFree(memory, 10_000_000);
    const db = await open(2);
    leaveFree(memory, 60_000);
    const begun = (): number =>
      recording.lines.filter((line) => /^create \d+\.sst/.test(line)).length;
    const begunBefore = begun();
    await pass(clock, 60);
    expect(db.state).toBe('readOnly');
    // The attempt that failed, and another one when a minute was over, of two tables each at most.
    expect(begun() - begunBefore).toBeLessThanOrEqual(4);
    expect(memory.existsSync(`${DIRECTORY}/RESERVE`)).toBe(true);
    leaveFree(memory, 10_000_000);
    await pass(clock, 1);
    expect(db.state).toBe('open');
    await eventually(clock, db.settle());
    await eventually(clock, db.close());
  });
});
