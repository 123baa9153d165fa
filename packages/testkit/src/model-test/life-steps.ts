// What happens to the database as a whole: maintenance, keyspaces, closing, opening, crashing.

import { createRandom } from '@varve/base';
import { type Keyspace, open } from '@varve/engine';
import { CommitLog } from './commit-log.js';
import { asDifference, Difference, expectSame, hasCode } from './difference.js';
import { KeyspaceModel } from './model.js';
import {
  OpenKeyspace,
  SLOT_OPTIONS,
  type TestDatabase,
  type TestKeyspace,
} from './open-keyspace.js';
import type { CrashChoice, OperationOf } from './operation.js';
import type { RunState } from './run-state.js';

const MEMORY_BUDGET_BYTES = 8 * 1024 * 1024;

/** The name of the keyspace of a slot. */
export function nameOf(slot: number): string {
  return slot === 0 ? 'default' : `keyspace-${slot}`;
}

/** Flushes; everything written before is then in tables. */
export function flush(run: RunState): Promise<void> {
  const { commits } = run;
  const { commitCount } = commits;
  return run.database.flush().then(() => commits.noteFlushed(commitCount));
}

/** Waits for background work to end. */
export function settle(run: RunState): Promise<void> {
  return run.database.settle();
}

/** Compacts a range of a keyspace, or all of it. */
export function compact(
  run: RunState,
  operation: OperationOf<'compact'>,
): Promise<void> | undefined {
  const keyspace = run.keyspaces.get(operation.keyspace);
  if (keyspace === undefined) return undefined;
  const { gte, lte } = operation;
  const { commits } = run;
  const { commitCount } = commits;
  const compacting = run.database.compact({
    keyspace: keyspace.model.name,
    ...(gte !== undefined && { gte: Buffer.from(run.keyOf(gte), 'latin1') }),
    ...(lte !== undefined && { lte: Buffer.from(run.keyOf(lte), 'latin1') }),
  });
  // The keyspace may be dropped while this waits for its turn.
  const dropped = (error: unknown): void => {
    const isKept = run.keyspaces.get(operation.keyspace) === keyspace && run.changing === null;
    if (isKept || !hasCode(error, ['NOT_FOUND'])) throw error;
  };
  return compacting.then(() => commits.noteFlushed(commitCount), dropped);
}

/** Creates the keyspace of a slot, unless it exists. */
export async function createKeyspace(
  run: RunState,
  { slot }: { readonly slot: number },
): Promise<void> {
  if (run.keyspaces.has(slot)) return;
  const model = new KeyspaceModel(nameOf(slot));
  run.changing = { slot, bounds: { model, existence: 'possible' } };
  run.keyspaces.set(slot, await openKeyspace(run.database, slot, model));
  run.changing = null;
}

/** Drops the keyspace of a slot, if it exists. */
export async function dropKeyspace(
  run: RunState,
  { slot }: { readonly slot: number },
): Promise<void> {
  const keyspace = run.keyspaces.get(slot);
  if (keyspace === undefined) return;
  run.changing = { slot, bounds: { model: keyspace.model, existence: 'possible' } };
  await run.database.dropKeyspace(nameOf(slot));
  run.keyspaces.delete(slot);
  run.changing = null;
  try {
    keyspace.handle.getSync(keyspace.key('key'));
  } catch (error) {
    if (hasCode(error, ['NOT_FOUND'])) return;
    throw error;
  }
  throw new Difference(`${nameOf(slot)} can be read after it was dropped`);
}

/** Closes the database in good order and opens it again. */
export async function reopen(
  run: RunState,
  { variant }: { readonly variant: number },
): Promise<void> {
  const { lastSequence } = run.commits;
  const models = new Map([...run.keyspaces].map(([slot, { model }]) => [slot, model]));
  await close(run);
  run.forget();
  await openDatabase(run, variant);
  for (const [slot, model] of models) {
    run.keyspaces.set(slot, await openKeyspace(run.database, slot, model));
  }
  expectSame('keyspaces after reopening', namesOf(models.keys()), existingNames(run));
  run.commits = new CommitLog(lastSequence);
  run.phase = 'running';
  const visible = run.visibleSequence();
  expectSame('sequence after reopening', String(lastSequence), String(visible));
}

/** Closes the database; nothing of it may be left open. */
export async function close(run: RunState): Promise<void> {
  run.phase = 'closing';
  await run.database.close().catch((error: unknown) => {
    throw asDifference(error, 'close()');
  });
  await run.catchUp();
  const open = run.world.openPaths();
  if (open.length > 0) throw new Difference(`files are open after closing: ${open.join(', ')}`);
}

/** Opens the database with the options of a variant; `run.keyspaces` has then to be filled. */
export async function openDatabase(
  run: RunState,
  variant: number,
  access: 'readWrite' | 'readOnly' = 'readWrite',
): Promise<void> {
  run.phase = 'opening';
  const options = run.profile.variants[variant]!;
  const opening = open(run.world.path, {
    ...options,
    ...SLOT_OPTIONS[0],
    ...run.world.options,
    memoryBudgetBytes: MEMORY_BUDGET_BYTES,
    syncIntervalMs: 100,
    readOnly: access === 'readOnly',
  });
  run.durability = options.durability ?? 'always';
  try {
    run.database = (await opening) as unknown as TestDatabase;
    run.database.events.on('backgroundError', ({ error, willRetry }) => {
      // Nobody else would notice that a merge is given up.
      if (!willRetry) run.follow(Promise.reject(error), 'background work');
    });
  } catch (error) {
    throw asDifference(error, 'open()');
  }
}

/** Makes the handle of a keyspace, which is created if it is missing. */
export async function openKeyspace(
  database: TestDatabase,
  slot: number,
  model: KeyspaceModel,
): Promise<OpenKeyspace> {
  if (slot === 0) return new OpenKeyspace(slot, model, database);
  const handle: Keyspace<never, never> = (await database.keyspace(
    nameOf(slot),
    SLOT_OPTIONS[slot]!,
  )) as never;
  return new OpenKeyspace(slot, model, handle as unknown as TestKeyspace);
}

/** The names of the keyspaces there are, sorted. */
export function existingNames(run: RunState): string {
  return run.database
    .keyspaces()
    .map(({ name }) => name)
    .sort()
    .join(' ');
}

/** The process dies, or the power fails, now. */
export function crash(run: RunState, operation: OperationOf<'crash'>): undefined {
  takeCrash(run, operation, operation.id);
}

/** The same, at a later operation on a file. */
export function armCrash(run: RunState, operation: OperationOf<'armCrash'>): undefined {
  run.world.arm(operation.after, () => takeCrash(run, operation, operation.id));
}

/** Takes what a crash at this moment leaves; the seed decides what the model leaves open. */
export function takeCrash(run: RunState, choice: CrashChoice, seed: number): void {
  if (run.pendingCrash !== null) return;
  const { model } = choice;
  const isOpening = run.phase === 'opening';
  run.pendingCrash = {
    choice,
    image: run.world.crashImage(model, createRandom(seed)),
    bounds: isOpening ? null : run.commits.crashBounds(model === 'kill' ? 'process' : 'machine'),
    slots: isOpening ? null : run.slotBounds(),
  };
}

function namesOf(slots: Iterable<number>): string {
  return [...slots].map(nameOf).sort().join(' ');
}
