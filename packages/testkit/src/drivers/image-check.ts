// Checks what a crash left: verifies it as it is, opens it, compares everything with the oracle, goes on writing, and opens
// it once more.

import { isStorageError } from '@varve/base';
import { type Database, type Keyspace, verify } from '@varve/engine';
import type { FileSystem, MemoryFileSystem } from '@varve/vfs';
import { StrictFileSystem } from '../strict/strict-file-system.js';
import { BatchLog, firstDifference, presentIn } from './batch-log.js';
import { StepWorld } from './step-world.js';
import { DATABASE_PATH, openIn, writeBatch } from './workload.js';

/** What was recovered, or what was wrong with it. */
export interface ImageVerdict {
  /** Numbers of the batches that were recovered. */
  readonly present: readonly number[];
  readonly fault: string | null;
}

/** How an image is checked. */
export interface ImageCheckOptions {
  readonly log: BatchLog;
  readonly wrap?: ((inner: FileSystem) => FileSystem) | undefined;
  /** `'continue'` (default): also writes, closes and opens again. `'look'`: only opens and reads. */
  readonly extent?: 'continue' | 'look';
}

const CONTINUE_BATCH_COUNT = 10;
const CONTINUE_VALUE_SIZE_BYTES = 200;

/** Checks an image that `take` makes; see the head of this file. Whatever is thrown becomes the fault. */
export async function checkImage(
  take: (world: StepWorld) => MemoryFileSystem,
  options: ImageCheckOptions,
): Promise<ImageVerdict> {
  const world = new StepWorld();
  const files = take(world);
  const present: number[] = [];
  try {
    const damage = options.extent === 'look' ? null : await refuteFiles(files, options.wrap);
    const fault = damage ?? (await world.settle(examine(world, files, options, present)));
    return { present, fault: fault ?? leftOpen(files) };
  } catch (error) {
    return { present, fault: `recovery failed: ${errorText(error)}` };
  }
}

/** Reads everything, forwards, backwards and key by key. Throws if these do not agree. */
export function readEverything(
  db: Pick<Keyspace<string, string>, 'entries' | 'getSync'>,
): Map<string, string> {
  const found = new Map(db.entries());
  const backwards = new Map([...db.entries({ reverse: true })].reverse());
  const singly = new Map([...found.keys()].map((key) => [key, db.getSync(key) ?? '']));
  for (const other of [backwards, singly]) {
    const difference = firstDifference(found, other);
    if (difference !== null) throw new Error(`reads do not agree: ${difference}`);
  }
  return found;
}

/** An error as one line. */
export function errorText(error: unknown): string {
  if (isStorageError(error)) return `${error.code} ${error.message}`;
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** Verifies the files as they are; in real time, which is the only one that `verify` knows. */
async function refuteFiles(
  files: MemoryFileSystem,
  wrap: ImageCheckOptions['wrap'] = (inner) => inner,
): Promise<string | null> {
  if (!files.existsSync(`${DATABASE_PATH}/CURRENT`)) return null;
  const [damage] = (await verify(DATABASE_PATH, { fileSystem: wrap(files) })).damage;
  return damage === undefined ? null : `verify() finds damage: ${errorText(damage)}`;
}

async function examine(
  world: StepWorld,
  files: MemoryFileSystem,
  { log, wrap = (inner) => inner, extent = 'continue' }: ImageCheckOptions,
  present: number[],
): Promise<string | null> {
  const fileSystem = new StrictFileSystem(wrap(files));
  const db = await openIn(world, fileSystem);
  const found = readEverything(db);
  present.push(...presentIn(found));
  const fault = log.refuteContent(found);
  if (fault !== null || extent === 'look') {
    await db.close();
    fileSystem.assertFaultless();
    return fault;
  }
  return goOn({ world, fileSystem, db, found });
}

interface Recovered {
  readonly world: StepWorld;
  readonly fileSystem: StrictFileSystem;
  readonly db: Database;
  readonly found: ReadonlyMap<string, string>;
}

/** Writes ten batches more, and expects to find them and everything else after opening again. */
async function goOn({ world, fileSystem, db, found }: Recovered): Promise<string | null> {
  const more = new BatchLog(found.size);
  const context = { world, fileSystem, log: more, shape: 'small' } as const;
  for (let count = 0; count < CONTINUE_BATCH_COUNT; count++) {
    await writeBatch(context, db, CONTINUE_VALUE_SIZE_BYTES);
  }
  const before = readEverything(db);
  const lost = [...found.keys()].find((key) => key.startsWith('batch/') && !before.has(key));
  if (lost !== undefined) return `${lost} is gone after writing more`;
  for (const [key, value] of more.fold(more.issuedIndexes())) {
    if (before.get(key) !== value) return `${key} is not what was written after recovery`;
  }
  await db.close();
  const again = await openIn(world, fileSystem);
  const difference = firstDifference(before, readEverything(again));
  await again.close();
  fileSystem.assertFaultless();
  return difference === null
    ? null
    : `after recovery, ten batches and opening again: ${difference}`;
}

function leftOpen(files: MemoryFileSystem): string | null {
  const paths = files.openPaths();
  return paths.length === 0 ? null : `left open: ${paths.join(', ')}`;
}
