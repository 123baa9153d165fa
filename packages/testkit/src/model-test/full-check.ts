// Compares everything a database holds with the model, in both directions and by single reads.

import { createRandom, type Random } from '@varve/base';
import { Difference } from './difference.js';
import type { OpenKeyspace } from './open-keyspace.js';
import { checkValue, ScanCheck } from './read-steps.js';
import type { ReadView, RunState } from './run-state.js';

/** Single reads in each keyspace; half of them of keys that were never written. */
const GET_COUNT = 60;
/** How often background work is looked after that removes what nobody needs. */
const REMOVAL_POLL_COUNT_MAX = 400;
const REMOVAL_POLL_MS = 5;

/** Compares every keyspace as it is now, and every open snapshot. */
export async function checkEverything(run: RunState, seed: number): Promise<void> {
  const random = createRandom(seed);
  for (const keyspace of run.keyspaces.values()) {
    const view = run.view(null);
    await checkKeyspace(keyspace, view);
    checkGets(run, keyspace, { view, random });
    for (const open of run.snapshots.values()) {
      await checkKeyspace(keyspace, open);
      checkGets(run, keyspace, { view: open, random });
    }
  }
}

function checkGets(run: RunState, keyspace: OpenKeyspace, { view, random }: Reads): void {
  const options = view.snapshot === undefined ? {} : { snapshot: view.snapshot };
  for (let count = 0; count < GET_COUNT; count++) {
    const key = run.keyOf(random.below(2 * run.profile.keyCount));
    const actual = keyspace.handle.getSync(keyspace.key(key), options);
    checkValue(keyspace, view, { key, actual });
  }
}

interface Reads {
  readonly view: ReadView;
  readonly random: Random;
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

/**
 * Checks that no table file is left that the tree does not name; waits a while for those that are being removed.
 * Requires: nothing is open or under way.
 */
export async function checkFiles(run: RunState): Promise<void> {
  for (let poll = 0; poll < REMOVAL_POLL_COUNT_MAX; poll++) {
    if (tableFileNames(run).length === tableCountOf(run)) return;
    await new Promise<void>((resolve) => run.world.options.clock!.delay(REMOVAL_POLL_MS, resolve));
  }
  const names = tableFileNames(run).join(' ');
  const count = tableCountOf(run);
  throw new Difference(`${count} tables in the tree, but more or fewer on disk: ${names}`);
}

function tableCountOf(run: RunState): number {
  const levels = run.database.stats().keyspaces.flatMap((keyspace) => keyspace.levels);
  return levels.reduce((sum, { tableCount }) => sum + tableCount, 0);
}

function tableFileNames(run: RunState): string[] {
  const names = run.world.options.fileSystem!.listSync(run.world.path);
  return names.filter((name) => name.endsWith('.sst'));
}
