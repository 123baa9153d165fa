// The quick tier of the exhaustive drivers, and proofs that they can fail: on file systems that lie, and on an oracle that
// is told something else. The program beside it (main.ts) tries every place.

import { createRandom } from '@varve/base';
import { type FileCall, type FileSystem, FileSystemWrapper } from '@varve/vfs';
import { beforeAll, describe, expect, test } from 'vitest';
import { crashEvery } from './crash-every.js';
import { crashTwice } from './crash-twice.js';
import { judgeDamage, makeSpecimens, type Specimen } from './damage-check.js';
import type { DriverOptions, DriverReport } from './driver.js';
import { failEvery } from './fail-every.js';
import { flipBytes, flipEvery } from './flip-every.js';
import { limitEvery } from './limit-every.js';
import { compareHistories, metamorphic } from './metamorphic.js';
import { drawOperations } from './metamorphic-operations.js';
import { OPTION_SETS, type OptionSet } from './option-sets.js';
import { StepWorld } from './step-world.js';
import { truncateEvery } from './truncate-every.js';
import { openIn } from './workload.js';

const SEED = 1;
/** They take seconds; on a machine that does other things as well, many more. */
const QUICK_TIME_LIMIT_MS = 300_000;
const quick: DriverOptions = { seed: SEED, tier: 'quick' };

/** Everything that was found, as it would be printed. */
function printed({ violations }: DriverReport): string[] {
  return violations.flatMap(({ title, lines, replay }) => [title, ...lines, replay]);
}

async function usedLevelsOf(world: StepWorld, files: FileSystem): Promise<readonly number[]> {
  const db = await openIn(world, files, { readOnly: true });
  const levels = db.stats().keyspaces.flatMap((keyspace) => keyspace.levels);
  await db.close();
  return levels.filter(({ tableCount }) => tableCount > 0).map(({ level }) => level);
}

/** Reports success for calls that it does not pass on. */
class LyingFileSystem extends FileSystemWrapper {
  readonly #isLie: (call: FileCall) => boolean;

  constructor(inner: FileSystem, isLie: (call: FileCall) => boolean) {
    super(inner);
    this.#isLie = isLie;
  }

  override aroundSync<T>(call: FileCall, run: () => T): T {
    return this.#isLie(call) ? (undefined as T) : run();
  }

  override async around<T>(call: FileCall, run: () => Promise<T>): Promise<T> {
    return this.#isLie(call) ? (undefined as T) : run();
  }
}

describe('The quick tier', () => {
  test.each([
    { name: 'B1: CrashEvery', driver: crashEvery, leastCount: 30 },
    { name: 'B2, W11: CrashTwice', driver: crashTwice, leastCount: 20 },
    { name: 'B3: FailEvery', driver: failEvery, leastCount: 16 },
    { name: 'B4, B5: FlipEvery', driver: flipEvery, leastCount: 150 },
    { name: 'B4: FlipBytes', driver: flipBytes, leastCount: 150 },
    { name: 'B6: TruncateEvery', driver: truncateEvery, leastCount: 100 },
    { name: 'B25: LimitEvery', driver: limitEvery, leastCount: 60 },
    { name: 'B8: Metamorphic', driver: metamorphic, leastCount: 800 },
  ])(
    '$name finds nothing',
    async ({ driver, leastCount }) => {
      const report = await driver(quick);
      expect(printed(report)).toEqual([]);
      expect(report.checkedCount).toBeGreaterThanOrEqual(leastCount);
    },
    QUICK_TIME_LIMIT_MS,
  );
});

/** Places where FailEvery found something once, each with all its faults: see decision 11. */
const FOUND_PLACES = [261, 372, 374];

describe('FailEvery', () => {
  test.each(FOUND_PLACES)(
    'B3: does not find again what it found at call %i',
    async (place) => {
      const options = { seed: SEED, tier: 'full', from: place, to: place + 1 } as const;
      expect(printed(await failEvery(options))).toEqual([]);
    },
    QUICK_TIME_LIMIT_MS,
  );
});

