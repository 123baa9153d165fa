// Compares everything a database holds with the model, in both directions and by single reads.

import { createRandom } from '@varve/base';
import { Difference } from './difference.js';
import type { OpenKeyspace } from './open-keyspace.js';
import { checkValue, ScanCheck } from './read-steps.js';
import type { ReadView, RunState } from './run-state.js';

/** Single reads in each keyspace; half of them of keys that were never written. */
const GET_COUNT = 100;

/** Compares every keyspace as it is now, and every open snapshot. */
export async function checkEverything(run: RunState, seed: number): Promise<void> {
  const random = createRandom(seed);
  for (const keyspace of run.keyspaces.values()) {
    const view = run.view(null);
    await checkKeyspace(keyspace, view);
    for (let count = 0; count < GET_COUNT; count++) {
      const key = run.keyOf(random.below(2 * run.profile.keyCount));
      checkValue(keyspace, view, { key, actual: keyspace.handle.getSync(keyspace.key(key)) });
    }
    for (const open of run.snapshots.values()) await checkKeyspace(keyspace, open);
  }
}

async function checkKeyspace(keyspace: OpenKeyspace, view: ReadView): Promise<void> {
  const { handle, model } = keyspace;
  const forward = new ScanCheck(keyspace, 'entries', model.entries(view.sequence));
  for (const entry of handle.entries(keyspace.range({}, view.snapshot))) forward.take(entry);
  forward.end();
  const range = { reverse: true };
  const backward = new ScanCheck(keyspace, 'entries', model.entries(view.sequence, range));
  const scan = handle.entries(keyspace.range(range, view.snapshot));
  for await (const entry of scan) backward.take(entry);
  backward.end();
}

/** Checks that no table file is left that the tree does not name. Requires: nothing is open or under way. */
export function checkFiles(run: RunState): void {
  const names = run.world.options.fileSystem!.listSync(run.world.path);
  const fileCount = names.filter((name) => name.endsWith('.sst')).length;
  const { count } = run.database.stats().tables;
  if (fileCount === count) return;
  throw new Difference(`${fileCount} table files on disk, but ${count} in the tree: ${names.join(' ')}`);
}
