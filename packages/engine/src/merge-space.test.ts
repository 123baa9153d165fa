import { StorageError } from '@varve/base';
import { type FileSystem, MemoryFileSystem, RecordingFileSystem } from '@varve/vfs';
import { describe, expect, test } from 'vitest';
import { MergeSpace } from './merge-space.js';
import { eventually } from './testing/eventually.js';
import { quiescence } from './testing/held-scheduler.js';
import { ManualClock } from './testing/manual-clock.js';
import { DIRECTORY, openSmall } from './testing/open-database.js';

const NO_SPACE = new StorageError('NO_SPACE', 'Cannot write');

function makeSpace(free: () => number): MergeSpace {
  const fileSystem = { freeSpaceSync: free } as Partial<FileSystem> as FileSystem;
  return new MergeSpace({ fileSystem, directory: DIRECTORY, inputSizeBytes: 1000 });
}

describe('MergeSpace', () => {
  test('lets a merge be tried again that failed of something else', () => {
    const space = makeSpace(() => 0);
    expect(space.obstacleAfter(new StorageError('IO', 'Cannot write'))).toBeNull();
    expect(space.obstacleAfter(new Error('no storage error'))).toBeNull();
  });

  test.each([1000, Number.POSITIVE_INFINITY])(
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

  test('holds a merge back until a quarter of what was missing is free, and begins anew after that', () => {
    let freeBytes = 200;
    const space = makeSpace(() => freeBytes);
    const figures = { code: 'NO_SPACE', expected: 1000, actual: 200 };
    expect(space.obstacleAfter(NO_SPACE)).toMatchObject(figures);
    freeBytes = 399;
    expect(space.obstacleAfter(NO_SPACE)).not.toBeNull();
    freeBytes = 400;
    expect(space.obstacleAfter(NO_SPACE)).toBeNull();
    expect(space.obstacleAfter(NO_SPACE)).not.toBeNull();
    freeBytes = 100;
    expect(space.obstacleAfter(NO_SPACE)).not.toBeNull();
    freeBytes = 325;
    expect(space.obstacleAfter(NO_SPACE)).toBeNull();
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
    expect(begun() - begunBefore).toBeLessThanOrEqual(2);
    expect(memory.existsSync(`${DIRECTORY}/RESERVE`)).toBe(true);
    leaveFree(memory, 10_000_000);
    await pass(clock, 1);
    expect(db.state).toBe('open');
    await eventually(clock, db.settle());
    await eventually(clock, db.close());
  });
});