describe('CrashEvery', () => {
  test.each<[string, (call: FileCall) => boolean]>([
    ['logs', ({ operation, path }) => operation === 'syncData' && path.endsWith('.log')],
    ['tables', ({ operation, path }) => operation === 'syncData' && path.endsWith('.sst')],
    ['manifests', ({ operation, path }) => operation === 'syncData' && path.includes('MANIFEST')],
    ['directories', ({ operation }) => operation === 'syncDirectory'],
  ])('finds that %s are not synced, and says how to see it again', async (_, isLie) => {
    const wrap = (inner: FileSystem): FileSystem => new LyingFileSystem(inner, isLie);
    const options = { ...quick, wrap, model: 'drop', tier: 'full' } as const;
    const [violation] = (await crashEvery(options)).violations;
    expect(violation?.title).toMatch(/^crash-every FAIL {2}seed=1 {2}point \d+ .*image: drop/);
    expect(violation?.lines.at(-1)).toMatch(/^unsynced at the crash: /);
    const place = / --seed 1 --model drop --from (\d+) --to \d+ --full$/.exec(violation!.replay)!;
    const from = Number(place[1]);
    const again = await crashEvery({ ...options, from, to: from + 1 });
    expect(again.violations.map(({ title }) => title)).toEqual([violation!.title]);
  });
});

describe('FailEvery', () => {
  // What it found first: after a lasting error, closing failed as well, and what came after it stayed open, at an opening
  // that failed with the lock of the directory.
  test.each([
    { found: 'I3: the directory cannot be synced while opening again', from: 341 },
    { found: 'I7: an input of a compaction cannot be read', from: 204 },
    { found: 'I7: the size of the next log cannot be asked for', from: 88 },
  ])('$found: nothing stays open', async ({ from }) => {
    const report = await failEvery({ seed: SEED, tier: 'full', from, to: from + 1 });
    expect(printed(report)).toEqual([]);
  });
});

describe('Metamorphic', () => {
  const usual = OPTION_SETS[0]!;
  const operations = drawOperations(SEED, 40);

  test('has at least eight option sets', () => {
    expect(new Set(OPTION_SETS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(8);
  });

  test('finds an option that changes an answer', async () => {
    const loud = {
      encode: (text: string) => new TextEncoder().encode(text),
      decode: (bytes: Uint8Array) => `${new TextDecoder().decode(bytes)}!`,
    };
    const changed = { name: 'loud', options: { valueEncoding: { name: 'loud', ...loud } } };
    const problem = await compareHistories(operations, [usual, changed as OptionSet]);
    expect(problem).toEqual([
      expect.stringMatching(/^with options "usual": \d+ /),
      expect.stringMatching(/^with options "loud": \d+ /),
    ]);
  });

  test('finds an option that makes an operation fail', async () => {
    const refusing = { name: 'refusing', options: { readOnly: true } };
    const problem = await compareHistories(operations, [usual, refusing as OptionSet]);
    expect(problem).toEqual([expect.stringMatching(/^with options "refusing": NOT_FOUND/)]);
  });
});

describe('makeSpecimens', () => {
  test('B4: makes a database of 64 KiB and more with tables in three levels', async () => {
    const [closed] = await makeSpecimens({ shape: 'deep', seed: SEED });
    const { parts, files } = closed!;
    const sizeBytes = parts.reduce((sum, { writtenSizeBytes }) => sum + writtenSizeBytes, 0);
    expect(sizeBytes).toBeGreaterThanOrEqual(64 * 1024);
    const world = new StepWorld();
    const copy = files.crash('kill', createRandom(0), world);
    const used = await world.settle(usedLevelsOf(world, copy));
    expect(used).toHaveLength(3);
  });
});

describe('judgeDamage', () => {
  let closed: Specimen;

  beforeAll(async () => {
    closed = (await makeSpecimens({ shape: 'small', seed: SEED }))[0]!;
  });

  test('calls a value that changed behind all checksums a violation', async () => {
    const [other] = await makeSpecimens({ shape: 'small', seed: SEED + 1 });
    const nothing = { text: 'nothing', names: [], apply: () => {} };
    expect(await judgeDamage(closed, nothing)).toEqual({ kind: 'inert' });
    const swapped = { ...closed, files: other!.files };
    const outcome = await judgeDamage(swapped, nothing);
    expect(outcome).toMatchObject({
      kind: 'fault',
      text: expect.stringMatching(/difference: key/),
    });
  });

  test('calls a refusal that names another file a violation', async () => {
    const table = closed.parts.find(({ name }) => name.endsWith('.sst'))!.name;
    const removal = (names: string[]) => ({
      ...{ text: '', names },
      apply: (files: { removeSync(path: string): void }) => files.removeSync(`/database/${table}`),
    });
    expect(await judgeDamage(closed, removal([table]))).toEqual({ kind: 'refused' });
    const outcome = await judgeDamage(closed, removal(['CURRENT']));
    expect(outcome).toMatchObject({ kind: 'fault', text: expect.stringMatching(/another file/) });
  });
});
