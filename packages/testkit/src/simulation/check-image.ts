// What a crash left is verified, opened, compared with what may be found, written to, and opened again.

import { open, verify } from '@varve/engine';
import type { CrashModel, MemoryFileSystem } from '@varve/vfs';
import { errorText } from '../drivers/image-check.js';
import { StepWorld } from '../drivers/step-world.js';
import { type Bounds, type Content, refuteRecovered } from './history.js';
import { DATABASE_PATH } from './machine.js';
import { IMAGE_VARIANT, type Variant } from './profiles.js';
import { SpreadStore } from './spread-store.js';

/** What a crash at one moment may leave, and what may be found in it. */
export interface CrashImage {
  readonly model: CrashModel;
  readonly files: MemoryFileSystem;
  readonly bounds: Bounds;
  readonly keyspaceCount: number;
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
    const fault = await world.settle(examine(world, files, image));
    if (fault !== null) return fault;
    const left = files.openPaths();
    return left.length === 0 ? null : `left open: ${left.join(', ')}`;
  } catch (error) {
    return `recovery failed: ${errorText(error)}`;
  }
}

/** Opens a database in a world of its own. */
async function openImage(
  world: StepWorld,
  files: MemoryFileSystem,
  { variant, keyspaceCount }: { readonly variant: Variant; readonly keyspaceCount: number },
): Promise<SpreadStore> {
  const database = await open(DATABASE_PATH, {
    ...variant,
    fileSystem: files,
    clock: world,
    backgroundThreads: 0,
    memoryBudgetBytes: MEMORY_BUDGET_BYTES,
  });
  return SpreadStore.over(database, keyspaceCount);
}

async function examine(
  world: StepWorld,
  files: MemoryFileSystem,
  { bounds, keyspaceCount }: CrashImage,
): Promise<string | null> {
  const store = await openImage(world, files, { variant: IMAGE_VARIANT, keyspaceCount });
  const db = store.database;
  const found = store.everything();
  const fault = refuteRecovered(found, bounds);
  if (fault !== null) {
    await db.close();
    return fault;
  }
  const expected = await goOn(store, found);
  await db.close();
  const again = await openImage(world, files, { variant: IMAGE_VARIANT, keyspaceCount });
  const afterwards = again.everything();
  await again.database.close();
  return differenceOf(expected, afterwards);
}

/** Writes a few batches more. */
async function goOn(store: SpreadStore, found: Content): Promise<Map<string, string>> {
  const expected = new Map(found);
  for (let count = 0; count < CONTINUE_BATCH_COUNT; count++) {
    const key = `more/${count}`;
    const [old] = expected.keys();
    expected.set(key, `after ${found.size}`);
    const entries = [{ key, value: expected.get(key) }];
    const removals = old === undefined ? [] : [{ key: old, value: undefined }];
    if (old !== undefined) expected.delete(old);
    const done = store.batch([...entries, ...removals], { durability: 'always' });
    if (count % 2 === 0) await done;
  }
  await store.database.flush();
  return expected;
}

function differenceOf(expected: Content, found: Content): string | null {
  for (const key of new Set([...expected.keys(), ...found.keys()])) {
    if (expected.get(key) === found.get(key)) continue;
    return `after recovery, ${CONTINUE_BATCH_COUNT} batches and opening again key ${JSON.stringify(key)} is another one`;
  }
  return null;
}
