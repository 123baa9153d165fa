// Opens a database after a crash, judges what is there, and goes on from that.

import { CommitLog } from './commit-log.js';
import { type FoundState, refuteRecovered } from './crash-verdict.js';
import { asDifference, Difference, expectSame } from './difference.js';
import { nameOf, openDatabase, openKeyspace, takeCrash } from './life-steps.js';
import { KeyspaceModel } from './model.js';
import { type OpenKeyspace, SLOT_OPTIONS } from './open-keyspace.js';
import type { CrashChoice } from './operation.js';
import type { PendingCrash, RunState, SlotBounds } from './run-state.js';

/** Recovers from the crash that struck. Requires: one did, and the dead process does nothing more in this turn. */
export async function recoverFromCrash(run: RunState): Promise<void> {
  const crash = run.pendingCrash!;
  run.pendingCrash = null;
  try {
    await recover(run, crash);
  } catch (error) {
    throw prefixed(`after a crash (${crash.choice.model})`, asDifference(error, 'recovery'));
  }
}

async function recover(run: RunState, crash: PendingCrash): Promise<void> {
  const bounds = crash.bounds ?? run.commits.crashBounds('machine');
  const slots = crash.slots ?? run.slotBounds();
  run.forget();
  crash.image.restore();
  run.phase = 'opening';
  strikeAgain(run, crash.choice);
  await openDatabase(run, crash.choice.variant);
  const found = await readFound(run, slots);
  const fault = refuteRecovered(bounds, found);
  if (fault !== null) throw new Difference(fault);
  adopt(run, found);
  run.phase = 'running';
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

function prefixed(what: string, difference: Difference): Difference {
  return new Difference(`${what}: ${difference.message}`, { cause: difference });
}
