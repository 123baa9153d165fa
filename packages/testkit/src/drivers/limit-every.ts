// LimitEvery: every limit one below, at, and one above (P8, bar B25). Below and at it works and is found again after opening
// anew; above it is refused, typed, before anything is written. The limits of 1 GiB are tried in limits.test.ts of the engine.

import { initializeChecksums, isStorageError, MAX_KEY_SIZE_BYTES } from '@varve/base';
import { type Database, open, type TuningOptions } from '@varve/engine';
import { MemoryFileSystem } from '@varve/vfs';
import { type DriverOptions, type DriverReport, Findings } from './driver.js';
import { errorText } from './image-check.js';
import { StepWorld } from './step-world.js';
import { DATABASE_PATH, openIn } from './workload.js';

/** One attempt at a limit. */
interface LimitCase {
  readonly text: string;
  readonly isAllowed: boolean;
  readonly attempt: (place: LimitPlace) => Promise<void>;
}

interface LimitPlace {
  readonly world: StepWorld;
  readonly files: MemoryFileSystem;
}

const KIB = 1024;
const QUICK_PLACE_COUNT = 1_000;
const NAME_LENGTH_MAX = 255;

/** Least and greatest value of each tuning option; those too large to be tried have no greatest one. */
const TUNING_LIMITS: Partial<Record<keyof TuningOptions, readonly [number, number | null]>> = {
  memtableSizeBytes: [64 * KIB, null],
  frozenMemtableCountMax: [1, 16],
  blockSizeBytes: [512, KIB * KIB],
  filterBitsPerKey: [0, 30],
  targetFileSizeBytes: [64 * KIB, KIB ** 3],
  level0CompactionTrigger: [1, 64],
  level0StopTrigger: [5, 1024],
  pendingCompactionLimitBytes: [KIB * KIB, Number.MAX_SAFE_INTEGER],
  levelSizeMultiplier: [2, 100],
  baseLevelSizeBytes: [64 * KIB, Number.MAX_SAFE_INTEGER],
  pinnedLimitBytes: [KIB * KIB, Number.MAX_SAFE_INTEGER],
  openTableFileCountMax: [1, Number.MAX_SAFE_INTEGER],
  snapshotWarningAgeMs: [1, Number.MAX_SAFE_INTEGER],
};

/** See the head of this file. */
export async function limitEvery(options: DriverOptions): Promise<DriverReport> {
  await initializeChecksums();
  const findings = new Findings('limit-every', options);
  const cases = [...keyCases(), ...valueCases(), ...nameCases(), ...tuningCases()];
  const chosen = findings.places({ count: cases.length, quickCount: QUICK_PLACE_COUNT });
  for (const index of chosen) {
    if (findings.isFull) break;
    const one = cases[index]!;
    const problem = await tryLimit(one);
    findings.checkedCount++;
    findings.progress(index / cases.length);
    if (problem !== null) findings.violate(index, { title: one.text, lines: [problem] });
  }
  return findings.report;
}

async function tryLimit({ isAllowed, attempt }: LimitCase): Promise<string | null> {
  const world = new StepWorld();
  const files = new MemoryFileSystem({ scheduler: world });
  try {
    await world.settle(attempt({ world, files }));
    return isAllowed ? null : 'it was not refused';
  } catch (error) {
    const isTyped = isStorageError(error) || error instanceof RangeError;
    if (isAllowed || !isTyped) return `it failed: ${errorText(error)}`;
    return null;
  }
}

function keyCases(): LimitCase[] {
  const sizes = [0, 1, MAX_KEY_SIZE_BYTES - 1, MAX_KEY_SIZE_BYTES, MAX_KEY_SIZE_BYTES + 1];
  return sizes.map((size) => ({
    text: `a key of ${size} bytes`,
    isAllowed: size <= MAX_KEY_SIZE_BYTES,
    attempt: (place) => putAndFind(place, 'k'.repeat(size), 'value'),
  }));
}

function valueCases(): LimitCase[] {
  return [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1].map((size) => ({
    text: `a value of ${size} bytes`,
    isAllowed: true,
    attempt: (place) => putAndFind(place, 'key', 'v'.repeat(size)),
  }));
}

function nameCases(): LimitCase[] {
  return [0, 1, NAME_LENGTH_MAX - 1, NAME_LENGTH_MAX, NAME_LENGTH_MAX + 1].map((length) => ({
    text: `a keyspace name of ${length} characters`,
    isAllowed: length > 0 && length <= NAME_LENGTH_MAX,
    attempt: ({ world, files }) =>
      closing(openIn(world, files), async (db) => {
        await (await db.keyspace('n'.repeat(length))).put('key', 'value');
      }),
  }));
}

function tuningCases(): LimitCase[] {
  return Object.entries(TUNING_LIMITS).flatMap(([name, [least, most]]) => {
    const values = [least - 1, least, least + 1, ...(most === null ? [] : [most - 1, most])];
    const above = most === null || most === Number.MAX_SAFE_INTEGER ? [] : [most + 1];
    return [...values, ...above].map((value) => ({
      text: `${name} ${value}`,
      isAllowed: value >= least && (most === null || value <= most),
      attempt: (place: LimitPlace) => openTuned(place, { [name]: value }),
    }));
  });
}

/** Opens, writes a little, flushes, reads and closes. */
function openTuned({ world, files }: LimitPlace, tuning: TuningOptions): Promise<void> {
  const options = { fileSystem: files, clock: world, backgroundThreads: 0, tuning } as const;
  const level0 = tuning.level0StopTrigger === undefined ? {} : { level0CompactionTrigger: 4 };
  const opened = open(DATABASE_PATH, { ...options, tuning: { ...level0, ...tuning } });
  return closing(opened, async (db) => {
    await db.put('key', 'value');
    await db.flush();
    expectValue(await db.get('key'), 'value');
  });
}

async function putAndFind({ world, files }: LimitPlace, key: string, value: string): Promise<void> {
  await closing(openIn(world, files), async (db) => {
    const before = files.describeUnsynced().join();
    try {
      await db.put(key, value);
    } catch (error) {
      const after = files.describeUnsynced().join();
      if (after !== before) throw new Error(`something was written: ${after}`);
      throw error;
    }
  });
  await closing(openIn(world, files), async (db) => {
    expectValue(await db.get(key), value);
    await db.flush();
    expectValue(await db.get(key), value);
  });
}

async function closing(opened: Promise<Database>, use: (db: Database) => Promise<void>) {
  const db = await opened;
  try {
    await use(db);
  } finally {
    await db.close();
  }
}

function expectValue(found: string | undefined, wanted: string): void {
  if (found !== wanted) throw new Error(`found ${found?.length ?? 'no'} characters`);
}
