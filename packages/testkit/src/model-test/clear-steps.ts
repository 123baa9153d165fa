// Clearing: which keys go, and in which batches, is known beforehand, since nothing comes between.

import type { Durability } from '@varve/engine';
import type { Commit, CommitEntry } from './commit-log.js';
import type { OpenKeyspace } from './open-keyspace.js';
import type { OperationOf } from './operation.js';
import type { RunState } from './run-state.js';
import { acknowledge } from './write-steps.js';

/** Deletions that the engine makes at once. */
const BATCH_ENTRY_COUNT = 1000;

/** Carries out a clear: of what was issued so far, or of what a snapshot shows. */
export async function clear(run: RunState, operation: OperationOf<'clear'>): Promise<void> {
  const keyspace = run.keyspaces.get(operation.keyspace);
  if (keyspace === undefined) return;
  const range = run.range(operation.range);
  const { sequence, snapshot } = run.view(operation.snapshot);
  const sequenceShown = snapshot === undefined ? run.commits.lastSequence : sequence;
  const keys = keyspace.model.entries(sequenceShown, range).map(([key]) => key);
  const durability = operation.durability ?? run.durability;
  const issued = issueDeletions(run, keyspace, { keys, durability });
  const options = operation.durability === null ? {} : { durability };
  await keyspace.handle.clear(keyspace.range(range, snapshot), options);
  for (const commit of issued) acknowledge(run, commit, durability);
}

/** Only the last batch has to ask for the durability of all. */
function issueDeletions(
  run: RunState,
  { model }: OpenKeyspace,
  { keys, durability }: { readonly keys: readonly string[]; readonly durability: Durability },
): Commit[] {
  const issued: Commit[] = [];
  for (let start = 0; start < keys.length; start += BATCH_ENTRY_COUNT) {
    const batch = keys.slice(start, start + BATCH_ENTRY_COUNT);
    const entries = batch.map((key): CommitEntry => ({ keyspace: model, key, value: undefined }));
    const isLast = start + BATCH_ENTRY_COUNT >= keys.length;
    const weaker = durability === 'none' ? 'none' : 'os';
    issued.push(run.commits.issue(entries, isLast ? durability : weaker));
  }
  return issued;
}
