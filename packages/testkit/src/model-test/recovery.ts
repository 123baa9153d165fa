// Opens a database after a crash, judges what is there, and goes on from that.

import { verify } from '@varve/engine';
import { CommitLog, type CrashBounds } from './commit-log.js';
import { type FoundState, refuteRecovered } from './crash-verdict.js';
import { asDifference, Difference, expectSame, expectText } from './difference.js';
import { shown } from './keys.js';
import { nameOf, openDatabase, openKeyspace, takeCrash } from './life-steps.js';
import { KeyspaceModel } from './model.js';
import { type OpenKeyspace, SLOT_OPTIONS } from './open-keyspace.js';
import type { CrashChoice } from './operation.js';
import type { RunState, SlotBounds } from './run-state.js';

/**
 * Puts what the crash left in the place of what was, and verifies it as it is. Requires: a crash struck, and the dead
 * process does nothing more in this turn.
 */
export async function restoreCrash(run: RunState): Promise<CrashedState> {
  const { choice, image, bounds, slots } = run.pendingCrash!;
  run.pendingCrash = null;
  const crashed = {
    choice,
    bounds: bounds ?? run.commits.crashBounds('machine'),
    slots: slots ?? run.slotBounds(),
  };
  run.forget();
  run.phase = 'opening';
  image.restore();
  await explained(crashed, () => verifyFiles(run));
  return crashed;
}

/** What a crash left, and what may be found in it. */
interface CrashedState {
  readonly choice: CrashChoice;
  readonly bounds: CrashBounds;
  readonly slots: ReadonlyMap<number, SlotBounds>;
}

/** Opens what the crash left and judges it; the model then begins with what was found. */
export async function recover(run: RunState, crashed: CrashedState): Promise<void> {
  const { choice, bounds, slots } = crashed;
  await explained(crashed, async () => {
    const seen = choice.again === 0 ? await lookReadOnly(run, crashed) : null;
    strikeAgain(run, choice);
    await openDatabase(run, choice.variant);
    const found = await readFound(run, slots);
    if (seen !== null) expectSameState(seen, found);
    const fault = refuteRecovered(bounds, found);
    if (fault !== null) throw new Difference(fault);
    adopt(run, found);
    run.phase = 'running';
  });
}

/** Checks the files of a database that is not open. */
export async function verifyFiles(run: RunState): Promise<void> {
  const { path, options } = run.world;
  const unsynced = run.world.unsynced();
  const report = await verify(path, { fileSystem: options.fileSystem! });
  const [damage] = report.damage;
  if (damage !== undefined) throw asDifference(damage, 'verify()');
  expectSame('what verify() changed', unsynced.join(', '), run.world.unsynced().join(', '));
}

/** Opens the database without changing it, and gives what it shows. */
async function lookReadOnly(run: RunState, { choice, slots }: CrashedState): Promise<FoundState> {
  const unsynced = run.world.unsynced();
  await openDatabase(run, choice.variant, 'readOnly');
  const found = await readFound(run, slots);
  await run.database.close();
  run.forget();
  expectSame('what reading changed', unsynced.join(', '), run.world.unsynced().join(', '));
  return found;
}

function expectSameState(seen: FoundState, found: FoundState): void {
  for (const [keyspace, entries] of found) {
    const before = seen.get(keyspace)!;
    for (const key of new Set([...before.keys(), ...entries.keys()])) {
      const what = `${keyspace.name} ${shown(key)} after opening, as readOnly showed it`;
      expectText(what, before.get(key), entries.get(key));
    }
  }
}

/** Runs a part of a recovery; what it finds says after which crash. */
async function explained({ choice }: CrashedState, part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (error) {
    const { message } = asDifference(error, 'recovery');
    throw new Difference(`after a crash (${choice.model}): ${message}`, { cause: error });
  }
}

function strikeAgain(run: RunState, choice: CrashChoice): void {
  const { again } = choice;
  if (again === 0) return;
  run.world.arm(again, () => takeCrash(run, { ...choice, again: again >> 1 }, again));
}

/** Reads every keyspace that exists; checks that those exist which must. */
async function readFound(
  run: RunState,
  slots: ReadonlyMap<number, SlotBounds>,
): Promise<FoundState> {
  const found = new Map<KeyspaceModel, Map<string, string>>();
  const names = new Set(run.database.keyspaces().map(({ name }) => name));
  for (let slot = 0; slot < SLOT_OPTIONS.length; slot++) {
    const bounds = slots.get(slot);
    const exists = names.has(nameOf(slot));
    if (bounds === undefined || bounds.existence === 'certain') {
      expectSame(`existence of ${nameOf(slot)}`, String(bounds !== undefined), String(exists));
    }
    if (!exists || bounds === undefined) continue;
    const keyspace = await openKeyspace(run.database, slot, bounds.model);
    run.keyspaces.set(slot, keyspace);
    found.set(bounds.model, readAll(keyspace));
  }
  return found;
}

function readAll(keyspace: OpenKeyspace): Map<string, string> {
  const entries = new Map<string, string>();
  for (const [key, value] of keyspace.handle.entries()) {
    entries.set(keyspace.keyText(key), keyspace.valueText(value)!);
  }
  return entries;
}

/** What was found is what the model begins with again. */
function adopt(run: RunState, found: FoundState): void {
  const snapshot = run.database.snapshot();
  const { sequence } = snapshot;
  snapshot.close();
  for (const [slot, keyspace] of [...run.keyspaces]) {
    const model = new KeyspaceModel(keyspace.model.name);
    for (const [key, value] of found.get(keyspace.model)!) model.set(key, sequence, value);
    run.keyspaces.set(slot, keyspace.withModel(model));
  }
  run.commits = new CommitLog(sequence);
}
