// What a crash left is verified, opened, compared with what may be found, written to, and opened again.

import { type Database, open, verify } from '@varve/engine';
import type { CrashModel, MemoryFileSystem } from '@varve/vfs';
import { errorText, readEverything } from '../drivers/image-check.js';
import { StepWorld } from '../drivers/step-world.js';
import { type Bounds, type Content, refuteRecovered } from './history.js';
import { DATABASE_PATH } from './machine.js';
import { IMAGE_VARIANT, type Variant } from './profiles.js';

/** What a crash at one moment may leave, and what may be found in it. */
export interface CrashImage {
  readonly model: CrashModel;
  readonly files: MemoryFileSystem;
  readonly bounds: Bounds;
  /** Where it was taken, for people. */
  readonly place: string;
  /** What no sync had covered, as text. */
  readonly unsynced: readonly string[];
}

/** The least that a database may be given. */
export const MEMORY_BUDGET_BYTES = 1024 * 1024;

const CONTINUE_BATCH_COUNT = 4;

/** Says what is wrong with an image; null if nothing is. The image itself is not changed. */
export async function refuteImage(
  image: CrashImage,
  copy: (world: StepWorld) => MemoryFileSystem,
): Promise<string | null> {
  const world = new StepWorld();
  const files = copy(world);
  try {
    if (files.existsSync(`${DATABASE_PATH}/CURRENT`)) {
      const [damage] = (await verify(DATABASE_PATH, { fileSystem: files })).damage;
      if (damage !== undefined) return `verify() finds damage: ${errorText(damage)}`;
    }
    const fault = await world.settle(examine(world, files, image.bounds));
    if (fault !== null) return fault;
    const left = files.openPaths();
    return left.length === 0 ? null : `left open: ${left.join(', ')}`;
  } catch (error) {
    return `recovery failed: ${errorText(error)}`;
  }
}

/** Opens a database in a world of its own. */
function openImage(world: StepWorld, files: MemoryFileSystem, variant: Variant): Promise<Database> {
  return open(DATABASE_PATH, {
    ...variant,
    fileSystem: files,
    clock: world,
    backgroundThreads: 0,
    memoryBudgetBytes: MEMORY_BUDGET_BYTES,
  });
}

async function examine(
  world: StepWorld,
  files: MemoryFileSystem,
  bounds: Bounds,
): Promise<string | null> {
  const db = await openImage(world, files, IMAGE_VARIANT);
  const found = readEverything(db);
  const fault = refuteRecovered(found, bounds);
  if (fault !== null) {
    await db.close();
    return fault;
  }
  const expected = await goOn(db, found);
  await db.close();
  const again = await openImage(world, files, IMAGE_VARIANT);
  const afterwards = readEverything(again);
  await again.close();
  return differenceOf(expected, afterwards);
}

/** Writes a few batches more. */
async function goOn(db: Database, found: Content): Promise<Map<string, string>> {
  const expected = new Map(found);
  for (let count = 0; count < CONTINUE_BATCH_COUNT; count++) {
    const key = `more/${count}`;
    const [old] = expected.keys();
    expected.set(key, `after ${found.size}`);
    const entries = [{ type: 'put', key, value: expected.get(key)! } as const];
    const removals = old === undefined ? [] : [{ type: 'del', key: old } as const];
    if (old !== undefined) expected.delete(old);
    const done = db.batch([...entries, ...removals], { durability: 'always' });
    if (count % 2 === 0) await done;
  }
  await db.flush();
  return expected;
}

function differenceOf(expected: Content, found: Content): string | null {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    if (expected.get(key) === found.get(key)) continue;
    return `after recovery, ${CONTINUE_BATCH_COUNT} batches and opening again key ${JSON.stringify(key)} is another one`;
  }
  return null;
}
